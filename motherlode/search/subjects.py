"""What search is handed: for each package the version that each audience sees, and how popular the package is.

Invariant: a subject holds everything the index knows of a package, so that writing it replaces all of that; what it
does not hold is no longer found.
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
    """The order of what is found: by how well it matches, by downloads alone, or the newest latest version first."""

    RELEVANCE = "relevance"
    DOWNLOADS = "downloads"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Audience:
    """What a caller may see: prerelease versions or not, SemVer 2 packages or not."""

    prerelease: bool
    semver2: bool


AUDIENCES: Final = tuple(Audience(prerelease, semver2) for prerelease in (False, True) for semver2 in (False, True))


@dataclass(frozen=True, slots=True)
class View:
    """What can be searched of one version: the latest listed one that an audience may see.

    Texts are "" and lists empty where the package says nothing; `package_types` has one name at least. `frameworks` are
    those it is made for, none where it does not say; `dependencies` the id keys of all groups together.
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
    """One package of one feed, as it is now.

    An audience without a view does not find the package; without any view the package leaves the index. Audiences that
    see the same version should share one (equal) view: the index keeps equal views once. `downloads` are those of all
    versions together.
    """

    feed_id: int
    id_key: str
    views: Mapping[Audience, View]
    downloads: int = 0
