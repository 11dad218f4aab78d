"""What is asked of the index, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from motherlode.search.analyser import fold
from motherlode.search.queries import Query
from motherlode.search.subjects import Audience, Sort


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what, in which order, and which part of the answer.

    Each filter is any for None or "": `package_type` is one in any casing; `framework` the name of a target, for
    packages that it can use, or of a family; `owner` the name of an account; `dependency` an id, for packages whose
    view depends on it. `owned` says for each of the `owner_names` which id keys are theirs: who asks has looked that
    up, and a name that is not in it owns nothing. `skip` and `take` are zero or more; bounding them is the caller's.
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
        """The folded names of all owners that are asked for."""
        return frozenset(name for names in self.owners_wanted for name in names)

    @property
    def owners_wanted(self) -> tuple[frozenset[str], ...]:
        """The folded names in the filter, and those in the query: one of each set must own what is found."""
        in_filter = {fold(self.owner.strip())} if self.owner else ()
        in_query = (term.exact for term in self.query.scoped.get("owner", ()))
        return tuple(names for names in (frozenset(in_filter), frozenset(in_query)) if names)


@dataclass(frozen=True, slots=True)
class Found:
    """How many packages match in all, and the id keys of the part that was asked for, the best first."""

    total: int
    id_keys: tuple[str, ...]
