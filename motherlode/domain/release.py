"""A package on a feed: what the documents of the feed are rendered from."""

from dataclasses import dataclass
from datetime import datetime

from motherlode.nuget.package import Package


@dataclass(frozen=True, slots=True, order=True)
class Commit:
    """One change of a feed: its `number` on the feed and its time (aware UTC)."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """A package with its state on one feed.

    `published_at` and `changed_at` are aware UTC. `sha512` is the hash of the whole .nupkg, `size` its length in bytes.
    `number` is the number of its last change on the feed.
    """

    package: Package
    listed: bool
    published_at: datetime
    changed_at: datetime
    sha512: bytes
    size: int
    number: int = 0

    @property
    def commit(self) -> Commit:
        """The last change of this version on the feed."""
        return Commit(self.number, self.changed_at)
