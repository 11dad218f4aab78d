"""A package as one feed holds it: what the documents of a feed are made from."""

from dataclasses import dataclass
from datetime import datetime

from motherlode.nuget.package import Package


@dataclass(frozen=True, slots=True, order=True)
class Commit:
    """One change of a feed: its `number` there, and when it was made (aware UTC)."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """A package with what is the feed's own: whether it is listed, and since when it is there.

    `published_at` and `changed_at` are aware UTC; `sha512` is the hash of the whole .nupkg, `size` its length in bytes;
    `number` is that of its last change on the feed.
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
        """The change that made it what it is."""
        return Commit(self.number, self.changed_at)
