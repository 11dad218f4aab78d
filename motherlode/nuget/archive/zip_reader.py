"""A strict zip reader: it accepts only archives that all zip readers read in the same way.

Invariant: no number in the file decides how much memory or time is used. Sizes are compared with the real content,
contents are read in pieces, and the entries must cover the file from its first byte to the directory without prefix,
gap or overlap, so that no byte is read twice and none is hidden.
"""

import zlib
from collections.abc import Collection, Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from motherlode.nuget.faults import Fault, FaultyPackage
from motherlode.nuget.limits import Limits as Limits  # noqa: PLC0414 re-exported
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.nuget.quoting import quote

FAULTS = {
    "zip-unreadable": "The file does not end with the end record of a zip archive.",
    "zip-ambiguous": "The file can be read as two different archives.",
    "zip-split": "The file is one part of a split archive.",
    "zip-suffix": "Bytes follow the archive.",
    "zip-prefix": "Bytes precede the first entry.",
    "zip64-broken": "The zip64 records cannot be read or contradict the end record.",
    "directory-misplaced": "The position or size of the directory contradicts the end record.",
    "directory-broken": "The directory cannot be read.",
    "directory-too-large": "The directory is longer than this server reads.",
    "entries-miscounted": "The end record counts more or fewer entries than there are.",
    "entries-too-many": "There are more entries than a package can have.",
    "archive-inflates": "The unpacked files are larger than allowed for an archive of this size.",
    "entry-extra-broken": "An extra field is too long, or lacks what the entry needs.",
    "entry-name-undecodable": "A file name is marked as UTF-8 but is not.",
    "entry-header-missing": "There is no local header at the position that the directory gives.",
    "entry-header-differs": "The local header contradicts the directory.",
    "entry-overlaps": "An entry overlaps the next one, or extends past the end.",
    "entry-gap": "There are bytes between two entries that belong to neither.",
    "entry-descriptor-wrong": "The data descriptor after an entry is missing or contradicts the directory.",
    "entry-size-wrong": "An entry is longer or shorter than it says.",
    "entry-method-unknown": "An entry is compressed with a method other than deflate.",
    "entry-deflate-broken": "The compressed bytes of an entry cannot be unpacked.",
    "entry-crc-wrong": "The checksum of an entry does not match its content.",
}

PIECE_BYTES = 128 * 1024
STORED, DEFLATED, _DEFLATED64 = 0, 8, 9
ENCRYPTED, HAS_DESCRIPTOR, PATCHED, STRONGLY_ENCRYPTED, UTF8, MASKED = 1, 1 << 3, 1 << 5, 1 << 6, 1 << 11, 1 << 13
_MEANINGFUL = ENCRYPTED | HAS_DESCRIPTOR | PATCHED | STRONGLY_ENCRYPTED | UTF8 | MASKED

_END, _LOCATOR, _END64 = Struct("<4s4H2IH"), Struct("<4sIQI"), Struct("<4sQ2H2I4Q")
_CENTRAL, _LOCAL, _FIELD = Struct("<4s6H3I5H2I"), Struct("<4s5H3I2H"), Struct("<2H")
_ALL_ONES_32 = 0xFFFFFFFF
_ZIP64_FIELD, _UNICODE_PATH_FIELD = 0x0001, 0x7075


class Entry(NamedTuple):
    """One entry as the directory describes it; `name` is decoded but otherwise as written."""

    name: str
    size: int
    packed_size: int
    crc: int
    method: int
    flags: int
    offset: int
    dos_date: int
    mode: int
    raw_name: bytes


class Archive(NamedTuple):
    """The directory of a zip: its `entries` in order, its `start`, the `size` of the file, and the faults so far."""

    entries: tuple[Entry, ...]
    start: int
    size: int
    faults: tuple[Fault, ...]


class _End(NamedTuple):
    entries: int
    directory_size: int
    directory_start: int


def read_archive(file: BinaryIO, limits: Limits) -> Archive:
    """Read the directory of a zip. Raises `FaultyPackage` if it cannot be read, so that no entry can be checked."""
    size = file.seek(0, 2)
    end = _read_end(file, size)
    if end.entries > limits.max_entries:
        raise _faulty(
            "entries-too-many", f"The package has {end.entries} entries; at most {limits.max_entries} are allowed."
        )
    if end.directory_size > limits.max_directory_bytes:
        raise _faulty(
            "directory-too-large", "The directory of the archive is too large. Shorten file names or remove files."
        )
    file.seek(end.directory_start)
    faults: list[Fault] = []
    entries = tuple(_parse_directory(file.read(end.directory_size), faults))
    if len(entries) != end.entries:
        counted = f"The archive says it has {end.entries} entries but has {len(entries)}"
        raise _faulty("entries-miscounted", f"{counted}. Pack it again.")
    return Archive(entries, end.directory_start, size, tuple(faults))


