"""A `Package` as a JSON object, stored next to it so that it can be read without the archive.

Invariant: `package_from(facts_of(package)) == package`, including the text as written. Missing keys mean None, empty or
False. Unknown keys are ignored, so that an older program can read what a newer one wrote.
"""

from functools import lru_cache
from typing import Any, Final

from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Dependency, DependencyGroup, Identity, License, Package, PackageType, Repository
from motherlode.nuget.ranges import ANY, VersionRange, parse_range
from motherlode.nuget.versions import parse_version

EXTRACTOR_VERSION: Final = 3
"""The version of the code that reads packages. It is raised whenever any package gives a different JSON object, because
of the nuspec, the files that it names, the folders of files, versions, ranges or frameworks. The command `rederive`
reads packages with a lower version again; 0 means that the package was read before there were versions."""
_TEXTS = (
    "description",
    "authors",
    "title",
    "summary",
    "release_notes",
    "copyright",
    "language",
    "project_url",
    "license_url",
    "icon_url",
    "icon",
    "readme",
    "min_client_version",
)
_COMMON_EXCLUDES = frozenset({None, "Build,Analyzers", "Compile,Build,Native,ContentFiles,Analyzers,BuildTransitive"})
_FLAGS = ("require_license_acceptance", "development_dependency", "serviceable")


def facts_of(package: Package) -> dict[str, Any]:
    """Return the package as plain JSON values."""
    facts: dict[str, Any] = {
        "id": package.identity.id.written,
        "version": package.identity.version.written,
        **{name: getattr(package, name) for name in (*_TEXTS, *_FLAGS)},
        "tags": list(package.tags),
        "license": _facts_of_license(package.license),
        "package_types": [_without_blanks(name=kind.name, version=kind.version) for kind in package.package_types],
        "repository": _facts_of_repository(package.repository),
        "dependency_groups": [_facts_of_group(group) for group in package.dependency_groups],
        "frameworks": [framework.written for framework in package.frameworks],
    }
    return _without_blanks(**facts)


def package_from(facts: dict[str, Any]) -> Package:
    """Return the package from the result of `facts_of`.

    Raises:
        KeyError: the id or the version is missing. ValueError: a version or range that `facts_of` cannot have written.
    """
    find = facts.get
    return Package(
        identity=Identity(PackageId(facts["id"]), parse_version(facts["version"])),
        description=find("description"),
        authors=find("authors"),
        title=find("title"),
        summary=find("summary"),
        release_notes=find("release_notes"),
        copyright=find("copyright"),
        language=find("language"),
        tags=tuple(find("tags", ())),
        project_url=find("project_url"),
        license_url=find("license_url"),
        icon_url=find("icon_url"),
        license=_license_from(find("license")),
        icon=find("icon"),
        readme=find("readme"),
        require_license_acceptance=bool(find("require_license_acceptance")),
        development_dependency=bool(find("development_dependency")),
        serviceable=bool(find("serviceable")),
        min_client_version=find("min_client_version"),
        package_types=tuple(PackageType(kind["name"], kind.get("version")) for kind in find("package_types", ())),
        repository=_repository_from(find("repository")),
        dependency_groups=tuple(_group_from(group) for group in find("dependency_groups", ())),
        frameworks=tuple(map(parse_framework, find("frameworks", ()))),
    )


def _without_blanks(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", False, [])}


def _facts_of_license(found: License | None) -> dict[str, Any] | None:
    return None if found is None else _without_blanks(kind=found.kind, value=found.value, version=found.version)


def _facts_of_repository(found: Repository | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return _without_blanks(type=found.type, url=found.url, branch=found.branch, commit=found.commit)


def _facts_of_group(group: DependencyGroup) -> dict[str, Any]:
    dependencies = [
        _without_blanks(
            id=dependency.id.written,
            range=_range_text(dependency.range),
            include=dependency.include,
            exclude=dependency.exclude,
        )
        for dependency in group.dependencies
    ]
    return _without_blanks(
        framework=None if group.framework is None else group.framework.written, dependencies=dependencies
    )


def _range_text(versions: VersionRange) -> str | None:
    return versions.written or (None if versions == ANY else versions.normalized)


def _license_from(facts: dict[str, Any] | None) -> License | None:
    return None if facts is None else License(facts["kind"], facts["value"], facts.get("version"))


def _repository_from(facts: dict[str, Any] | None) -> Repository | None:
    if facts is None:
        return None
    return Repository(facts.get("type"), facts.get("url"), facts.get("branch"), facts.get("commit"))


def _group_from(facts: dict[str, Any]) -> DependencyGroup:
    framework = facts.get("framework")
    return DependencyGroup(
        None if framework is None else parse_framework(framework),
        tuple(map(_dependency_from, facts.get("dependencies", ()))),
    )


def _dependency_from(facts: dict[str, Any]) -> Dependency:
    include, exclude = facts.get("include"), facts.get("exclude")
    make = _common_dependency if include is None and exclude in _COMMON_EXCLUDES else _dependency
    return make(facts["id"], facts.get("range"), include, exclude)


def _dependency(written_id: str, range_text: str | None, include: str | None, exclude: str | None) -> Dependency:
    return Dependency(PackageId(written_id), ANY if range_text is None else parse_range(range_text), include, exclude)


# The cache is bounded in bytes too: ids and ranges are short, and the rest is one of a few texts.
_common_dependency = lru_cache(maxsize=16384)(_dependency)
