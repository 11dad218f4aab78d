"""What a page shows around its README: a table of contents, and a fold if the README is long.

Both are computed from the finished HTML. This is safe because `readme/html_writer.py` writes it tag by tag: headings
have ids, and attribute values do not contain `>`.
"""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_HEADING: Final = re.compile(r'<h([3-6]) id="([^"]*)"[^>]*>(.*?)</h\1>', re.DOTALL)
_IMAGE_TEXT: Final = re.compile(r'<img [^>]*alt="([^"]*)"[^>]*>')
_FEWEST: Final = 3
"""Min entries of a table of contents; a shorter one is not useful."""
_MOST: Final = 100
_LEVELS: Final = 2

_CODE_LINES: Final = re.compile(r"<pre.*?</pre>", re.DOTALL)
_CLOSED: Final = re.compile(r"<details(?! open)[^>]*>.*?</details>", re.DOTALL)
_BLOCK: Final = re.compile(r"</(?:p|li|tr|h[3-6]|dt|dd|summary)>")
_TAG: Final = re.compile(r"<[^>]*>")
_LINE: Final = 110
"""Max characters of a line, on the widest page."""
_LONG: Final = 85
"""A README with more lines is folded. The fold in app.css shows fewer lines than this on any screen."""


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    """A heading of the README: its id on the page, its text, and its level below the first one shown (0 or 1)."""

    id: str
    text: str
    depth: int


@dataclass(frozen=True, slots=True)
class Readme:
    """A README as the page shows it."""

    html: Markup
    contents: tuple[ContentsEntry, ...]
    is_long: bool


def make_readme(html: Markup) -> Readme:
    """Return the README with its table of contents; `html` must come from
    `motherlode.web.pages.readme.markdown.render_readme`."""
    return Readme(html, _find_contents(html), _count_lines(html) > _LONG)


def _find_contents(html: str) -> tuple[ContentsEntry, ...]:
    """Return the headings of the two highest levels, without the title; empty if there are fewer than three."""
    headings = [(int(match[1]), match[2], _text_of(match[3])) for match in _HEADING.finditer(html)]
    if headings and [level for level, *_ in headings].count(headings[0][0]) == 1 and headings[0][0] == _top(headings):
        headings = headings[1:]
    top = _top(headings)
    entries = [
        ContentsEntry(anchor, text, level - top) for level, anchor, text in headings if text and level < top + _LEVELS
    ]
    return tuple(entries[:_MOST]) if len(entries) >= _FEWEST else ()


def _top(headings: list[tuple[int, str, str]]) -> int:
    return min((level for level, *_ in headings), default=0)


def _text_of(heading: str) -> str:
    return Markup(_IMAGE_TEXT.sub(r"\1", heading)).striptags()  # noqa: S704 striptags removes the tags


def _count_lines(html: str) -> int:
    """Return the min number of lines that the README takes on any screen: code keeps its lines, and prose is counted
    with the longest possible lines."""
    html = _CLOSED.sub("", html)
    code = "".join(_CODE_LINES.findall(html)).count("\n")
    prose = _CODE_LINES.sub("", html)
    longer = sum(len(_TAG.sub("", block)) // _LINE for block in _BLOCK.split(prose))
    return code + len(_BLOCK.findall(prose)) + longer
