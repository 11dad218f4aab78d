"""The files of a package that readers are shown: its icon, its readme and its license.

Invariant: what `embed` leaves in a package is fit to be shown: there, small, an image or a text by its own bytes,
whatever its name says. The rest is for rules to talk about.
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
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")


class Role(StrEnum):
    """What a file is to its package."""

    ICON = "icon"
    README = "readme"
    LICENSE = "license file"
    SERVER_JSON = "server.json"
    RUNTIME_JSON = "runtime.json"


@dataclass(frozen=True, slots=True)
class Embedded:
    """One file that a package names: `path` as the nuspec has it, with slashes.

    `entry` is None where there is none of that name, `name` is the entry's without escapes; `content` is None where it
    is too large or broken.
    """

    role: Role
    path: str
    name: str
    entry: Entry | None
    content: bytes | None = None

    @property
    def is_fit(self) -> bool:
        """Whether it may be shown to readers."""
        if self.content is None:
            return False
        return is_image(self.content) if self.role is Role.ICON else is_text(self.content)


def is_image(content: bytes) -> bool:
    """Whether the first bytes are those of a PNG or a JPEG."""
    return find_image_type(content) is not None


def find_image_type(content: bytes) -> str | None:
    """The media type that the first bytes say, of a PNG or a JPEG; None for anything else."""
    return next((media_type for begin, media_type in _IMAGES.items() if content.startswith(begin)), None)


def is_text(content: bytes) -> bool:
    """Whether there is no control character but those that texts have (tab, line ends, form feed)."""
    return _NO_TEXT.search(content) is None


def find_embedded(package: Package, entries: tuple[Entry, ...]) -> tuple[Embedded, ...]:
    """The files that a package names, or that clients know by name, without their contents."""
    # quirk: where file names have no letter case, clients find any spelling of runtime.json.
    runtimes = ((Role.RUNTIME_JSON, entry.name) for entry in entries if entry.name.lower() == RUNTIME_JSON)
    named = (*_named(package), *runtimes)
    if not named:
        return ()
    by_name = {plain_name(entry.name): entry for entry in reversed(entries) if not entry.name.endswith(("/", "\\"))}
    by_folded = {name.lower(): name for name in reversed(by_name)}
    return tuple(_find(role, path, by_name, by_folded) for role, path in named)


def wanted_entries(embedded: Iterable[Embedded], limits: Limits) -> tuple[Entry, ...]:
    """The entries whose contents are worth keeping."""
    return tuple(each.entry for each in embedded if each.entry and each.entry.size <= limits.max_embedded_bytes)


def with_contents(embedded: Iterable[Embedded], contents: Mapping[Entry, bytes]) -> tuple[Embedded, ...]:
    """The same files with what was read of them."""
    return tuple(replace(each, content=contents.get(each.entry) if each.entry else None) for each in embedded)


def embed(package: Package, embedded: Iterable[Embedded]) -> Package:
    """The package with the names of its icon, readme and license as the archive has them, None where one is unfit."""
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
    # quirk: letter case counts, as it does for clients; that of a readme does not, which no client looks for.
    if name is None and role is Role.README:
        name = by_folded.get(path.lower(), by_folded.get(plain_name(path).lower()))
    return Embedded(role, path, name or path, by_name.get(name) if name else None)
