"""What the page that searches is asked, and the addresses that ask it.

Whatever stands in an address is a search: a parameter that cannot be read counts as its default. An address names only
what differs from the defaults, always in the same order, so that the same search has one address.
"""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from motherlode.nuget.compatibility import is_known
from motherlode.search.index import Question
from motherlode.search.queries import parse_query
from motherlode.search.subjects import Audience, Sort
from motherlode.web.pages.pager import parse_page_number

PAGE_CARDS: Final = 20
LAST_PAGE: Final = 151
"""The index pages through 3,000 packages, and 20 more."""
_LONGEST: Final = 200
_YES: Final = frozenset({"true", "on", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as the page's form has it; `page` counts from 1."""

    q: str = ""
    type: str = ""
    framework: str = ""
    owner: str = ""
    prerelease: bool = False
    sort: Sort = Sort.RELEVANCE
    page: int = 1

    @property
    def is_framework_known(self) -> bool:
        """Whether anybody knows the framework; one that nobody does filters nothing."""
        return not self.framework or is_known(self.framework)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is asked but for a list of what there is."""
        return not (self.q or self.type or self.framework or self.owner)

    @property
    def is_indexed(self) -> bool:
        """Whether crawlers may keep what it finds: the first page of everything, and no other of the endless many."""
        return self.is_everything and self.page == 1

    def question(self, feed_id: int) -> Question:
        """What is asked of the index."""
        return Question(
            feed_id=feed_id,
            audience=Audience(prerelease=self.prerelease, semver2=True),
            query=parse_query(self.q),
            package_type=self.type or None,
            skip=(min(self.page, LAST_PAGE) - 1) * PAGE_CARDS,
            take=PAGE_CARDS,
            sort=self.sort,
            framework=self.framework if self.framework and self.is_framework_known else None,
            owner=self.owner or None,
        )

    def query(self) -> str:
        """The query of its address, with the question mark; "" where all is as by default."""
        usual = Asked()
        pairs = [
            (name, _write(getattr(self, name)))
            for name in ("q", "type", "framework", "owner", "sort", "prerelease", "page")
            if getattr(self, name) != getattr(usual, name)
        ]
        return f"?{urlencode(pairs)}" if pairs else ""

    def at(self, page: int) -> "Asked":
        """Another page of the same search."""
        return replace(self, page=page)

    def with_prerelease(self) -> "Asked":
        """The same search, which shows prerelease versions too."""
        return replace(self, prerelease=True, page=1)

    def without_filters(self) -> "Asked":
        """The same words, looked for everywhere."""
        return replace(self, type="", framework="", owner="", page=1)


def parse_asked(query_string: bytes) -> Asked:
    """The search of an address, whatever it says; of a parameter that is there twice the first counts."""
    pairs = parse_qsl(query_string.decode("utf-8", "replace"), errors="replace")
    values = {name.lower(): value.strip() for name, value in reversed(pairs)}
    return Asked(
        q=values.get("q", ""),
        type=values.get("type", "")[:_LONGEST],
        framework=values.get("framework", "")[:_LONGEST],
        owner=values.get("owner", "")[:_LONGEST],
        prerelease=values.get("prerelease", "").lower() in _YES,
        sort=_parse_sort(values.get("sort", "")),
        page=parse_page_number(values.get("page", "")),
    )


def _parse_sort(text: str) -> Sort:
    try:
        return Sort(text.lower())
    except ValueError:
        return Sort.RELEVANCE


def _write(value: object) -> str:
    return "true" if value is True else str(value)
