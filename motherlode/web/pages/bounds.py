"""How much of a README the Markdown parser takes on.

All is found by counting, before the work is done that it bounds. Invariant: any text of at most `MAX_CHARACTERS` is
made into HTML of at most `MAX_HTML` within about half a second, or left as it is.
"""

import re
from collections.abc import Iterable
from typing import Final

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAX_CHARACTERS: Final = 200_000
"""What is beyond is not shown."""
MAX_HTML: Final = 800_000
"""Characters of the HTML that a text is made into, before it is cleaned."""
_MAX_MARKS: Final = 20_000
"""Characters that mean something to the parser."""
_MAX_LINES: Final = 10_000
_MAX_CELLS: Final = 10_000
"""Cells of tables: the parser fills up each row, so that short lines below a long head are many."""
_MAX_ATTRIBUTES: Final = 400_000
"""Characters in attributes: an address that is written once may be used in thousands of places."""
_MAX_INLINE: Final = 16_000
"""Characters of a paragraph."""
_MAX_SEARCHED: Final = 20_000_000
"""Characters of each paragraph times the signs in it at which the parser looks before and after them for an address."""

_MARKS: Final = re.compile(r"[\n*_~`\[\]!<>&\\|:@]")


def is_too_intricate(text: str) -> bool:
    """Whether a text, its lines ended by LF, is more than the parser is given."""
    if text.count("\n") > _MAX_LINES or sum(1 for _ in _MARKS.finditer(text)) > _MAX_MARKS:
        return True
    return _count_cells(text) > _MAX_CELLS


def is_too_repetitive(tokens: Iterable[Token]) -> bool:
    """Whether HTML would be made of what was parsed that is much longer than the text."""
    return sum(len(str(value)) for token in tokens for value in token.attrs.values()) > _MAX_ATTRIBUTES


def leave_long_paragraphs(state: StateCore) -> None:
    """A rule of the parser, to stand before those for what is in paragraphs: leaves them as text where they are long,
    or where looking for addresses in all would take too long."""
    left = _MAX_SEARCHED
    for token in state.tokens:
        if token.type == "inline":
            searched = len(token.content) * sum(token.content.count(sign) for sign in ":@<[")
            if len(token.content) > _MAX_INLINE or searched > left:
                token.type = "text"
            else:
                left -= searched


def _count_cells(text: str) -> int:
    """No fewer cells than the tables of a text have: any line with both signs may stand below the head of one, and
    nothing but an empty line ends it. Of a table with one column the lines are counted, not the cells."""
    cells = columns = 0
    for line in text.split("\n"):
        if not line.strip(" \t"):
            columns = 0
        elif "-" in line and "|" in line:
            columns = max(columns, line.count("|") + 1)
        cells += columns
    return cells
