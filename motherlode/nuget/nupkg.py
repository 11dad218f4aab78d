"""Reading and validating a whole package: archive, entries, nuspec, the files that it names, its signature.

Invariant: every byte of a `Nupkg`'s archive was checked. It breaks no rule that its feed enforces, and its `Package`
names only entries that exist and can be shown. A refusal lists all faults, so that the publisher can correct them all
before the next push.
"""

import codecs
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from motherlode.nuget.archive.entry_names import plain_name
from motherlode.nuget.archive.zip_reader import Archive, Entry, Limits, read_archive, read_content, read_contents
from motherlode.nuget.embedded_files import embed, find_embedded, wanted_entries, with_contents
from motherlode.nuget.faults import Fault, FaultyPackage
from motherlode.nuget.nuspec.parser import Nuspec, parse_nuspec
from motherlode.nuget.package import Package
from motherlode.nuget.signing.signature import SIGNATURE_NAME, find_signature_faults
from motherlode.nuget.target_frameworks import find_frameworks
from motherlode.nuget.validation.entries import find_nuspec
from motherlode.nuget.validation.rule import Strictness, Subject, find_faults
from motherlode.nuget.validation.rules import ENTRY_RULES, NUSPEC_RULES, RULES, partition

__all__ = [
    "FAULTS",
    "Entry",
    "Limits",
    "Nupkg",
    "Strictness",
    "ValidationResult",
    "read_entry",
    "read_nupkg",
    "validate_nupkg",
]

FAULTS = {rule.code: rule.about for rule in RULES}
"""The description of every refusal and warning about a package, by code."""

_UNREADABLE = Nuspec(None, (), is_readable=False)


@dataclass(frozen=True, slots=True)
class Nupkg:
    """A package that was read; `nuspec` is the document as it is in the archive.

    `warnings` are what its publisher may want to correct in the next version.
    """

    package: Package
    nuspec: bytes
    is_signed: bool
    entries: tuple[Entry, ...]
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The result of validating a package: `nupkg`, or None if there are faults; and the warnings in either case.

    `read` is the package even if it breaks rules, as stored packages may that are older than a rule. It is None if the
    archive, the nuspec or a value in it cannot be read. `readable` is the package without the values that cannot be
    read; it is None only if the archive, the nuspec, the id or the version cannot be read.
    """

    nupkg: Nupkg | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    read: Nupkg | None = None
    readable: Nupkg | None = None


def read_nupkg(file: BinaryIO, limits: Limits, now: datetime, strictness: Strictness = Strictness.GALLERY) -> Nupkg:
    """Read and validate a whole package, in memory that does not grow with its size.

    Raises `FaultyPackage` with all faults found in the archive, its entries, the nuspec, the files that it names and
    the signature, at most `limits.max_faults`.
    """
    result = validate_nupkg(file, limits, now, strictness)
    if result.nupkg is None:
        raise FaultyPackage(result.faults)
    return result.nupkg


def validate_nupkg(
    file: BinaryIO, limits: Limits, now: datetime, strictness: Strictness = Strictness.GALLERY
) -> ValidationResult:
    """Read and validate a whole package. Nothing is raised: faults and warnings are in the result.

    There are at most `limits.max_faults` of each. Memory does not grow with the size of the package.
    """
    try:
        zipped = read_archive(file, limits)
    except FaultyPackage as refused:
        return ValidationResult(None, refused.faults, ())
    document = _read_nuspec(file, zipped, limits)
    nuspec = _UNREADABLE if document is None else parse_nuspec(document)
    package, found = _find_faults(file, zipped, document, nuspec, limits, now)
    faults, warnings = (each[: limits.max_faults] for each in partition(found, strictness))
    if document is None or nuspec.package is None:
        return ValidationResult(None, faults, warnings)
    package = replace(package, frameworks=find_frameworks(package, zipped.entries))
    readable = Nupkg(package, document, _is_signed(zipped), zipped.entries, warnings)
    read = None if nuspec.faults else readable
    return ValidationResult(None if faults else read, faults, warnings, read, readable)


def read_entry(file: BinaryIO, name: str, max_bytes: int) -> bytes | None:
    """Return the content of one entry, by its name with slashes and without percent-escapes (as in `Package.icon`).

    Returns None if there is no such entry or it is larger than `max_bytes`. Raises `FaultyPackage` if it is broken.
    """
    return read_named(file, read_archive(file, Limits()), name, max_bytes)


def read_named(file: BinaryIO, zipped: Archive, name: str, max_bytes: int) -> bytes | None:
    """Return the content of one entry of an archive whose directory was read; see `read_entry`."""
    for entry in zipped.entries:
        if name in (entry.name, plain_name(entry.name)):
            return read_content(file, zipped, entry) if entry.size <= max_bytes else None
    return None


def _read_nuspec(file: BinaryIO, zipped: Archive, limits: Limits) -> bytes | None:
    """Read the nuspec first, because it says which other files to keep.

    Returns None if it is missing or broken; later steps report that.
    """
    entry = find_nuspec(zipped.entries, limits)
    try:
        return None if entry is None else read_content(file, zipped, entry)
    except FaultyPackage:
        return None


def _find_faults(
    file: BinaryIO, zipped: Archive, document: bytes | None, nuspec: Nuspec, limits: Limits, now: datetime
) -> tuple[Package, list[Fault]]:
    """Return the package with only the files that can be shown, and all faults, of any severity."""
    embedded = find_embedded(nuspec.draft, zipped.entries)
    signatures = [entry for entry in zipped.entries if entry.name == SIGNATURE_NAME]
    is_signature_kept = len(signatures) == 1 and signatures[0].size <= limits.max_embedded_bytes
    keep = (*wanted_entries(embedded, limits), *(signatures if is_signature_kept else ()))
    contents, faults_of_contents = read_contents(file, zipped, limits, keep=frozenset(keep))
    embedded = with_contents(embedded, contents)
    subject = Subject(
        text=_decode(document or b""),
        metadata=nuspec.metadata,
        package=nuspec.draft,
        identity=nuspec.package.identity if nuspec.package else None,
        entries=zipped.entries,
        embedded=embedded,
        is_signed=bool(signatures),
        now=now,
        limits=limits,
    )
    faults = [*zipped.faults, *find_faults(ENTRY_RULES, subject), *faults_of_contents, *nuspec.faults]
    if nuspec.is_readable:
        faults += find_faults(NUSPEC_RULES, subject)
    if not zipped.faults and not faults_of_contents:
        signature = contents[signatures[0]] if is_signature_kept else b""
        faults += find_signature_faults(file, zipped, signature, limits)
    return embed(nuspec.draft, embedded), faults


def _is_signed(zipped: Archive) -> bool:
    return any(entry.name == SIGNATURE_NAME for entry in zipped.entries)


def _decode(document: bytes) -> str:
    is_utf16 = document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return document.decode("utf-16" if is_utf16 else "utf-8-sig", errors="replace")
