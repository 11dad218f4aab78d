"""Links between the pages of a long list: page numbers, previous and next."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_NEIGHBOURS: Final = 2
"""Page numbers on each side of the current one."""
_DIGITS: Final = re.compile(r"[0-9]+")
_LARGEST: Final = 1_000_000
"""Max page number; no list has so many pages."""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link to a page; `number` counts from 1."""

    number: int
    address: str


@dataclass(frozen=True, slots=True)
class Pager:
    """The current page and the links to others. In `links`, None stands for omitted numbers; `previous` and `next` are
    None at the ends. After the last page, `is_beyond` is set and all links lead back."""

    page: int
    last: int
    links: tuple[PageLink | None, ...]
    previous: PageLink | None
    next: PageLink | None

    @property
    def is_beyond(self) -> bool:
        """Whether the list ends before this page."""
        return self.page > self.last


def make_pager(page: int, last: int, address_of: Callable[[int], str]) -> Pager:
    """Return the links for page `page` of a list with `last` pages (at least 1)."""

    def link(number: int) -> PageLink | None:
        return PageLink(number, address_of(number)) if 1 <= number <= last else None

    links = tuple(None if number is None else link(number) for number in _numbers(min(page, last), last))
    return Pager(page, last, links, link(min(page - 1, last)), link(page + 1))


def parse_page_number(text: str) -> int:
    """Return the page number in an address: 1 if the text is not a number, at most 1,000,000."""
    digits = text.lstrip("0") if _DIGITS.fullmatch(text) else ""
    return min(int(digits[:7] or "1"), _LARGEST)


def count_pages(items: int, items_per_page: int) -> int:
    """Return the number of pages for that many items; 1 for an empty list."""
    return max(1, -(-items // items_per_page))


def _numbers(page: int, last: int) -> Iterator[int | None]:
    """Yield the first page, the neighbours of the current page, and the last page; None stands for a gap of two or more
    numbers."""
    shown = sorted({1, last, *range(max(1, page - _NEIGHBOURS), min(last, page + _NEIGHBOURS) + 1)})
    before = 0
    for number in shown:
        if number == before + 2:
            yield number - 1
        elif number > before + 2:
            yield None
        yield number
        before = number
