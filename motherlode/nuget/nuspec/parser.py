"""The nuspec parser: from bytes to a `Package`, with all faults found on the way.

Parsing has two steps: `nuspec_xml` parses the XML without loss, then this module interprets the values.
Invariant: all values that this module returns can be written into any document. A value that cannot is left out if it
is optional, and is a fault if it is required.
"""

import re
from dataclasses import dataclass

from motherlode.nuget.addresses import find_address
from motherlode.nuget.blanks import trim
from motherlode.nuget.faults import Fault
from motherlode.nuget.frameworks import find_framework
from motherlode.nuget.ids import MAX_DEPENDENCY_ID_LENGTH, InvalidId, PackageId, parse_package_id
from motherlode.nuget.nuspec import nuspec_xml
from motherlode.nuget.nuspec.nuspec_xml import (
    MAX_NUSPEC_BYTES,
    RawElement,
    RawNuspec,
    UnreadableNuspec,
    parse_raw_nuspec,
)
from motherlode.nuget.package import Dependency, DependencyGroup, Identity, License, Package, PackageType, Repository
from motherlode.nuget.quoting import quote
from motherlode.nuget.ranges import ANY, InvalidVersionRange, VersionRange, parse_range
from motherlode.nuget.versions import InvalidVersion, Version, parse_version

__all__ = [
    "FAULTS",
    "MAX_NUSPEC_BYTES",
    "Nuspec",
    "RawNuspec",
    "is_system_version",
    "is_type_name",
    "parse_nuspec",
]

FAULTS = {
    **nuspec_xml.FAULTS,
    "id-missing": "There is no <id>.",
    "id-repeated": "There is more than one <id>.",
    "id-invalid": "The id is not 1 to 100 letters, digits and _, with single . or - between them.",
    "version-missing": "There is no <version>.",
    "version-repeated": "There is more than one <version>.",
    "version-invalid": "The version is not one to four numbers with optional labels and metadata (1.2.3-beta.1+build).",
    "dependency-id-invalid": "The id of a dependency is not valid.",
    "dependency-range-invalid": "The version range of a dependency is not like 1.0, [1.0] or [1.0, 2.0), or has a *.",
}
"""The faults of a nuspec and its values, by code."""

_TAG_SEPARATORS = re.compile(r"[\s,;]+")
_LEADS_NOWHERE = re.compile(r"\A(?:\./|/)+")
_TYPE_NAME = re.compile(r"\w+(?:[.-]\w+)*")
_MAX_TYPE_NAME_LENGTH = 100
_SYSTEM_NUMBER = r"[\t-\r ]*[0-9]{1,10}[\t-\r ]*"
_SYSTEM_VERSION = re.compile(rf"{_SYSTEM_NUMBER}(?:\.{_SYSTEM_NUMBER}){{1,3}}")
_MAX_INT32 = 2**31 - 1
_NO_METADATA = RawElement("metadata", "", "", (), ())
_NO_PACKAGE = Package(Identity(PackageId(""), Version(0, 0, 0)))


@dataclass(frozen=True, slots=True)
class Nuspec:
    """The result of parsing: the package, or None if its id, its version or the XML is unusable; and all faults.

    A package with faults lacks the faulty values and must not be accepted. `draft` is the package with a placeholder if
    it has no valid identity, so that the rest can be validated; `metadata` is the element it was read from. Both are
    empty, and `is_readable` is False, if the document is not a nuspec.
    """

    package: Package | None
    faults: tuple[Fault, ...]
    draft: Package = _NO_PACKAGE
    metadata: RawElement = _NO_METADATA
    is_readable: bool = True


def parse_nuspec(document: bytes) -> Nuspec:
    """Parse a nuspec in any encoding and namespace. Nothing is raised for any input.

    `icon`, `readme` and the path of a license file are as written, but with slashes instead of backslashes and without
    a leading "./" or "/". They are not compared with the archive here.
    """
    try:
        raw = parse_raw_nuspec(document)
    except UnreadableNuspec as unreadable:
        return Nuspec(None, (unreadable.fault,), is_readable=False)
    reading = _Reading(raw.metadata, [])
    identity = reading.find_identity()
    draft = reading.read_package(identity or _NO_PACKAGE.identity)
    return Nuspec(draft if identity else None, tuple(reading.faults), draft, raw.metadata)


def is_type_name(name: str) -> bool:
    """Return whether `name` is a valid name of a package type."""
    return len(name) <= _MAX_TYPE_NAME_LENGTH and _TYPE_NAME.fullmatch(name) is not None


def is_system_version(text: str) -> bool:
    """Return whether .NET's System.Version can read it: two to four numbers without a label."""
    numbers = [int(number) for number in text.split(".")] if _SYSTEM_VERSION.fullmatch(text) else []
    return bool(numbers) and max(numbers) <= _MAX_INT32


