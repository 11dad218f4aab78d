"""What this server says of a nuspec or a package, as the tests compare it with what NuGet's library reads."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from motherlode.nuget.blanks import trim
from motherlode.nuget.limits import Limits
from motherlode.nuget.nupkg import Nupkg, Strictness, validate_nupkg
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Dependency, DependencyGroup, License, Package, Repository
from tests.oracle.differences import DIFFERENCES
from tests.oracle.library import Reading
from tests.support.builders import nupkg

NOW: Final = datetime(2025, 1, 1, tzinfo=UTC)
TEXTS: Final = ("title", "description", "summary", "releaseNotes", "copyright")

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "validation.md"
HEADING: Final = "### Nuspecs that Motherlode reads otherwise than NuGet's library"
_TEXT: Final = "(title|description|summary|releaseNotes|copyright|tags|authors|owners)"
NUSPEC_DIFFERENCES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "a text in another namespace": ((*TEXTS, "tags", "authors"), rf"<\w+:{_TEXT}[ >]|<{_TEXT}[^>]*xmlns"),
    "a text with elements inside": ((*TEXTS, "tags", "authors"), rf"<{_TEXT}>[^<]*<\w"),
    "a package type that is no name": (("packageTypes",), r'<packageType name="[^"]*[^\w".-]'),
    "a license without a text": (("license",), r"<license [^>]*(/>|>[./\s]*</license>)"),
    "capital letters in `<serviceable>`": (("serviceable",), r"<serviceable>\s*(True|FALSE)"),
}
"""Where a nuspec is read otherwise on purpose, as docs/validation.md lists it: in which values, and how it is known."""

Meaning = dict[str, Any]


def take_nuspec(document: bytes) -> Package | None:
    """What the nuspec says, None where a package with it is refused even on a lenient feed."""
    found = take_package(nupkg(nuspec=document))
    return None if found is None else parse_nuspec(document).package


def take_package(packed: bytes) -> Nupkg | None:
    """The package, None where it is refused even on a lenient feed."""
    return validate_nupkg(io.BytesIO(packed), Limits(), NOW, Strictness.LENIENT).nupkg


def find_differences(document: bytes, package: Package, reading: Reading) -> Iterator[tuple[str, Any, Any]]:
    """The names of what is read otherwise and that no row of the table explains, with both meanings."""
    read = json.loads(reading.values[0])
    ours, theirs = meaning_of(package), meaning_in(read.get("nuspec", read))
    if _without_odd(package, ours["dependencyGroups"]) == _without_odd(package, theirs["dependencyGroups"]):
        ours["dependencyGroups"] = theirs["dependencyGroups"]
    text = document.decode("latin-1").replace("\0", "")
    for name in ours:
        patterns = [pattern for names, pattern in NUSPEC_DIFFERENCES.values() if name in names]
        if ours[name] != theirs[name] and not any(re.search(each, text, re.IGNORECASE | re.ASCII) for each in patterns):
            yield name, ours[name], theirs[name]


def listed_differences() -> list[str]:
    """The first cell of each row of the table, as the document has them."""
    rows = DOCUMENT.read_text("utf-8").partition(HEADING)[2].partition("\n#")[0].splitlines()
    return [row.split("|")[1].strip() for row in rows if row.startswith("| ")][1:]


def meaning_of(package: Package) -> Meaning:
    """What is compared, as this server has it."""
    return {
        "id": package.identity.id.written,
        "version": package.identity.version.full,
        "title": package.title,
        "authors": package.authors,
        "description": package.description,
        "summary": package.summary,
        "releaseNotes": package.release_notes,
        "copyright": package.copyright,
        "tags": " ".join(package.tags),
        "icon": package.icon,
        "readme": package.readme,
        "requireLicenseAcceptance": package.require_license_acceptance,
        "developmentDependency": package.development_dependency,
        "serviceable": package.serviceable,
        "hasMinClientVersion": package.min_client_version is not None,
        "license": _license(package.license),
        "repository": _repository(package.repository),
        "packageTypes": [[kind.name, _numbers(kind.version or "0.0")] for kind in package.package_types],
        "dependencyGroups": [_group(group) for group in package.dependency_groups],
    }


def meaning_in(read: Meaning) -> Meaning:
    """The same as the library has it."""
    return {
        **{name: read[name] for name in ("id", "version", "requireLicenseAcceptance", "developmentDependency")},
        **{name: trim(read[name]) or None for name in TEXTS},
        "authors": trim(read["authors"]) or trim(read["owners"]) or None,
        "tags": " ".join(read["tags"].replace(",", " ").replace(";", " ").split()),
        "icon": _entry_name(read["icon"]),
        "readme": _entry_name(read["readme"]),
        "serviceable": read["serviceable"],
        "hasMinClientVersion": read["minClientVersion"] is not None,
        "license": read["license"] and _license_in(*read["license"]),
        "repository": [trim(text) for text in read["repository"]],
        "packageTypes": [[name, _numbers(version)] for name, version in read["packageTypes"]],
        "dependencyGroups": [
            (group["framework"], sorted((*each[:2], *map(str.lower, each[2:])) for each in group["dependencies"]))
            for group in read["dependencyGroups"]
        ],
    }


def _without_odd(package: Package, groups: list[Any]) -> list[Any]:
    """Groups without those of frameworks that are read otherwise on purpose."""
    explains = [explain for (kind, _), explain in DIFFERENCES.items() if kind == "framework"]
    is_odd = [
        group.framework is not None and any(explain(group.framework.written) for explain in explains)
        for group in package.dependency_groups
    ]
    return [group for group, odd in zip(groups, is_odd, strict=True) if not odd]


def _license(found: License | None) -> list[str | None] | None:
    return None if found is None else [found.kind, found.value]


def _license_in(kind: str, value: str) -> list[str | None]:
    return [kind.lower(), _entry_name(value) if kind == "File" else value or None]


def _repository(found: Repository | None) -> list[str]:
    return (
        ["", "", "", ""]
        if found is None
        else [found.type or "", found.url or "", found.branch or "", found.commit or ""]
    )


def _group(group: DependencyGroup) -> tuple[str, Any]:
    framework = group.framework
    name = "any" if framework is None else framework.short if framework.is_supported else "unsupported"
    return name, sorted(set(map(_dependency, group.dependencies)))


def _dependency(dependency: Dependency) -> tuple[str, ...]:
    return (dependency.id.written, dependency.range.normalized, _flags(dependency.include), _flags(dependency.exclude))


def _flags(text: str | None) -> str:
    return ",".join(sorted({trim(flag).lower() for flag in (text or "").split(",") if flag}))


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _entry_name(path: str | None) -> str | None:
    name = (path or "").replace("\\", "/")
    while name.startswith(("./", "/")):
        name = name.removeprefix(".").removeprefix("/")
    return name or None
