"""The files of a package that pages show (icon, readme, license), and those that rules check.

Invariant: every file name that `embed` leaves in a package can be shown: the file exists, is small, and its bytes are
an image or a text, regardless of its name. Rules report the other files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from motherlode.nuget.archive.entry_names import plain_name
from motherlode.nuget.archive.zip_reader import Entry
from motherlode.nuget.limits import Limits
from motherlode.nuget.package import License, Package

SERVER_JSON = ".mcp/server.json"
RUNTIME_JSON = "runtime.json"

_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")


class Role(StrEnum):
    """The role of a file in its package."""

    ICON = "icon"
    README = "readme"
    LICENSE = "license file"
    SERVER_JSON = "server.json"
    RUNTIME_JSON = "runtime.json"


@dataclass(frozen=True, slots=True)
class Embedded:
    """One file that a package names; `path` is its name in the nuspec, with slashes.

    `entry` is None if the archive has no such file. `name` is the entry's name without percent-escapes. `content` is
    None if the file is too large or broken.
    """

    role: Role
    path: str
    name: str
    entry: Entry | None
    content: bytes | None = None

    @property
    def is_fit(self) -> bool:
        """Whether pages may show the file."""
        if self.content is None:
            return False
        return is_image(self.content) if self.role is Role.ICON else is_text(self.content)


def is_image(content: bytes) -> bool:
    """Return whether the first bytes are those of a PNG or JPEG."""
    return find_image_type(content) is not None


def find_image_type(content: bytes) -> str | None:
    """Return the media type of a PNG or JPEG by its first bytes, or None for anything else."""
    return next((media_type for begin, media_type in _IMAGES.items() if content.startswith(begin)), None)


def is_text(content: bytes) -> bool:
    """Return whether the only control characters are those of texts (tab, line ends, form feed)."""
    return _NOT_IN_TEXT.search(content) is None


def find_embedded(package: Package, entries: tuple[Entry, ...]) -> tuple[Embedded, ...]:
    """Return the files that the package names or that clients find by name, without their contents."""
    # quirk: where file names are not case-sensitive, clients find runtime.json in any casing.
    runtimes = ((Role.RUNTIME_JSON, entry.name) for entry in entries if entry.name.lower() == RUNTIME_JSON)
    named = (*_named(package), *runtimes)
    if not named:
        return ()
    by_name = {plain_name(entry.name): entry for entry in reversed(entries) if not entry.name.endswith(("/", "\\"))}
    by_folded = {name.lower(): name for name in reversed(by_name)}
    return tuple(_find(role, path, by_name, by_folded) for role, path in named)


def wanted_entries(embedded: Iterable[Embedded], limits: Limits) -> tuple[Entry, ...]:
    """Return the entries whose contents must be kept: those that are small enough."""
    return tuple(each.entry for each in embedded if each.entry and each.entry.size <= limits.max_embedded_bytes)


def with_contents(embedded: Iterable[Embedded], contents: Mapping[Entry, bytes]) -> tuple[Embedded, ...]:
    """Return the files with their contents, as far as they were read."""
    return tuple(replace(each, content=contents.get(each.entry) if each.entry else None) for each in embedded)


def embed(package: Package, embedded: Iterable[Embedded]) -> Package:
    """Return the package with its icon, readme and license file named as in the archive, or None if not fit to show."""
    fit = {each.role: each.name for each in embedded if each.is_fit}
    found = package.license
    if found is not None and found.kind == "file":
        name = fit.get(Role.LICENSE)
        found = License("file", name, found.version) if name else None
    return replace(package, icon=fit.get(Role.ICON), readme=fit.get(Role.README), license=found)


def _named(package: Package) -> Iterator[tuple[Role, str]]:
    if package.icon:
        yield Role.ICON, package.icon
    if package.readme:
        yield Role.README, package.readme
    if package.license is not None and package.license.kind == "file":
        yield Role.LICENSE, package.license.value
    if any(kind.name.lower() == "mcpserver" for kind in package.package_types):
        yield Role.SERVER_JSON, SERVER_JSON


def _find(role: Role, path: str, by_name: Mapping[str, Entry], by_folded: Mapping[str, str]) -> Embedded:
    name = next((spelling for spelling in (path, plain_name(path)) if spelling in by_name), None)
    # quirk: names are case-sensitive, as for clients; except readmes, which no client looks for.
    if name is None and role is Role.README:
        name = by_folded.get(path.lower(), by_folded.get(plain_name(path).lower()))
    return Embedded(role, path, name or path, by_name.get(name) if name else None)
