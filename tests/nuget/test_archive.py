"""The zip itself: every lie a header can tell, and what is legal though it looks odd."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest

from motherlode.nuget.archive.zip_reader import FAULTS, PIECE_BYTES, Limits, read_archive, read_content, read_contents
from motherlode.nuget.faults import FaultyPackage
from tests.support.builders import Member, nupkg, zip_of

HELLO = Member("hello.txt", b"hello " * 100)
OTHER = Member("other.txt", b"other " * 100)
WIDE = struct.pack("<HHQQ", 1, 16, 600, 23)


def contents_of(packed: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    """Every entry's content by the reader that keeps one at a time."""
    file, limits = io.BytesIO(packed), limits or Limits()
    archive = read_archive(file, limits)
    if archive.faults:
        raise FaultyPackage(archive.faults)
    contents = {}
    for entry in archive.entries:
        kept, faults = read_contents(file, archive, limits, keep=[entry])
        if faults:
            raise FaultyPackage(faults)
        assert kept == {entry: read_content(file, archive, entry)}
        contents[entry.name] = kept[entry]
    return contents


def codes_of(packed: bytes, limits: Limits | None = None) -> set[str]:
    with pytest.raises(FaultyPackage) as refused:
        contents_of(packed, limits)
    codes = {fault.code for fault in refused.value.faults}
    assert codes <= FAULTS.keys()
    return codes


def changed(member: Member, **fields: object) -> Member:
    return Member(**{"name": member.name, "content": member.content, **fields})


@pytest.mark.parametrize(
    "packed",
    [
        zip_of([HELLO, OTHER]),
        zip_of([HELLO, OTHER], comment=b"a comment"),
        zip_of([HELLO, OTHER], zip64=True),
        zip_of([changed(HELLO, zip64=True), OTHER]),
        zip_of([changed(HELLO, descriptor=True), changed(OTHER, descriptor=True)]),
        zip_of([changed(HELLO, method=0), changed(OTHER, method=0, descriptor=True)]),
        zip_of([changed(HELLO, local={"extra": b"UT\x01\x00\x00"}), OTHER]),
        zip_of([changed(HELLO, central={"extra": b"\0\0\0"}), OTHER]),
    ],
    ids=["plain", "comment", "zip64-end", "zip64-entry", "descriptor", "stored", "extra", "padding"],
)
def test_a_legal_archive_is_read(packed: bytes) -> None:
    assert contents_of(packed) == {"hello.txt": HELLO.content, "other.txt": OTHER.content}


@pytest.mark.parametrize("packed", [b"PK\3\4", b"", b"not a zip at all", nupkg()[:-1], nupkg()[:-30]])
def test_what_has_no_whole_end_record_is_unreadable(packed: bytes) -> None:
    assert codes_of(packed) == {"zip-unreadable"}


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ({"suffix": b"more"}, "zip-suffix"),
        ({"prefix": b"#!/bin/sh\n"}, "directory-misplaced"),
        ({"disk": 3}, "zip-split"),
        ({"start_disk": 1}, "zip-split"),
        ({"here": 1}, "zip-split"),
        ({"count": 1, "here": 1}, "entries-miscounted"),
        ({"count": 400, "here": 400}, "entries-miscounted"),
        ({"count": 65_535, "here": 65_535}, "entries-too-many"),
        ({"offset": 1}, "directory-misplaced"),
        ({"offset": 0xFFFFFFFF}, "directory-misplaced"),
        ({"size": 10}, "directory-misplaced"),
        ({"size": 2**31}, "directory-misplaced"),
        ({"zip64": True, "count": 7}, "zip64-broken"),
        ({"zip64": True, "offset": 7}, "zip64-broken"),
    ],
)
def test_an_end_record_that_lies_is_refused(end: dict[str, object], code: str) -> None:
    assert codes_of(zip_of([HELLO, OTHER], **end)) == {code}


def test_an_archive_that_hides_in_a_comment_is_refused() -> None:
    inner = zip_of([HELLO])
    assert codes_of(zip_of([OTHER], comment=inner)) == {"zip-ambiguous"}


