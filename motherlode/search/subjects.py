"""The input of the index: for each package the version that each audience sees, and the package's downloads.

Invariant: a subject contains everything the index knows about a package, so writing it replaces all of that. What the
subject does not contain is no longer found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from motherlode.nuget.frameworks import Framework
from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import Version

DEFAULT_PACKAGE_TYPE: Final = "Dependency"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Sort(StrEnum):
    """The order of results: by relevance, by downloads only, or by the date of the latest version, newest first."""

    RELEVANCE = "relevance"
    DOWNLOADS = "downloads"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Audience:
    """What a caller wants to see: whether prerelease versions, and whether SemVer 2 packages."""

    prerelease: bool
    semver2: bool


AUDIENCES: Final = tuple(Audience(prerelease, semver2) for prerelease in (False, True) for semver2 in (False, True))


@dataclass(frozen=True, slots=True)
class View:
    """The searchable data of one version: the latest listed version that an audience sees.

    Missing texts are "" and missing lists are empty; `package_types` has at least one name. `frameworks` are the target
    frameworks, or empty if the package does not declare any. `dependencies` are the id keys of all groups together.
    """

    id: PackageId
    version: Version
    title: str = ""
    description: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    package_types: tuple[str, ...] = (DEFAULT_PACKAGE_TYPE,)
    frameworks: tuple[Framework, ...] = ()
    dependencies: tuple[str, ...] = ()
    published_at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class Subject:
    """The current state of one package in one feed.

    An audience without a view does not find the package; a package without views is removed from the index. Audiences
    that see the same version should have equal views, because the index stores equal views once. `downloads` is the sum
    over all versions.
    """

    feed_id: int
    id_key: str
    views: Mapping[Audience, View]
    downloads: int = 0