def read_contents(
    file: BinaryIO, archive: Archive, limits: Limits, keep: Collection[Entry]
) -> tuple[dict[Entry, bytes], list[Fault]]:
    """Unpack and check every entry in one pass. Returns the sound contents of `keep`, and all faults.

    If the entries claim to unpack to more than `limits` allow, only `keep` is read.
    """
    faults: list[Fault] = []
    kept: dict[Entry, bytes] = {}
    may_inflate = max(limits.max_inflated_bytes, limits.max_inflated_ratio * archive.size)
    is_bomb = sum(entry.size for entry in archive.entries) > may_inflate
    if is_bomb:
        faults.append(Fault("archive-inflates", f"The files unpack to more than {may_inflate} bytes. Remove some."))
    in_place = sorted(archive.entries, key=_offset)
    if in_place and in_place[0].offset:
        faults.append(Fault("zip-prefix", "The archive does not begin with its first entry. Pack it again."))
    stops = [min(entry.offset, archive.start) for entry in in_place[1:]] + [archive.start]
    for entry, stop in zip(in_place, stops, strict=False):
        is_kept = entry in keep
        if is_bomb and not is_kept:
            continue
        try:
            content = _check_entry(file, entry, stop, is_kept=is_kept)
        except FaultyPackage as refused:
            faults.extend(refused.faults)
        else:
            kept |= {entry: content} if is_kept else {}
    return kept, faults


def read_content(file: BinaryIO, archive: Archive, entry: Entry) -> bytes:
    """Return the checked content of one entry. Its size is not limited here. Raises `FaultyPackage`."""
    behind = (other.offset for other in archive.entries if other.offset > entry.offset)
    stop = min([archive.start, *behind])
    return _check_entry(file, entry, stop, is_kept=True)


def _offset(entry: Entry) -> int:
    return entry.offset


def _faulty(code: str, message: str) -> FaultyPackage:
    return FaultyPackage((Fault(code, message),))


def _read_end(file: BinaryIO, size: int) -> _End:
    file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read(_END.size + 0xFFFF)
    found = tail.rfind(b"PK\5\6")
    if found < 0 or found + _END.size > len(tail):
        raise _faulty(
            "zip-unreadable", "The file is not a complete zip archive: it is truncated or not a package. Pack it again."
        )
    _, *numbers, comment_size = _END.unpack_from(tail, found)
    if found + _END.size + comment_size != len(tail):
        raise _faulty(
            "zip-suffix", "There are bytes after the end of the archive. Push the file as the pack tool wrote it."
        )
    if _has_other_end(tail, found):
        raise _faulty(
            "zip-ambiguous", "The comment of the archive looks like another archive. Pack it without a comment."
        )
    position = size - len(tail) + found
    numbers, position = _resolve_zip64(file, numbers, position)
    disk, start_disk, here, count, directory_size, directory_start = numbers
    if disk or start_disk or here != count:
        raise _faulty("zip-split", "The file is one part of a split archive. Pack it as a single file.")
    if directory_start + directory_size != position:
        raise _faulty(
            "directory-misplaced", "The directory of the archive is not where the end record says. Pack it again."
        )
    return _End(count, directory_size, directory_start)


def _has_other_end(tail: bytes, found: int) -> bool:
    """Return whether the comment of an earlier end record also ends at the end of the file."""
    earlier = tail.rfind(b"PK\5\6", 0, found)
    while earlier >= 0:
        if earlier + _END.size + int.from_bytes(tail[earlier + 20 : earlier + 22], "little") == len(tail):
            return True
        earlier = tail.rfind(b"PK\5\6", 0, earlier)
    return False


def _resolve_zip64(file: BinaryIO, numbers: list[int], position: int) -> tuple[list[int], int]:
    """Return the numbers of the end record, "all ones" replaced by those of zip64, and where the end records begin."""
    file.seek(max(0, position - _LOCATOR.size))
    locator = file.read(_LOCATOR.size)
    if position < _LOCATOR.size or not locator.startswith(b"PK\6\7"):
        return numbers, position
    _, disk, start, disks = _LOCATOR.unpack(locator)
    broken = _faulty("zip64-broken", "The zip64 records of the archive are broken. Pack it again.")
    if disk or disks > 1 or start + _END64.size + _LOCATOR.size > position:
        raise broken
    file.seek(start)
    signature, record_size, _, _, *numbers64 = _END64.unpack(file.read(_END64.size))
    if signature != b"PK\6\6" or start + 12 + record_size + _LOCATOR.size != position:
        raise broken
    for number, number64, ones in zip(numbers, numbers64, (0xFFFF,) * 4 + (_ALL_ONES_32,) * 2, strict=True):
        if number not in (ones, number64):
            raise broken
    return numbers64, start


