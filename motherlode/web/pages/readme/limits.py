"""Limits for the READMEs that the Markdown parser renders.

All limits are counts. Most are checked before the work that they bound. What the text cannot tell beforehand is counted
while the parser works: how often it calls its rules. Invariant: any text of at most `MAX_CHARACTERS` becomes HTML of at
most `MAX_HTML` within about half a second, or is shown as plain text.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MAX_CHARACTERS: Final = 200_000
"""Max characters of a README; the rest is not shown."""
MAX_HTML: Final = 800_000
"""Max characters of the rendered HTML, before cleaning."""
_MAX_MARKS: Final = 20_000
"""Max characters with a meaning in Markdown (`_MARKS`)."""
_MAX_LINES: Final = 10_000
_MAX_CELLS: Final = 10_000
"""Max table cells. The parser fills each row up to the width of its header, so short lines can produce many cells."""
_MAX_ATTRIBUTES: Final = 400_000
"""Max characters in attributes: an address that is written once may be used in thousands of places."""
_MAX_INLINE: Final = 16_000
"""Max characters of a paragraph."""
_MAX_SEARCHED: Final = 20_000_000
"""Max sum, over all paragraphs, of the characters times the signs at which the parser searches for an address."""
MAX_STEPS: Final = 64_000
"""Max steps: calls of the parser's rules for a place in the text. A line on which a block may begin counts as six
steps, since it takes as long. The largest known change logs, cut to `MAX_CHARACTERS`, need half of this."""
_LINE_STEPS: Final = 6

_MARKS: Final = re.compile(r"[\n*_~`\[\]!<>&\\|:@]")


class TooIntricate(ValueError):
    """Rendering the text would exceed a limit."""


class Steps:
    """Counts the parser's steps for one text, over all attempts; pass `environment` to the parser."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    @property
    def environment(self) -> dict[str, Any]:
        """A new environment for `MarkdownIt.parse`; use one for each attempt."""
        return {_STEPS: self}

    def take(self, steps: int) -> None:
        """Count steps. Raises `TooIntricate` if there are too many."""
        self._left -= steps
        if self._left < 0:
            raise TooIntricate


def count_steps(parser: MarkdownIt) -> None:
    """Make a parser count its steps in the environment of each text: add a first rule that counts and never matches."""
    block, inline = parser.block.ruler, parser.inline.ruler
    block.before(
        block.get_all_rules()[0], _STEPS, _count_line, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    inline.before(inline.get_all_rules()[0], _STEPS, _count_place)


def is_too_intricate(text: str) -> bool:
    """Whether a text (with LF line ends) exceeds the limits on lines, marks or table cells."""
    if text.count("\n") > _MAX_LINES or sum(1 for _ in _MARKS.finditer(text)) > _MAX_MARKS:
        return True
    return _count_cells(text) > _MAX_CELLS


def is_too_repetitive(tokens: Iterable[Token]) -> bool:
    """Whether the HTML of the parsed tokens would be much longer than their text."""
    return sum(len(str(value)) for token in tokens for value in token.attrs.values()) > _MAX_ATTRIBUTES


def leave_long_paragraphs(state: StateCore) -> None:
    """A parser rule that runs before the inline rules. It leaves paragraphs as plain text if they are long, or if
    searching all of them for addresses would take too long."""
    left = _MAX_SEARCHED
    for token in state.tokens:
        if token.type == "inline":
            searched = len(token.content) * sum(token.content.count(sign) for sign in ":@<[")
            if len(token.content) > _MAX_INLINE or searched > left:
                token.type = "text"
            else:
                left -= searched


_STEPS: Final = "steps"


def _count_line(state: StateBlock, _first: int, _last: int, is_silent: bool) -> bool:  # noqa: FBT001 the parser's signature
    state.env[_STEPS].take(1 if is_silent else _LINE_STEPS)
    return False


def _count_place(state: StateInline, _is_silent: bool) -> bool:  # noqa: FBT001 the parser's signature
    state.env[_STEPS].take(1)
    return False


def _count_cells(text: str) -> int:
    """Return an upper bound for the table cells in a text.

    Any line with both `-` and `|` may follow the header of a table, and only an empty line ends a table. For a table
    with one column, lines are counted instead of cells."""
    cells = columns = 0
    for line in text.split("\n"):
        if not line.strip(" \t"):
            columns = 0
        elif "-" in line and "|" in line:
            columns = max(columns, line.count("|") + 1)
        cells += columns
    return cells
