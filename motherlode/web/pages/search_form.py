"""The parameters of the search page, read from addresses and written to them.

Every address is a valid search: an invalid parameter counts as its default. An address names only the parameters that
differ from their defaults, always in the same order, so each search has exactly one address.
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
"""The last page that the search index can return: it skips at most 3,000 packages, then come 20 more."""
_LONGEST: Final = 200
_YES: Final = frozenset({"true", "on", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The values of the search form; `page` counts from 1."""

    q: str = ""
    type: str = ""
    framework: str = ""
    owner: str = ""
    prerelease: bool = False
    sort: Sort = Sort.RELEVANCE
    page: int = 1

    @property
    def is_framework_known(self) -> bool:
        """Whether the framework is empty or known; an unknown one does not filter."""
        return not self.framework or is_known(self.framework)

    @property
    def is_everything(self) -> bool:
        """Whether the search has no words and no filters by type, framework or owner, and so lists all packages."""
        return not (self.q or self.type or self.framework or self.owner)

    @property
    def is_indexed(self) -> bool:
        """Whether search engines may index the page: only the first page of all packages, as searches are endless."""
        return self.is_everything and self.page == 1

    def question(self, feed_id: int) -> Question:
        """Return the question for the search index."""
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
        """Return the query string with its question mark; "" if all parameters have their defaults."""
        usual = Asked()
        pairs = [
            (name, _write(getattr(self, name)))
            for name in ("q", "type", "framework", "owner", "sort", "prerelease", "page")
            if getattr(self, name) != getattr(usual, name)
        ]
        return f"?{urlencode(pairs)}" if pairs else ""

    def at(self, page: int) -> "Asked":
        """Return this search at another page."""
        return replace(self, page=page)

    def with_prerelease(self) -> "Asked":
        """Return this search with prerelease versions included, at page 1."""
        return replace(self, prerelease=True, page=1)

    def without_filters(self) -> "Asked":
        """Return this search without type, framework and owner, at page 1."""
        return replace(self, type="", framework="", owner="", page=1)


def parse_asked(query_string: bytes) -> Asked:
    """Return the search that a query string asks for; if a parameter is repeated, the first one counts."""
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
