"""What a page says about its README: a table of contents, and whether the README is so long that the page folds it.

Both are read from the finished HTML, which `readme/html_writer.py` writes tag by tag: its headings carry
ids, and its attribute values hold no `>`.
"""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_HEADING: Final = re.compile(r'<h([3-6]) id="([^"]*)"[^>]*>(.*?)</h\1>', re.DOTALL)
_IMAGE_TEXT: Final = re.compile(r'<img [^>]*alt="([^"]*)"[^>]*>')
_FEWEST: Final = 3
"""A table of fewer entries helps nobody."""
_MOST: Final = 100
_LEVELS: Final = 2

_CODE_LINES: Final = re.compile(r"<pre.*?</pre>", re.DOTALL)
_CLOSED: Final = re.compile(r"<details(?! open)[^>]*>.*?</details>", re.DOTALL)
_BLOCK: Final = re.compile(r"</(?:p|li|tr|h[3-6]|dt|dd|summary)>")
_TAG: Final = re.compile(r"<[^>]*>")
_LINE: Final = 110
"""Characters of a line at most, on the widest page."""
_LONG: Final = 85
"""Lines of a README that is folded: more than the fold in app.css shows, on any screen."""


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
    """The README with its contents; `html` as `motherlode.web.pages.readme.markdown.render_readme` makes it."""
    return Readme(html, _find_contents(html), _count_lines(html) > _LONG)


def _find_contents(html: str) -> tuple[ContentsEntry, ...]:
    """The headings of the two highest levels, without the title; none where there are fewer than three."""
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
    return Markup(_IMAGE_TEXT.sub(r"\1", heading)).striptags()  # noqa: S704 its tags are taken off


def _count_lines(html: str) -> int:
    """No more lines than the README takes on any screen: those of code as they are, others as wide as can be."""
    html = _CLOSED.sub("", html)
    code = "".join(_CODE_LINES.findall(html)).count("\n")
    prose = _CODE_LINES.sub("", html)
    longer = sum(len(_TAG.sub("", block)) // _LINE for block in _BLOCK.split(prose))
    return code + len(_BLOCK.findall(prose)) + longer
