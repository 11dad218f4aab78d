"""What makes a zip a package: one nuspec at its root, entries that any client can unpack, the files that it names.

Invariant: a `Nupkg` comes from an archive of which every byte was checked, and its `Package` names only entries that
are there. A refusal lists everything that is wrong, so that a publisher has to come back once.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import BinaryIO

from motherlode.domain import archive, names, nuspec
from motherlode.domain.archive import Archive, Entry, Limits, read_archive, read_content, read_contents
from motherlode.domain.names import find_name_fault, is_ordinary, plain_name, sort_key
from motherlode.domain.nuspec import MAX_NUSPEC_BYTES, parse_nuspec
from motherlode.domain.package import License, Package
from motherlode.domain.quotes import quote
from motherlode.domain.refusals import Fault, InvalidPackage

__all__ = ["FAULTS", "Entry", "Limits", "Nupkg", "read_entry", "read_nupkg"]

FAULTS = {
    **archive.FAULTS,
    **names.FAULTS,
    **nuspec.FAULTS,
    "entry-name-too-long": "A name is longer than any system takes.",
    "entry-encrypted": "An entry is encrypted.",
    "entry-special": "An entry is a link, a device, a pipe or a socket.",
    "entry-folder-filled": "An entry for a folder has content.",
    "entry-from-future": "An entry is dated more than a day in the future.",
    "entry-twice": "Two names are one file once slashes, dots, escapes and letter case are evened out.",
    "entry-file-and-folder": "A file has the name of a folder that other entries lie in.",
    "nuspec-missing": "There is no .nuspec at the root.",
    "nuspec-several": "There is more than one .nuspec at the root.",
    "nuspec-in-folder": "A .nuspec lies in a folder.",
    "nuspec-noncharacter": "The .nuspec holds a code point that Unicode keeps from ever being a character.",
    "embedded-too-large": "The icon, readme or license file is larger than 1 MiB.",
}

SIGNATURE_NAME = ".signature.p7s"
_NONCHARACTER = re.compile("[\ufdd0-\ufdef]")
_SPECIAL_MODES = {0o010000, 0o020000, 0o060000, 0o120000, 0o140000}


@dataclass(frozen=True, slots=True)
class Nupkg:
    """A package that was read and found sound; `nuspec` is the document as it lies in the archive."""

    package: Package
    nuspec: bytes
    is_signed: bool
    entries: tuple[Entry, ...]


def read_nupkg(file: BinaryIO, limits: Limits, now: datetime) -> Nupkg:
    """Read and judge a package from its first byte to its last, in memory that does not grow with it.

    Raises `InvalidPackage` with every fault that can be found: of the archive, of its entries and of the nuspec.
    """
    zipped = read_archive(file, limits)
    faults = [*zipped.faults, *_faults_of_entries(zipped, limits, now)]
    root, faults_of_nuspecs = _find_nuspec(zipped.entries)
    faults += faults_of_nuspecs
    document, faults_of_contents = read_contents(file, zipped, limits, keep=root)
    faults += faults_of_contents
    package = None
    if document is not None:
        read = parse_nuspec(document)
        faults += [*_faults_of_text(document), *read.faults]
        package = read.package
    if package is not None:
        package, faults_of_embedded = _embed(package, zipped.entries, limits)
        faults += faults_of_embedded
    if faults or package is None or document is None:
        raise InvalidPackage(faults[: limits.max_faults])
    return Nupkg(package, document, _is_signed(zipped), zipped.entries)


def read_entry(file: BinaryIO, name: str, max_bytes: int) -> bytes | None:
    """The content of one entry, by its name with slashes and without percent-escapes (as `Package.icon` has it).

    None when there is no such entry or it is larger than `max_bytes`. Raises `InvalidPackage` when it is broken.
    """
    zipped = read_archive(file, Limits())
    for entry in zipped.entries:
        if name in (entry.name, plain_name(entry.name)):
            return read_content(file, zipped, entry) if entry.size <= max_bytes else None
    return None


def _is_signed(zipped: Archive) -> bool:
    return any(entry.name == SIGNATURE_NAME for entry in zipped.entries)


def _faults_of_entries(zipped: Archive, limits: Limits, now: datetime) -> Iterator[Fault]:
    # quirk: nuget.org keeps room for the signature entry that it adds to a package without one.
    if len(zipped.entries) == limits.max_entries and not _is_signed(zipped):
        most = limits.max_entries - 1
        yield Fault("entries-too-many", f"A package without signature may have {most} entries: leave some out.")
    latest = now.astimezone(UTC) + timedelta(days=1)
    latest_dos_date = _dos_date(latest)
    for entry in zipped.entries:
        if not is_ordinary(entry.name) and (fault := find_name_fault(entry.name)):
            yield Fault(*fault)
        if len(entry.raw_name) > limits.max_name_bytes:
            yield Fault("entry-name-too-long", f"The name {quote(entry.name)} is too long: rename the file.")
        if entry.dos_date > latest_dos_date and _is_date(entry.dos_date):
            yield Fault(
                "entry-from-future", f"{quote(entry.name)} is dated in the future: correct the clock, pack again."
            )
        yield from _faults_of_kind(entry)
    yield from _clashes(zipped.entries)


def _faults_of_kind(entry: Entry) -> Iterator[Fault]:
    if entry.flags & (archive.ENCRYPTED | archive.STRONGLY_ENCRYPTED | archive.MASKED):
        yield Fault("entry-encrypted", f"{quote(entry.name)} is encrypted: no client can read it. Pack it without.")
    if entry.mode & 0o170000 in _SPECIAL_MODES:
        yield Fault("entry-special", f"{quote(entry.name)} is a link or a device: put the file itself there.")
    if entry.size and entry.name.endswith(("/", "\\")):
        yield Fault("entry-folder-filled", f"{quote(entry.name)} is a folder and has content: pack it again.")


def _dos_date(moment: datetime) -> int:
    return (moment.year - 1980) << 9 | moment.month << 5 | moment.day


def _is_date(dos_date: int) -> bool:
    try:
        datetime((dos_date >> 9) + 1980, dos_date >> 5 & 15, dos_date & 31, tzinfo=UTC)
    except ValueError:
        return False
    return True


def _clashes(entries: tuple[Entry, ...]) -> Iterator[Fault]:
    """Sorted by key, equal names are neighbours, and a file is followed by what lies "in" it."""
    keyed = sorted((sort_key(entry.name), entry.name) for entry in entries)
    for (key, name), (next_key, next_name) in pairwise(keyed):
        if key == next_key:
            yield Fault("entry-twice", f"{quote(name)} and {quote(next_name)} are one file: leave one of them out.")
        elif not key.endswith("\0") and next_key.startswith(key + "\0"):
            message = f"{quote(name)} is a file, and {quote(next_name)} needs a folder there: rename one of them."
            yield Fault("entry-file-and-folder", message)


def _find_nuspec(entries: tuple[Entry, ...]) -> tuple[Entry | None, list[Fault]]:
    """The one nuspec, if it may be read, and what is wrong with it and others."""
    named = ((plain_name(entry.name), entry) for entry in entries)
    nuspecs = [(name, entry) for name, entry in named if name.lower().endswith(".nuspec")]
    at_root = [entry for name, entry in nuspecs if "/" not in name]
    faults = [
        Fault(
            "nuspec-in-folder", f"{quote(name)} is no file at the root: a package has one .nuspec, and it lies there."
        )
        for name, _ in nuspecs
        if "/" in name
    ]
    if not at_root:
        faults.append(Fault("nuspec-missing", "The package has no .nuspec at its root: pack it with a NuGet tool."))
        return None, faults
    if len(at_root) > 1:
        listed = " and ".join(quote(entry.name) for entry in at_root[:2])
        faults.append(Fault("nuspec-several", f"The package has several .nuspec files, {listed}: leave one."))
        return None, faults
    if at_root[0].size > MAX_NUSPEC_BYTES:
        faults.append(Fault("nuspec-too-large", "The .nuspec is larger than 1 MiB: shorten it."))
        return None, faults
    return at_root[0], faults


def _faults_of_text(document: bytes) -> Iterator[Fault]:
    # quirk: nuget.org refuses these, which XML allows; they come from texts that were decoded wrongly.
    encoding = "utf-16" if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    found = _NONCHARACTER.search(document.decode(encoding, errors="replace"))
    if found:
        message = f"The .nuspec holds U+{ord(found[0]):04X}, which is no character: save it in the right encoding."
        yield Fault("nuspec-noncharacter", message)


def _embed(package: Package, entries: tuple[Entry, ...], limits: Limits) -> tuple[Package, list[Fault]]:
    """The package with the names of its icon, readme and license as the archive has them."""
    license_file = package.license.value if package.license is not None and package.license.kind == "file" else None
    if not (package.icon or package.readme or license_file):
        return package, []
    by_name = {plain_name(entry.name): entry for entry in reversed(entries) if not entry.name.endswith(("/", "\\"))}
    by_folded = {name.lower(): name for name in reversed(by_name)}
    icon, readme = _find_embedded(package.icon, by_name, by_folded), _find_embedded(package.readme, by_name, by_folded)
    license_name = _find_embedded(license_file, by_name, {})
    faults = [
        Fault(
            "embedded-too-large",
            f"The {kind} {quote(name)} is larger than {limits.max_embedded_bytes} bytes: shrink it.",
        )
        for kind, name in (("icon", icon), ("readme", readme), ("license file", license_name))
        if name is not None and by_name[name].size > limits.max_embedded_bytes
    ]
    if license_file is not None:
        named = License("file", license_name, package.license.version) if license_name and package.license else None
        package = replace(package, license=named)
    return replace(package, icon=icon, readme=readme), faults


def _find_embedded(path: str | None, by_name: dict[str, Entry], by_folded: dict[str, str]) -> str | None:
    if path is None:
        return None
    for spelling in (path, plain_name(path)):
        if spelling in by_name:
            return spelling
    return by_folded.get(path.lower(), by_folded.get(plain_name(path).lower()))
