"""What pages show: frozen values, read from the truth and from the search index in one look, without any mark-up.

Invariant: what stands in them may be seen by whoever they were read for; a page leaves nothing out for reasons of
right.
"""

from dataclasses import dataclass
from datetime import date, datetime

from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity, Package
from motherlode.nuget.versions import Version


@dataclass(frozen=True, slots=True)
class Card:
    """A package in a list: its latest listed version, and the downloads of all versions together."""

    package: Package
    published_at: datetime
    downloads: int

    @property
    def identity(self) -> Identity:
        """Id and version, as the latest version spells them."""
        return self.package.identity


@dataclass(frozen=True, slots=True)
class Results:
    """One part of what a search found: how many there are in all, and the cards of this part, the best first."""

    total: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class DayCount:
    """The downloads of one UTC day."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class NamedCount:
    """The downloads that go under a name: a package's id as written, or a client's."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in a package's list of versions."""

    version: Version
    published_at: datetime
    downloads: int
    is_listed: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file inside a package: its name as the archive has it, and its unpacked size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as its home shows it: `total` packages, the newest and the most downloaded of them; `stable` packages have
    a stable version, which is what a search finds by default."""

    total: int
    newest: tuple[Card, ...]
    popular: tuple[Card, ...]
    stable: int = 0


@dataclass(frozen=True, slots=True)
class PackageView:
    """All that the page of a version shows.

    `versions` are newest first, and hold unlisted ones only where the reader may see those. `latest` is the latest
    listed version, stable where there is a stable one; None where none is listed. `here` are the (folded) ids of
    dependencies that are listed on this feed, `unlisted` those whose versions here are all unlisted. `days` are the
    last six weeks of this id, oldest first, days of nothing included. `files` is cut to a bound; `file_count` says
    how many there are. `used_by` are packages whose latest version depends on this id. `readme` is the text of the
    embedded readme. `size` is in bytes. `is_whole` is False while there is no search index to ask: then `used_by` is
    empty, and no page that shows it is to be kept.
    """

    package: Package
    is_listed: bool
    published_at: datetime
    changed_at: datetime
    size: int
    sha512: bytes
    versions: tuple[VersionRow, ...]
    latest: Version | None
    downloads: int
    version_downloads: int
    owners: tuple[str, ...]
    here: frozenset[str]
    used_by: Results
    days: tuple[DayCount, ...]
    files: tuple[FileRow, ...]
    file_count: int
    readme: str | None
    is_whole: bool = True
    unlisted: frozenset[str] = frozenset()

    @property
    def identity(self) -> Identity:
        """Id and version."""
        return self.package.identity


@dataclass(frozen=True, slots=True)
class LicenseView:
    """The text of a version's license file; `identity` as the version spells it."""

    identity: Identity
    text: str


@dataclass(frozen=True, slots=True)
class VersionsView:
    """What a feed of an id's versions (Atom) shows: the listed ones, newest first, at most a hundred."""

    id: PackageId
    releases: tuple[Card, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StatsView:
    """A feed's downloads: of each of the last 90 days (oldest first, days of nothing included), and of the last 30 days
    by package (at most 100) and by client, the most first. `total` is of all time."""

    total: int
    days: tuple[DayCount, ...]
    packages: tuple[NamedCount, ...]
    clients: tuple[NamedCount, ...]
