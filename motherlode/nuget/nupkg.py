"""A package, from its first byte to its last: archive, entries, nuspec, the files that it names, its signature.

Invariant: a `Nupkg` comes from an archive of which every byte was checked, breaks no rule of the feed it is for, and
its `Package` names only entries that are there and fit to be shown. A refusal lists everything that is wrong, so that
a publisher has to come back once.
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
"""Everything that a package can be refused or warned with, by code."""

_UNREADABLE = Nuspec(None, (), is_readable=False)


@dataclass(frozen=True, slots=True)
class Nupkg:
    """A package that was read and found sound; `nuspec` is the document as it lies in the archive.

    `warnings` are what its publisher may want to mend in the next version.
    """

    package: Package
    nuspec: bytes
    is_signed: bool
    entries: tuple[Entry, ...]
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What a push would say: `nupkg` unless there are faults, and the warnings in either case.

    `read` is the package as far as it can be read: also one that breaks rules, as stored packages may that are older
    than the rule. It is None where the archive, the nuspec or a value in it cannot be read. `readable` is the same, but
    with values that cannot be read left out: it is None only where id or version cannot be read.
    """

    nupkg: Nupkg | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    read: Nupkg | None = None
    readable: Nupkg | None = None


def read_nupkg(file: BinaryIO, limits: Limits, now: datetime, strictness: Strictness = Strictness.GALLERY) -> Nupkg:
    """Read and judge a package from its first byte to its last, in memory that does not grow with it.

    Raises `FaultyPackage` with every fault that can be found: of the archive, of its entries, of the nuspec, of what
    it names, of the signature.
    """
    verdict = validate_nupkg(file, limits, now, strictness)
    if verdict.nupkg is None:
        raise FaultyPackage(verdict.faults)
    return verdict.nupkg


def validate_nupkg(
    file: BinaryIO, limits: Limits, now: datetime, strictness: Strictness = Strictness.GALLERY
) -> ValidationResult:
    """The same without raising: all faults and all warnings, up to `limits.max_faults` of each."""
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
    """The content of one entry, by its name with slashes and without percent-escapes (as `Package.icon` has it).

    None when there is no such entry or it is larger than `max_bytes`. Raises `FaultyPackage` when it is broken.
    """
    return read_named(file, read_archive(file, Limits()), name, max_bytes)


def read_named(file: BinaryIO, zipped: Archive, name: str, max_bytes: int) -> bytes | None:
    """The same, of an archive whose directory was read."""
    for entry in zipped.entries:
        if name in (entry.name, plain_name(entry.name)):
            return read_content(file, zipped, entry) if entry.size <= max_bytes else None
    return None


def _read_nuspec(file: BinaryIO, zipped: Archive, limits: Limits) -> bytes | None:
    """The nuspec, read ahead since it says what else to keep; None where it is at fault, which is told later."""
    entry = find_nuspec(zipped.entries, limits)
    try:
        return None if entry is None else read_content(file, zipped, entry)
    except FaultyPackage:
        return None


def _find_faults(
    file: BinaryIO, zipped: Archive, document: bytes | None, nuspec: Nuspec, limits: Limits, now: datetime
) -> tuple[Package, list[Fault]]:
    """The package as it may be shown, and everything that there is to say about it."""
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