def _parse_directory(directory: bytes, faults: list[Fault]) -> Iterator[Entry]:
    position, size = 0, len(directory)
    while position < size:
        if position + _CENTRAL.size > size or directory[position : position + 4] != b"PK\1\2":
            raise _faulty("directory-broken", "The directory of the archive cannot be read: pack it again.")
        fixed = _CENTRAL.unpack_from(directory, position)
        name_stop = position + _CENTRAL.size + fixed[10]
        extra_stop = name_stop + fixed[11]
        raw_name = directory[position + _CENTRAL.size : name_stop]
        position = extra_stop + fixed[12]
        if position > size:
            raise _faulty("directory-broken", "The directory of the archive cannot be read: pack it again.")
        yield _entry(fixed, raw_name, directory[name_stop:extra_stop], faults)


def _entry(fixed: tuple[int, ...], raw_name: bytes, extra: bytes, faults: list[Fault]) -> Entry:
    flags, method, dos_date, crc, packed_size, size = fixed[3], fixed[4], fixed[6], fixed[7], fixed[8], fixed[9]
    offset = fixed[16]
    name = _decode(raw_name, flags, faults)
    if extra or _ALL_ONES_32 in (packed_size, size, offset):
        try:
            fields = _parse_extra(extra, name)
            size, packed_size, offset = _widen((size, packed_size, offset), fields, name)
            _check_unicode_path(fields, name)
        except FaultyPackage as refused:
            faults.extend(refused.faults)
    if fixed[13]:
        faults.append(Fault("zip-split", f"{quote(name)} is in another part of a split archive. Pack a single file."))
    return Entry(name, size, packed_size, crc, method, flags, offset, dos_date, fixed[15] >> 16, raw_name)


def _decode(raw_name: bytes, flags: int, faults: list[Fault]) -> str:
    """Decode a name as .NET does: as UTF-8, else as code page 437, which is a fault if the UTF-8 flag is set."""
    try:
        return raw_name.decode()
    except UnicodeDecodeError:
        name = raw_name.decode("cp437")
        if flags & UTF8:
            faults.append(
                Fault("entry-name-undecodable", f"The file name {quote(name)} is not valid UTF-8. Rename the file.")
            )
        return name


def _parse_extra(extra: bytes, name: str) -> dict[int, bytes]:
    """Return the extra fields by tag. Fewer than four bytes at the end are padding."""
    fields: dict[int, bytes] = {}
    position = 0
    while position + _FIELD.size <= len(extra):
        tag, size = _FIELD.unpack_from(extra, position)
        position += _FIELD.size + size
        if position > len(extra) or (tag == _ZIP64_FIELD and tag in fields):
            raise _faulty("entry-extra-broken", f"The extra field of {quote(name)} is broken. Pack it again.")
        fields[tag] = extra[position - size : position]
    return fields


def _widen(numbers: tuple[int, ...], fields: dict[int, bytes], name: str) -> Iterator[int]:
    """Return the numbers, with "all ones" replaced by the values of the zip64 field, in its order."""
    wide = fields.get(_ZIP64_FIELD, b"")
    for number in numbers:
        if number != _ALL_ONES_32:
            yield number
            continue
        if len(wide) < 8:
            raise _faulty(
                "entry-extra-broken", f"{quote(name)} lacks the zip64 field that its size needs. Pack it again."
            )
        yield int.from_bytes(wide[:8], "little")
        wide = wide[8:]


def _check_unicode_path(fields: dict[int, bytes], name: str) -> None:
    """Refuse a different name in Info-ZIP's "Unicode path" field, which only some readers use."""
    path = fields.get(_UNICODE_PATH_FIELD)
    if path is not None and path[5:] != name.encode():
        raise _faulty("entry-header-differs", f"{quote(name)} has a different name in an extra field. Pack it again.")


def _overlap(entry: Entry) -> FaultyPackage:
    return _faulty("entry-overlaps", f"{quote(entry.name)} overlaps what follows it. Pack it again.")


def _check_entry(file: BinaryIO, entry: Entry, stop: int, *, is_kept: bool) -> bytes:
    """Check local header, content and the bytes up to `stop`. Returns the content if `is_kept`, else nothing."""
    data_start = _check_local_header(file, entry, stop)
    data_stop = data_start + entry.packed_size
    if data_stop > stop:
        raise _overlap(entry)
    content = _check_content(file, entry, is_kept=is_kept)
    after = stop - data_stop
    if entry.flags & HAS_DESCRIPTOR:
        _check_descriptor(file.read(min(after, 25)), entry)
    elif after:
        raise _faulty("entry-gap", f"{after} bytes after {quote(entry.name)} do not belong to any file. Pack it again.")
    return content