@dataclass(frozen=True, slots=True)
class _Reading:
    """The `<metadata>` being read, and the faults found so far."""

    metadata: RawElement
    faults: list[Fault]

    def read_package(self, identity: Identity) -> Package:
        return Package(
            identity=identity,
            description=self._text("description"),
            # quirk: without authors nuget.org shows the owners; very old packages have only owners.
            authors=self._text("authors") or self._text("owners"),
            title=self._text("title"),
            summary=self._text("summary"),
            release_notes=self._text("releaseNotes"),
            copyright=self._text("copyright"),
            language=self._text("language"),
            tags=tuple(tag for tag in _TAG_SEPARATORS.split(self._text("tags") or "") if tag),
            project_url=find_address(self._text("projectUrl")),
            license_url=find_address(self._text("licenseUrl")),
            icon_url=find_address(self._text("iconUrl")),
            license=self._find_license(),
            icon=self._find_file("icon"),
            readme=self._find_file("readme"),
            # quirk: clients find this flag in any letter case and do not trim it.
            require_license_acceptance=self.metadata.plain_value_of("requireLicenseAcceptance").lower() == "true",
            development_dependency=self._is_set("developmentDependency"),
            serviceable=self._is_set("serviceable"),
            min_client_version=_find_version_text(self.metadata.find_attribute("minClientVersion")),
            package_types=self._read_types(),
            repository=self._find_repository(),
            dependency_groups=self._read_groups(),
        )

    def find_identity(self) -> Identity | None:
        package_id, version = self._find_id(), self._find_version()
        return Identity(package_id, version) if package_id and version else None

    def _find_id(self) -> PackageId | None:
        text = self._required("id")
        if text is None:
            return None
        try:
            # quirk: no client trims the id, so white space around it is refused like any other.
            return parse_package_id(text)
        except InvalidId as invalid:
            self._refuse("id-invalid", str(invalid))
            return None

    def _find_version(self) -> Version | None:
        text = self._required("version")
        if text is None:
            return None
        try:
            return parse_version(text)
        except InvalidVersion as invalid:
            self._refuse("version-invalid", str(invalid))
            return None

    def _required(self, name: str) -> str | None:
        found = self.metadata.children_named(name)
        if len(found) > 1:
            self._refuse(f"{name}-repeated", f"The nuspec has {len(found)} <{name}> elements. Keep one.")
            return None
        text = found[0].text if found else ""
        if not text.strip():
            self._refuse(f"{name}-missing", f"The nuspec has no <{name}>. Add one inside <metadata>.")
            return None
        return text

    def _read_groups(self) -> tuple[DependencyGroup, ...]:
        # quirk: if there are groups, the official library ignores dependencies outside them.
        groups = self.metadata.children_named("dependencies", "group")
        if groups:
            return tuple(map(self._read_group, groups))
        flat = self._read_dependencies(self.metadata.children_named("dependencies", "dependency"))
        return (DependencyGroup(None, flat),) if flat else ()

    def _read_group(self, group: RawElement) -> DependencyGroup:
        elements = group.children_named("dependency", namespace=group.namespace)
        return DependencyGroup(
            find_framework(group.find_attribute("targetFramework")), self._read_dependencies(elements)
        )

    def _read_dependencies(self, elements: tuple[RawElement, ...]) -> tuple[Dependency, ...]:
        found = map(self._find_dependency, elements)
        return tuple(dependency for dependency in found if dependency is not None)

    def _find_dependency(self, element: RawElement) -> Dependency | None:
        package_id = self._find_dependency_id(element.find_attribute("id") or "")
        versions = self._find_range(element)
        if package_id is None or versions is None:
            return None
        include, exclude = (_find_text(element.find_attribute(name)) for name in ("include", "exclude"))
        return Dependency(package_id, versions, include, exclude)

    def _find_dependency_id(self, text: str) -> PackageId | None:
        try:
            return parse_package_id(text, max_length=MAX_DEPENDENCY_ID_LENGTH)
        except InvalidId as invalid:
            self._refuse("dependency-id-invalid", f"A dependency has no valid id. {invalid}")
            return None

    def _find_range(self, element: RawElement) -> VersionRange | None:
        text = _find_text(element.find_attribute("version"))
        if text is None:
            return ANY
        try:
            return parse_range(text)
        except InvalidVersionRange as invalid:
            name = quote(element.find_attribute("id") or "")
            self._refuse("dependency-range-invalid", f"The dependency on {name} has no valid version: {invalid}")
            return None

    def _read_types(self) -> tuple[PackageType, ...]:
        found = map(_find_type, self.metadata.children_named("packageTypes", "packageType"))
        return tuple(package_type for package_type in found if package_type is not None)

    def _find_license(self) -> License | None:
        element = self._first("license")
        value = _find_text(element.text) if element else None
        if element is None or value is None:
            return None
        kind = trim(element.find_attribute("type") or "").lower()
        if kind == "file":
            path = _entry_name(value)
            return License("file", path) if path else None
        if kind == "expression":
            return License("expression", value, _find_version_text(element.find_attribute("version")))
        return None

    def _find_repository(self) -> Repository | None:
        element = self._first("repository")
        if element is None:
            return None
        names = ("type", "url", "branch", "commit")
        repository = Repository(*(_find_text(element.find_attribute(name)) for name in names))
        return repository if repository != Repository() else None

    def _find_file(self, name: str) -> str | None:
        # quirk: no client trims the path, so white space around it names another file.
        element = self._first(name)
        return (_entry_name(element.text) or None) if element else None

    def _is_set(self, name: str) -> bool:
        element = self._first(name)
        return element is not None and trim(element.text).lower() == "true"

    def _text(self, name: str) -> str | None:
        return _find_text(self.metadata.value_of(name))

    def _first(self, name: str) -> RawElement | None:
        return next(iter(self.metadata.children_named(name)), None)

    def _refuse(self, code: str, message: str) -> None:
        self.faults.append(Fault(code, message))


def _find_text(text: str | None) -> str | None:
    return (text or "").strip() or None


def _entry_name(path: str) -> str:
    """Return the entry name for a path: with slashes, without leading "./" and "/"."""
    return _LEADS_NOWHERE.sub("", path.replace("\\", "/"))


def _find_type(element: RawElement) -> PackageType | None:
    name, version = trim(element.find_attribute("name") or ""), element.find_attribute("version")
    if not is_type_name(name):
        return None
    return PackageType(name, trim(version) if version is not None and is_system_version(version) else None)


def _find_version_text(text: str | None) -> str | None:
    found = _find_text(text)
    if found is None:
        return None
    try:
        return parse_version(found).written
    except InvalidVersion:
        return None
