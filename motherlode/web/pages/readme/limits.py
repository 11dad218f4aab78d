"""How much of a README the Markdown parser takes on.

All is found by counting, most of it before the work is done that it bounds. What no look at the text can tell is
counted while the parser works: how often it asks its rules. Invariant: any text of at most `MAX_CHARACTERS` is made
into HTML of at most `MAX_HTML` within about half a second, or left as it is.
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
MAX_STEPS: Final = 64_000
"""How often the parser may ask its rules about a place in the text. A line on which something may begin counts as six,
since that takes as long. The largest change logs take half of it, up to where they are cut."""
_LINE_STEPS: Final = 6

_MARKS: Final = re.compile(r"[\n*_~`\[\]!<>&\\|:@]")


class TooIntricate(ValueError):
    """More would have to be done for a text than is."""


class Steps:
    """Counts what the parser does for one text, in however many attempts; `environment` is what it is to be given."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    @property
    def environment(self) -> dict[str, Any]:
        """For `MarkdownIt.parse`, another one for each attempt."""
        return {_STEPS: self}

    def take(self, steps: int) -> None:
        """Count some. Raises `TooIntricate` when there are too many."""
        self._left -= steps
        if self._left < 0:
            raise TooIntricate


def count_steps(parser: MarkdownIt) -> None:
    """Have a parser count its steps in the environment of each text: by a rule in front of all others, which is never
    the right one."""
    block, inline = parser.block.ruler, parser.inline.ruler
    block.before(
        block.get_all_rules()[0], _STEPS, _count_line, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    inline.before(inline.get_all_rules()[0], _STEPS, _count_place)


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


_STEPS: Final = "steps"


def _count_line(state: StateBlock, _first: int, _last: int, is_silent: bool) -> bool:  # noqa: FBT001 as rules are called
    state.env[_STEPS].take(1 if is_silent else _LINE_STEPS)
    return False


def _count_place(state: StateInline, _is_silent: bool) -> bool:  # noqa: FBT001 as rules are called
    state.env[_STEPS].take(1)
    return False


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
