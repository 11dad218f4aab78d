"""Search requests and their results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from motherlode.search.analyser import fold
from motherlode.search.queries import Query
from motherlode.search.subjects import Audience, Sort


@dataclass(frozen=True, slots=True)
class Question:
    """A search request: the query, the audience, the filters, the order and the page.

    A filter that is None or "" is not applied. `package_type` may have any casing. `framework` is a target framework,
    for packages that it can use, or a framework family. `owner` is the name of an account. `dependency` is an id, for
    packages whose view depends on it. `owned` maps each of the `owner_names` to the id keys it owns; the caller looks
    these up, and a missing name owns nothing. `skip` and `take` are zero or more; the caller limits them.
    """

    feed_id: int
    audience: Audience
    query: Query
    package_type: str | None = None
    skip: int = 0
    take: int = 20
    sort: Sort = Sort.RELEVANCE
    framework: str | None = None
    owner: str | None = None
    dependency: str | None = None
    owned: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def owner_names(self) -> frozenset[str]:
        """The folded names of all requested owners."""
        return frozenset(name for names in self.owners_wanted for name in names)

    @property
    def owners_wanted(self) -> tuple[frozenset[str], ...]:
        """The folded owner names in the filter, and those in the query. A result has an owner from each set."""
        in_filter = {fold(self.owner.strip())} if self.owner else ()
        in_query = (term.exact for term in self.query.scoped.get("owner", ()))
        return tuple(names for names in (frozenset(in_filter), frozenset(in_query)) if names)


@dataclass(frozen=True, slots=True)
class Found:
    """The number of all matching packages, and the id keys of the requested page, the best first."""

    total: int
    id_keys: tuple[str, ...]
