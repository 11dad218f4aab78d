"""The frozen values that a package is made of, as every other room knows it.

Start here. Ids and versions are never raw strings: `PackageId`, `Version`, `VersionRange` and `Framework` each keep
how they were written beside the one form that decides equality.
"""

from dataclasses import dataclass, field

from motherlode.nuget.frameworks import Framework
from motherlode.nuget.ids import PackageId
from motherlode.nuget.ranges import VersionRange
from motherlode.nuget.versions import Version


@dataclass(frozen=True, slots=True)
class Identity:
    """What a feed holds once: an id and a version, each equal in any spelling."""

    id: PackageId
    version: Version

    def __str__(self) -> str:
        return f"{self.id} {self.version.normalized}"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One `<dependency>`; `range` is "any version" where the nuspec gave none."""

    id: PackageId
    range: VersionRange
    include: str | None = None
    exclude: str | None = None


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """Dependencies for one framework; `framework` None means any. An empty group has a meaning and is kept."""

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
    """`<repository>`: where the source of a package lies."""

    type: str | None = None
    url: str | None = None
    branch: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """Everything a nuspec says that a document, a page or a rule needs, and what can be told by the archive alone.

    Texts are trimmed, and None where the nuspec has no such element or a blank one; `authors` are the owners then.
    `icon`, `readme` and a license file are the names of entries that are in the archive, spelt as the archive spells
    them once percent-escapes and backslashes are undone; they are None where the nuspec names an entry that is not
    there or not fit to be shown.
    Addresses are those that `motherlode.nuget.addresses` let through when the package was read, or None; that of the
    repository is as written. Whoever shows one asks there again: an older program may have let more through.
    `frameworks` are those that the package is made for, by its files; none where it can be used from anywhere.
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
        """Whether old clients must not see it: by its version or by a bound of a dependency."""
        return self.identity.version.is_semver2 or any(
            dependency.range.is_semver2 for group in self.dependency_groups for dependency in group.dependencies
        )

    @property
    def dependency_keys(self) -> frozenset[str]:
        """The folded ids of what it depends on, of all groups together."""
        return frozenset(dependency.id.key for group in self.dependency_groups for dependency in group.dependencies)