def test_an_archive_behind_a_repaired_prefix_is_refused() -> None:
    moved = changed(HELLO, central={"offset": 4})
    plain = zip_of([moved])
    start = plain.index(b"PK\1\2")
    repaired = (
        b"#!/x" + plain[:-22] + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(plain) - 22 - start, start + 4, 0)
    )
    assert codes_of(repaired) == {"zip-prefix"}


@pytest.mark.parametrize("at", [b"PK\6\6", b"PK\6\7"])
def test_a_zip64_record_that_counts_wildly_is_refused_at_once(at: bytes) -> None:
    packed = bytearray(zip_of([HELLO], zip64=True))
    number = packed.index(at) + (32 if at == b"PK\6\6" else 8)
    packed[number : number + 8] = (2**62).to_bytes(8, "little")
    assert codes_of(bytes(packed)) <= {"entries-too-many", "zip64-broken", "zip-split"}


def test_a_directory_of_noise_is_refused() -> None:
    assert codes_of(zip_of([changed(HELLO, central={"signature": b"PK\1\1"})])) == {"directory-broken"}


def test_a_directory_over_the_limit_is_not_read() -> None:
    assert codes_of(zip_of([HELLO]), Limits(max_directory_bytes=20)) == {"directory-too-large"}


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (changed(HELLO, local={"name": b"hellO.txt"}), "entry-header-differs"),
        (changed(HELLO, local={"method": 0}), "entry-header-differs"),
        (changed(HELLO, local={"size": 1}), "entry-header-differs"),
        (changed(HELLO, local={"packed_size": 1}), "entry-header-differs"),
        (changed(HELLO, local={"crc": 1}), "entry-header-differs"),
        (changed(HELLO, local={"flags": 1}), "entry-header-differs"),
        (changed(HELLO, descriptor=True, local={"size": 1}), "entry-header-differs"),
        (changed(HELLO, local={"signature": b"PK\3\5"}), "entry-header-missing"),
        (changed(HELLO, central={"offset": 1}), "entry-header-missing"),
        (changed(HELLO, central={"offset": 2**31}), "entry-overlaps"),
        (changed(HELLO, central={"disk": 1}), "zip-split"),
        (changed(HELLO, central={"crc": 1}, local={"crc": 1}), "entry-crc-wrong"),
        (changed(HELLO, central={"size": 599}, local={"size": 599}), "entry-size-wrong"),
        (changed(HELLO, central={"size": 601}, local={"size": 601}), "entry-size-wrong"),
        (changed(HELLO, method=12), "entry-method-unknown"),
        (changed(HELLO, packed=b"\xff" * 40), "entry-deflate-broken"),
        (changed(HELLO, packed=zlib.compress(HELLO.content)[2:-4] + b"junk"), "entry-deflate-broken"),
        (changed(HELLO, packed=zlib.compress(HELLO.content)[2:-6]), "entry-deflate-broken"),
        (changed(HELLO, central={"packed_size": 5000}, local={"packed_size": 5000}), "entry-overlaps"),
        (changed(HELLO, central={"extra": b"\x07\x00\xf4\x01"}), "entry-extra-broken"),
        (changed(HELLO, local={"extra": b"\x07\x00\xf4\x01"}), "entry-extra-broken"),
        (changed(HELLO, central={"size": 0xFFFFFFFF}), "entry-extra-broken"),
        (changed(HELLO, zip64=True, central={"extra": WIDE + WIDE}), "entry-extra-broken"),
        (changed(HELLO, central={"extra": struct.pack("<HH5s", 0x7075, 10, b"\1") + b"a.txt"}), "entry-header-differs"),
        (Member(b"\xff\xfe.txt", flags=0x800), "entry-name-undecodable"),
    ],
)
def test_an_entry_that_lies_is_refused(member: Member, code: str) -> None:
    assert code in codes_of(zip_of([member, OTHER]))


def test_a_local_header_may_not_reach_into_the_next_entry() -> None:
    packed = bytearray(zip_of([changed(HELLO, method=0), OTHER]))
    packed[28:30] = b"\xff\xff"
    assert codes_of(bytes(packed)) == {"entry-overlaps"}


def test_a_huge_zip64_size_costs_nothing() -> None:
    huge = struct.pack("<HHQQ", 1, 16, 2**60, 2**60)
    member = changed(HELLO, central={"size": 0xFFFFFFFF, "packed_size": 0xFFFFFFFF, "extra": huge})
    assert codes_of(zip_of([member])) >= {"archive-inflates"}