def _check_local_header(file: BinaryIO, entry: Entry, stop: int) -> int:
    """Compare the local header with the directory. Returns where the data begins, which is where the file now is."""
    if entry.offset + _LOCAL.size > stop:
        raise _overlap(entry)
    file.seek(entry.offset)
    head = file.read(_LOCAL.size)
    if not head.startswith(b"PK\3\4"):
        raise _faulty("entry-header-missing", f"{quote(entry.name)} is not where the directory says. Pack it again.")
    _, _, flags, method, _, _, crc, packed_size, size, name_size, extra_size = _LOCAL.unpack(head)
    data_start: int = entry.offset + _LOCAL.size + name_size + extra_size
    if data_start > stop:
        raise _overlap(entry)
    rest = file.read(name_size + extra_size)
    if extra_size:
        fields = _parse_extra(rest[name_size:], entry.name)
        size, packed_size = _widen((size, packed_size), fields, entry.name)
        _check_unicode_path(fields, entry.name)
    local = (crc, packed_size, size)
    central = (entry.crc, entry.packed_size, entry.size)
    is_in_descriptor = flags & HAS_DESCRIPTOR and all(
        number in (0, expected) for number, expected in zip(local, central, strict=True)
    )
    is_same_kind = method == entry.method and not (flags ^ entry.flags) & _MEANINGFUL
    if not ((local == central or is_in_descriptor) and is_same_kind and rest[:name_size] == entry.raw_name):
        raise _faulty(
            "entry-header-differs", f"The local header of {quote(entry.name)} contradicts the directory. Pack it again."
        )
    return data_start


def _check_content(file: BinaryIO, entry: Entry, *, is_kept: bool) -> bytes:
    size = crc = 0
    kept = bytearray()
    for piece in _unpacked(file, entry):
        size += len(piece)
        if size > entry.size:
            break
        crc = zlib.crc32(piece, crc)
        if is_kept:
            kept += piece
    if size != entry.size:
        raise _faulty(
            "entry-size-wrong", f"{quote(entry.name)} does not have the size that the directory says. Pack it again."
        )
    if crc != entry.crc:
        raise _faulty("entry-crc-wrong", f"{quote(entry.name)} is corrupt: its checksum is wrong. Pack it again.")
    return bytes(kept)


def _unpacked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield the content in pieces of at most `PIECE_BYTES`."""
    if entry.method == STORED:
        yield from _packed(file, entry)
    elif entry.method == DEFLATED:
        try:
            yield from _inflated(file, entry)
        except Unreadable as error:
            message = f"{quote(entry.name)} cannot be unpacked ({error}). Pack it again."
            raise _faulty("entry-deflate-broken", message) from error
    else:
        is_known = entry.method == _DEFLATED64
        how = "Deflate64, which not every client can read" if is_known else "a method that clients cannot read"
        raise _faulty("entry-method-unknown", f"{quote(entry.name)} is compressed with {how}. Use deflate.")


def _packed(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    left = entry.packed_size
    while left:
        piece = file.read(min(left, PIECE_BYTES))
        if not piece:
            return
        left -= len(piece)
        yield piece


def _inflated(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in _packed(file, entry):
        left = packed
        while left and not inflater.eof:
            yield parse_by(inflater.decompress, left, PIECE_BYTES)
            left = inflater.unconsumed_tail
        if inflater.unused_data or left:
            break
    while not inflater.eof and (piece := parse_by(inflater.decompress, b"", PIECE_BYTES)):
        yield piece
    if not inflater.eof or inflater.unused_data:
        raise _faulty(
            "entry-deflate-broken",
            f"The compressed bytes of {quote(entry.name)} are cut short or too many. Pack it again.",
        )


def _check_descriptor(after: bytes, entry: Entry) -> None:
    """Accept sizes of 4 or 8 bytes, with or without the signature (the zip specification allows all four)."""
    crc = entry.crc.to_bytes(4, "little")
    for width in (4, 8):
        if max(entry.size, entry.packed_size) >> 8 * width:
            continue
        record = crc + entry.packed_size.to_bytes(width, "little") + entry.size.to_bytes(width, "little")
        if after in (record, b"PK\7\x08" + record):
            return
    raise _faulty(
        "entry-descriptor-wrong",
        f"The data descriptor of {quote(entry.name)} contradicts the directory. Pack it again.",
    )
