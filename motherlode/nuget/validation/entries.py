"""Rules for the archive's entries: names, kinds, dates, clashes between them; and that there is one nuspec."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from motherlode.nuget.archive import entry_names
from motherlode.nuget.archive.entry_names import find_name_fault, is_ordinary, plain_name, sort_key
from motherlode.nuget.archive.zip_reader import ENCRYPTED, MASKED, STRONGLY_ENCRYPTED, Entry
from motherlode.nuget.faults import Fault
from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.limits import Limits
from motherlode.nuget.nuspec.nuspec_xml import MAX_NUSPEC_BYTES
from motherlode.nuget.quoting import quote
from motherlode.nuget.target_frameworks import find_framework_folder
from motherlode.nuget.validation.rule import Rule, Severity, Subject

_SPECIAL_MODES = {0o010000, 0o020000, 0o060000, 0o120000, 0o140000}
_BACKSLASHES = re.compile(r"\\{2,}")
_DOUBLE_BACKSLASH = "entry-double-backslash"
_MAX_PART_BYTES = 255
_MAX_GROWTH = 3  # bytes in UTF-8 for one byte in code page 437
_MAY_BE_UNREADABLE = re.compile("[,%]|portable|/version=", re.IGNORECASE | re.ASCII)


def check_count(subject: Subject) -> Iterator[Fault]:
    """Check the number of entries of an unsigned package."""
    # quirk: nuget.org reserves one entry for the signature that it adds to an unsigned package.
    if len(subject.entries) == subject.limits.max_entries and not subject.is_signed:
        most = subject.limits.max_entries - 1
        yield Fault("entries-too-many", f"An unsigned package can have at most {most} entries. Remove some files.")


def check_names(subject: Subject) -> Iterator[Fault]:
    """Check each name that is not ordinary."""
    for entry in subject.entries:
        if not is_ordinary(entry.name) and (fault := find_name_fault(entry.name)):
            yield Fault(*fault)
            if fault[0] == _DOUBLE_BACKSLASH and (other := find_name_fault(_BACKSLASHES.sub(r"\\", entry.name))):
                yield Fault(*other)


def check_name_lengths(subject: Subject) -> Iterator[Fault]:
    """Check the length of each name (in bytes in the archive) and of each part of it (in bytes of UTF-8)."""
    for entry in subject.entries:
        size = len(entry.raw_name)
        if size > subject.limits.max_name_bytes:
            yield Fault("entry-name-too-long", f"The file name {quote(entry.name)} is too long. Rename the file.")
        elif size > _MAX_PART_BYTES // _MAX_GROWTH and any(map(_is_too_long, plain_name(entry.name).split("/"))):
            message = f"A part of the file name {quote(entry.name)} has more than {_MAX_PART_BYTES} bytes. Rename it."
            yield Fault("entry-name-too-long", message)


def check_dates(subject: Subject) -> Iterator[Fault]:
    """Check that no entry is dated more than a day in the future. Invalid dates are ignored."""
    latest = subject.now.astimezone(UTC) + timedelta(days=1)
    latest_dos_date = (latest.year - 1980) << 9 | latest.month << 5 | latest.day
    for entry in subject.entries:
        if entry.dos_date > latest_dos_date and _is_date(entry.dos_date):
            message = f"{quote(entry.name)} has a date in the future. Correct the clock and pack again."
            yield Fault("entry-from-future", message)


def check_encryption(subject: Subject) -> Iterator[Fault]:
    """Check that no entry is encrypted."""
    for entry in subject.entries:
        if entry.flags & (ENCRYPTED | STRONGLY_ENCRYPTED | MASKED):
            yield Fault(
                "entry-encrypted",
                f"{quote(entry.name)} is encrypted, so no client can read it. Pack it without encryption.",
            )


def check_kinds(subject: Subject) -> Iterator[Fault]:
    """Check that each entry is a file or a folder, and that folders have no content."""
    for entry in subject.entries:
        if entry.mode & 0o170000 in _SPECIAL_MODES:
            yield Fault("entry-special", f"{quote(entry.name)} is a link or a device. Pack the file itself.")
        if entry.size and entry.name.endswith(("/", "\\")):
            yield Fault(
                "entry-folder-filled", f"{quote(entry.name)} is a folder but has content. Pack the package again."
            )


def check_clashes(subject: Subject) -> Iterator[Fault]:
    """Check that no two entries are the same file, and that no file has the name of a folder.

    Entries are sorted by key, so equal names are neighbours and a file comes directly before what lies "in" it. Names
    that are too long have a fault of their own and are not compared.
    """
    most = subject.limits.max_name_bytes
    keyed = sorted((sort_key(entry.name), entry.name) for entry in subject.entries if len(entry.raw_name) <= most)
    for (key, name), (next_key, next_name) in pairwise(keyed):
        if key == next_key and _is_wrapping(key):
            message = f"{quote(name)} and {quote(next_name)} are the same part of the OPC wrapping. Remove one of them."
            yield Fault("wrapping-twice", message)
        elif key == next_key:
            yield Fault("entry-twice", f"{quote(name)} and {quote(next_name)} are the same file. Remove one of them.")
        elif not key.endswith("\0") and next_key.startswith(key + "\0"):
            message = (
                f"{quote(name)} is a file, but {quote(next_name)} needs a folder of that name. Rename one of them."
            )
            yield Fault("entry-file-and-folder", message)


def check_nuspecs(subject: Subject) -> Iterator[Fault]:
    """Check that there is one .nuspec file, and that it is at the root."""
    nuspecs = _nuspecs(subject.entries)
    for name, _ in nuspecs:
        if "/" in name:
            message = f"{quote(name)} is not at the root. A package has one .nuspec file, at its root."
            yield Fault("nuspec-in-folder", message)
    at_root = [entry for name, entry in nuspecs if "/" not in name]
    if not at_root:
        yield Fault("nuspec-missing", "The package has no .nuspec file at its root. Pack it with a NuGet tool.")
    elif len(at_root) > 1:
        listed = " and ".join(quote(entry.name) for entry in at_root[:2])
        yield Fault("nuspec-several", f"The package has more than one .nuspec file: {listed}. Keep one.")
    elif at_root[0].size > MAX_NUSPEC_BYTES:
        yield Fault("nuspec-too-large", "The .nuspec file is larger than 1 MiB. Shorten it.")


def check_framework_folders(subject: Subject) -> Iterator[Fault]:
    """Check the names of framework folders for those that make clients fail, such as portable-net40-client+sl5."""
    for folder in _framework_folders(subject):
        is_odd = folder.lower().startswith("portable-") and folder.count("-") > 1
        if is_odd:
            message = (
                f"The portable folder {quote(folder)} names a framework with a profile. Name frameworks without "
                "profiles (portable-net40+sl5)."
            )
            yield Fault("framework-portable-profile", message)
        elif not _is_readable(folder):
            message = f"Clients cannot read {quote(folder)} as a target framework. Name the folder like net8.0."
            yield Fault("framework-unreadable", message)


def find_nuspec(entries: tuple[Entry, ...], limits: Limits) -> Entry | None:
    """Return the nuspec, or None if there is not exactly one or it is too large to read."""
    at_root = [entry for name, entry in _nuspecs(entries) if "/" not in name]
    is_readable = len(at_root) == 1 and at_root[0].size <= min(MAX_NUSPEC_BYTES, limits.max_inflated_bytes)
    return at_root[0] if is_readable else None


def _nuspecs(entries: tuple[Entry, ...]) -> list[tuple[str, Entry]]:
    named = ((plain_name(entry.name), entry) for entry in entries)
    return [(name, entry) for name, entry in named if name.lower().endswith(".nuspec")]


def _framework_folders(subject: Subject) -> dict[str, None]:
    """Return the folders whose names may make clients fail, each once: long names and portable ones."""
    # Filter by the whole name first: large packages have thousands of entries.
    odd = (entry.name for entry in subject.entries if _MAY_BE_UNREADABLE.search(entry.name))
    return dict.fromkeys(folder for folder in map(find_framework_folder, odd) if folder is not None)


def _is_readable(folder: str) -> bool:
    # quirk: clients read a folder that is not a short name as a long name, even without a comma.
    is_version = folder.lower().startswith("version=")
    return parse_framework(f"{folder}," if is_version else folder).is_readable


def _is_too_long(part: str) -> bool:
    return len(part.encode(errors="surrogateescape")) > _MAX_PART_BYTES


def _is_wrapping(key: str) -> bool:
    """Return whether it is a part that only the OPC format needs, so that no client unpacks it."""
    return key == "[content_types].xml" or key.startswith(("_rels\0", "package\0"))


def _is_date(dos_date: int) -> bool:
    try:
        datetime((dos_date >> 9) + 1980, dos_date >> 5 & 15, dos_date & 31, tzinfo=UTC)
    except ValueError:
        return False
    return True


_GALLERY = "nuget.org, entries of an archive"
_SAFETY = "safe unpacking, on any system"

RULES = (
    Rule(
        "nuspec-missing",
        Severity.ALWAYS,
        "NuGet packages (NU5037)",
        "There is no .nuspec file at the root.",
        "only lib/net8.0/A.dll",
        check_nuspecs,
    ),
    Rule(
        "nuspec-several",
        Severity.ALWAYS,
        "NuGet packages",
        "There is more than one .nuspec file at the root.",
        "A.nuspec and B.nuspec",
        check_nuspecs,
    ),
    Rule(
        "nuspec-in-folder",
        Severity.GALLERY,
        "nuget.org, metadata",
        "A .nuspec file is in a folder.",
        "content/B.nuspec",
        check_nuspecs,
    ),
    Rule(
        "entries-too-many",
        Severity.ALWAYS,
        _GALLERY,
        "There are more entries than a package can have.",
        "70,000 files",
        check_count,
    ),
    Rule("entry-unnamed", Severity.ALWAYS, _SAFETY, entry_names.FAULTS["entry-unnamed"], "./", check_names),
    Rule(
        "entry-name-control",
        Severity.ALWAYS,
        _SAFETY,
        entry_names.FAULTS["entry-name-control"],
        r"lib/a\r\n.dll",
        check_names,
    ),
    Rule(
        "entry-outside",
        Severity.ALWAYS,
        _SAFETY,
        entry_names.FAULTS["entry-outside"],
        "../../etc/cron.d/a",
        check_names,
    ),
    Rule(
        _DOUBLE_BACKSLASH, Severity.GALLERY, _GALLERY, entry_names.FAULTS[_DOUBLE_BACKSLASH], r"lib\\a.dll", check_names
    ),
    Rule(
        "entry-name-too-long",
        Severity.ALWAYS,
        _SAFETY,
        "A file name, or a part of it between slashes, is too long for file systems.",
        "a file name of 256 letters",
        check_name_lengths,
    ),
    Rule("entry-encrypted", Severity.ALWAYS, "NuGet clients", "An entry is encrypted.", "zip -e", check_encryption),
    Rule(
        "entry-special",
        Severity.ALWAYS,
        _SAFETY,
        "An entry is a link, a device, a pipe or a socket.",
        "a link to /etc/passwd",
        check_kinds,
    ),
    Rule(
        "entry-folder-filled",
        Severity.ALWAYS,
        _SAFETY,
        "An entry for a folder has content.",
        "lib/ with 10 bytes of content",
        check_kinds,
    ),
    Rule(
        "entry-from-future",
        Severity.GALLERY,
        _GALLERY,
        "An entry has a date more than a day in the future.",
        "a file dated 2099",
        check_dates,
    ),
    Rule(
        "entry-twice",
        Severity.ALWAYS,
        _GALLERY,
        "Two names are the same file once slashes, dots, escapes and letter case are normalized.",
        r"lib/a.dll and LIB\a.dll",
        check_clashes,
    ),
    Rule(
        "wrapping-twice",
        Severity.GALLERY,
        _GALLERY,
        "A part of the OPC wrapping appears twice; clients do not unpack it.",
        "%5BContent_Types%5D.xml and [Content_Types].xml",
        check_clashes,
    ),
    Rule(
        "entry-file-and-folder",
        Severity.ALWAYS,
        _SAFETY,
        "A file has the same name as a folder that contains other entries.",
        "lib/x and lib/x/y",
        check_clashes,
    ),
    Rule(
        "framework-portable-profile",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The folder of a portable framework names a framework with a profile.",
        "lib/portable-net40-client+sl5/A.dll",
        check_framework_folders,
    ),
)