def test_entries_that_share_data_are_refused() -> None:
    shared = [
        changed(HELLO, central={"offset": 0}),
        Member("hello.txt", HELLO.content, packed=b"", central={"offset": 0}),
    ]
    assert "entry-overlaps" in codes_of(zip_of(shared))


def test_an_entry_that_the_directory_does_not_know_is_refused() -> None:
    packed = zip_of([HELLO, OTHER])
    start = packed.index(b"PK\1\2")
    second = packed.index(b"PK\1\2", start + 4)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, second - start, start, 0)
    assert codes_of(packed[:second] + end) == {"entry-gap"}


@pytest.mark.parametrize(
    "record",
    [
        lambda crc, packed, size: struct.pack("<3I", crc, packed, size),
        lambda crc, packed, size: struct.pack("<4s3I", b"PK\7\x08", crc, packed, size),
        lambda crc, packed, size: struct.pack("<IQQ", crc, packed, size),
        lambda crc, packed, size: struct.pack("<4sIQQ", b"PK\7\x08", crc, packed, size),
    ],
)
def test_every_legal_data_descriptor_is_taken(record: Callable[[int, int, int], bytes]) -> None:
    assert contents_of(with_descriptor(record)) == {"hello.txt": HELLO.content}


@pytest.mark.parametrize(
    "record",
    [
        lambda crc, packed, size: b"",
        lambda crc, packed, size: struct.pack("<3I", crc, packed, size + 1),
        lambda crc, packed, size: struct.pack("<4s3I", b"PK\7\x08", crc ^ 1, packed, size),
        lambda crc, packed, size: struct.pack("<4s3I", b"PK\7\x08", crc, packed, size) + b"hidden",
    ],
)
def test_a_data_descriptor_that_is_none_is_refused(record: Callable[[int, int, int], bytes]) -> None:
    assert codes_of(with_descriptor(record)) == {"entry-descriptor-wrong"}


def with_descriptor(record: Callable[[int, int, int], bytes]) -> bytes:
    """An archive of `HELLO`, stored, and the descriptor that `record` makes of checksum and sizes."""
    size = len(HELLO.content)
    true = {"crc": zlib.crc32(HELLO.content), "size": size, "packed_size": size}
    after = record(true["crc"], size, size)
    claimed = {"flags": 8, **true}
    member = changed(
        HELLO,
        method=0,
        packed=HELLO.content + after,
        central=claimed,
        local={**claimed, "crc": 0, "size": 0, "packed_size": 0},
    )
    return zip_of([member])


def test_every_fault_is_found_in_one_pass() -> None:
    broken = [
        changed(HELLO, local={"crc": 1}),
        changed(OTHER, packed=b"\xff" * 40),
        Member("third.txt", b"3", central={"crc": 1}, local={"crc": 1}),
    ]
    assert codes_of(zip_of(broken)) == {"entry-header-differs", "entry-deflate-broken", "entry-crc-wrong"}


def test_a_file_of_many_pieces_is_read_whole() -> None:
    zeros = Member("zeros", bytes(5 * PIECE_BYTES + 3))
    assert contents_of(zip_of([zeros]))["zeros"] == zeros.content


def test_what_unpacks_beyond_the_floor_must_be_near_its_packed_size() -> None:
    packed = zip_of([Member("zeros", bytes(100_000))])
    small = Limits(max_inflated_bytes=10_000)
    assert codes_of(packed, small) == {"archive-inflates"}
    assert contents_of(packed, Limits(max_inflated_bytes=100_000))
    assert contents_of(zip_of([Member("stored", bytes(100_000), method=0)]), small)


@pytest.mark.parametrize(("raw", "name"), [(b"Gr\x81\xe1e.txt", "Grüße.txt"), ("Grüße.txt".encode(), "Grüße.txt")])
def test_a_name_without_flag_is_utf8_or_code_page_437(raw: bytes, name: str) -> None:
    archive = read_archive(io.BytesIO(zip_of([Member(raw)])), Limits())
    assert [entry.name for entry in archive.entries] == [name]
    assert archive.faults == ()


def test_an_archive_without_entries_is_read() -> None:
    assert contents_of(zip_of([])) == {}
