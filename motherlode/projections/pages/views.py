"""The data of web pages: frozen values, read from the database and the search index at one moment, without markup.

Invariant: the user that a view was read for may see everything in it; pages do not filter by permission.
"""

from dataclasses import dataclass
from datetime import date, datetime

from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity, Package
from motherlode.nuget.versions import Version


@dataclass(frozen=True, slots=True)
class Card:
    """A package in a list: its latest listed version, and the total downloads of all versions."""

    package: Package
    published_at: datetime
    downloads: int

    @property
    def identity(self) -> Identity:
        """Id and version, as the latest version spells them."""
        return self.package.identity


@dataclass(frozen=True, slots=True)
class Results:
    """One page of search results: the total, and the cards of this page, the best first."""

    total: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class DayCount:
    """The downloads of one UTC day."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class NamedCount:
    """The downloads of a package or client; `name` is the package id as written, or the client's name."""

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
    """The home page of a feed: `total` packages, the newest and the most downloaded of them. `stable` is the number of
    packages with a stable version, which a search finds by default."""

    total: int
    newest: tuple[Card, ...]
    popular: tuple[Card, ...]
    stable: int = 0


@dataclass(frozen=True, slots=True)
class PackageView:
    """Everything that the page of a version shows.

    `versions` are newest first, and include unlisted ones only if the user may see them. `latest` is the latest listed
    version, preferably a stable one; None if none is listed. `here` are the (folded) ids of dependencies that are
    listed on this feed, `unlisted` those whose versions on this feed are all unlisted. `days` are the downloads of this
    id in the last six weeks, oldest first, including days without downloads. `files` is limited in number; `file_count`
    is the number of all files. `used_by` are packages whose latest version depends on this id. `readme` is the text of
    the embedded readme. `size` is in bytes. `is_whole` is False while there is no search index: then `used_by` is
    empty, and the page must not be cached.
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
    """The Atom feed of an id's versions: the listed ones, newest first, at most 100."""

    id: PackageId
    releases: tuple[Card, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StatsView:
    """A feed's downloads: for each of the last 90 days (oldest first, including days without downloads), and for the
    last 30 days by package (at most 100) and by client, in descending order. `total` is of all time."""

    total: int
    days: tuple[DayCount, ...]
    packages: tuple[NamedCount, ...]
    clients: tuple[NamedCount, ...]
