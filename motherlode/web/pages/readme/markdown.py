"""Renders READMEs: Markdown (CommonMark with GitHub's additions) to HTML that is safe in a page.

There are three independent steps: a parser with limits (`limits`), a cleaner that removes all HTML that is not allowed,
and a writer that rewrites the rest and checks the values of addresses and attributes (`html_writer`).
Invariant: whatever the text, the result runs nothing, loads nothing except images from the allowed hosts, does not use
ids or styles of the page around it, and is made in bounded time and space.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.gfm import gfm_plugin

from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.web.pages.readme.html_writer import ALIAS, write_readme
from motherlode.web.pages.readme.limits import (
    MAX_CHARACTERS,
    MAX_HTML,
    Steps,
    TooIntricate,
    count_steps,
    is_too_intricate,
    is_too_repetitive,
    leave_long_paragraphs,
)

_MAX_RAW_TAGS: Final = 4_000
"""Max HTML tags in a text; if there are more, all of them are shown as text."""

# quirk: HTML reopens these tags in each following block until they are closed, so n of them before n paragraphs become
# n * n tags. Under an alias they behave like any other tag; the writer restores their names.
_FORMATTING: Final = re.compile(
    r"<(/?)(a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE | re.ASCII
)
_TAGS: Final = (
    *("abbr", "blockquote", "br", "caption", "center", "cite", "dd", "del", "details", "dfn", "div", "dl", "dt"),
    *("figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "input", "ins", "kbd", "li", "mark"),
    *("ol", "p", "pre", "q", "samp", "section", "span", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "tr", "ul", "var", "wbr"),
    *(f"{ALIAS}{name}" for name in ("a", "b", "code", "em", "i", "s", "small", "strike", "strong", "tt", "u")),
)
_DROPPED_WITH_CONTENT: Final = (
    *("applet", "audio", "canvas", "embed", "frameset", "head", "iframe", "math", "noembed", "noframes", "noscript"),
    *("object", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp"),
)
_ATTRIBUTES: Final = {
    "*": frozenset({"align", "class", "id"}),
    f"{ALIAS}a": frozenset({"href", "name", "title"}),
    "abbr": frozenset({"title"}),
    "details": frozenset({"open"}),
    "img": frozenset({"alt", "height", "src", "title", "width"}),
    "input": frozenset({"checked", "type"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan", "style"}),
    "th": frozenset({"colspan", "rowspan", "style"}),
}
_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_DROPPED_WITH_CONTENT),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
    link_rel=None,
    url_schemes={"http", "https", "mailto"},
    filter_style_properties={"text-align"},
)
_CUT: Final = Markup('<p class="notice">This README is too long. The rest of it is not shown.</p>')


def render_readme(text: str, *, image_hosts: frozenset[str]) -> Markup:
    """Return the README as HTML for a place below a heading of level 2: its own headings begin at level 3.

    Its ids begin with `readme-`. Links lead to absolute addresses or into the README itself. Images are loaded only
    over https from `image_hosts` (lower-case names); all other images become links. A text that is too long is cut. A
    text that is too intricate, or that the parser fails on, is shown as plain text.
    """
    shown, is_cut = _cut(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    try:
        html = parse_by(_lay_out, shown, image_hosts)
    except Unreadable:
        html = Markup('<pre class="plain">{}</pre>').format(shown)
    return html + _CUT if is_cut else html


def _cut(text: str) -> tuple[str, bool]:
    if len(text) <= MAX_CHARACTERS:
        return text, False
    head = text[:MAX_CHARACTERS]
    return head[: head.rfind("\n") + 1] or head, True


def _lay_out(text: str, image_hosts: frozenset[str]) -> Markup:
    """Return the text as HTML. Raises `TooIntricate`, and whatever the libraries raise."""
    if is_too_intricate(text):
        raise TooIntricate
    return write_readme(_CLEANER.clean(_parse(text)), image_hosts)


def _parse(text: str) -> str:
    """Return the rendered HTML, which is not yet safe."""
    steps = Steps()
    parser, environment = _make_parser(has_html=True), steps.environment
    tokens = parser.parse(text, environment)
    if _count_raw_tags(tokens) > _MAX_RAW_TAGS:
        parser, environment = _make_parser(has_html=False), steps.environment
        tokens = parser.parse(text, environment)
    if is_too_repetitive(_walk(tokens)):
        raise TooIntricate
    html = str(parser.renderer.render(tokens, parser.options, environment))
    if len(html) > MAX_HTML:
        raise TooIntricate
    return _FORMATTING.sub(rf"<\1{ALIAS}\2", html)


def _walk(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens and, recursively, their children."""
    for token in tokens:
        yield token
        yield from _walk(token.children or ())


def _count_raw_tags(tokens: Iterable[Token]) -> int:
    """Return the number of HTML tags in the author's text."""
    raw = (token for token in _walk(tokens) if token.type in {"html_block", "html_inline"})
    return sum(token.content.count("<") for token in raw)


@lru_cache(maxsize=2)
def _make_parser(*, has_html: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": has_html}).use(gfm_plugin)
    parser.core.ruler.before("inline", "long_paragraphs", leave_long_paragraphs)
    count_steps(parser)
    return parser
