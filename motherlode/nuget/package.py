"""The immutable values that describe a package to the rest of the program.

Start here. Ids and versions are never plain strings: `PackageId`, `Version`, `VersionRange` and `Framework` each keep
the text as written and the normalized form that decides equality.
"""

from dataclasses import dataclass, field

from motherlode.nuget.frameworks import Framework
from motherlode.nuget.ids import PackageId
from motherlode.nuget.ranges import VersionRange
from motherlode.nuget.versions import Version


@dataclass(frozen=True, slots=True)
class Identity:
    """An id and a version, equal in any spelling. A feed holds each identity once."""

    id: PackageId
    version: Version

    def __str__(self) -> str:
        return f"{self.id} {self.version.normalized}"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One `<dependency>`; `range` is `ANY` if the nuspec has no version."""

    id: PackageId
    range: VersionRange
    include: str | None = None
    exclude: str | None = None


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """Dependencies for one framework, or for any if `framework` is None. Empty groups are meaningful and are kept."""

    framework: Framework | None
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageType:
    """One `<packageType>`: what a package is for."""

    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class License:
    """`<license>`: `kind` is "expression" (SPDX) or "file" (an entry's name in the package)."""

    kind: str
    value: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """`<repository>`: where the source code of a package is."""

    type: str | None = None
    url: str | None = None
    branch: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """All values of a nuspec that a document, a page or a rule needs, and those read from the archive.

    Texts are trimmed, and None if the element is missing or blank; without authors, `authors` are the owners.
    `icon`, `readme` and a license file are names of entries in the archive, as the archive spells them but with
    percent-escapes decoded and backslashes replaced by slashes. They are None if the entry does not exist or cannot be
    shown.
    URLs are those that `motherlode.nuget.addresses` accepted when the package was read, or None; the URL of the
    repository is as written. Code that shows a URL must check it there again: an older version of the program may have
    accepted more.
    `frameworks` are those that the package is made for according to its files; empty if all frameworks can use it.
    """

    identity: Identity
    description: str | None = None
    authors: str | None = None
    title: str | None = None
    summary: str | None = None
    release_notes: str | None = None
    copyright: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    project_url: str | None = None
    license_url: str | None = None
    icon_url: str | None = None
    license: License | None = None
    icon: str | None = None
    readme: str | None = None
    require_license_acceptance: bool = False
    development_dependency: bool = False
    serviceable: bool = False
    min_client_version: str | None = None
    package_types: tuple[PackageType, ...] = ()
    repository: Repository | None = None
    dependency_groups: tuple[DependencyGroup, ...] = field(default=())
    frameworks: tuple[Framework, ...] = ()

    @property
    def is_semver2(self) -> bool:
        """Whether clients without SemVer 2 must not see it, because of its version or a dependency's range."""
        return self.identity.version.is_semver2 or any(
            dependency.range.is_semver2 for group in self.dependency_groups for dependency in group.dependencies
        )

    @property
    def dependency_keys(self) -> frozenset[str]:
        """The folded ids of all dependencies in all groups."""
        return frozenset(dependency.id.key for group in self.dependency_groups for dependency in group.dependencies)
