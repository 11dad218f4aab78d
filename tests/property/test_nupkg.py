"""What holds for every archive, however it was damaged."""

import io
import tracemalloc
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from motherlode.nuget.archive.entry_names import find_name_fault, is_ordinary, sort_key
from motherlode.nuget.faults import Fault, FaultyPackage
from motherlode.nuget.nupkg import Limits, Nupkg, read_nupkg
from tests.support.builders import Member, hostile, nupkg, nuspec, zip_of

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PLAIN = nupkg(
    files={"lib/net45/a.dll": bytes(range(256)) * 4, "docs/read%20me.md": b"# Hello"}, readme="docs/read me.md"
)
ODD = hostile(Member("a.txt", b"a" * 500, descriptor=True), Member("b\\c", b"b" * 500, zip64=True), zip64=True)
SMALL = Limits(max_inflated_bytes=4 * 1024 * 1024)


def read(packed: bytes) -> Nupkg | None:
    """The package, or None when it was refused as it should be."""
    faults: tuple[Fault, ...] = ()
    try:
        return read_nupkg(io.BytesIO(packed), SMALL, NOW)
    except FaultyPackage as refused:
        faults = refused.faults
    assert faults
    assert all(fault.message.isprintable() for fault in faults)
    return None


class TestAnyBytes:
    """Whatever is pushed is read or refused; nothing else happens."""

    @given(st.binary(max_size=300))
    @example(b"PK\5\6" + bytes(18))
    def test_bytes_that_are_no_package_are_refused(self, packed: bytes) -> None:
        assert read(packed) is None

    @given(st.sampled_from([PLAIN, ODD]), st.data())
    @settings(suppress_health_check=[HealthCheck.too_slow])
    def test_a_package_with_changed_bytes_is_read_or_refused(self, packed: bytes, data: st.DataObject) -> None:
        changed = bytearray(packed)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(packed) - 1))
            new = data.draw(st.binary(min_size=1, max_size=8))
            changed[at : at + len(new)] = new
        read(bytes(changed))

    @given(st.sampled_from([PLAIN, ODD]), st.data())
    def test_a_package_cut_short_is_refused(self, packed: bytes, data: st.DataObject) -> None:
        assert read(packed[: data.draw(st.integers(0, len(packed) - 1))]) is None

    @given(st.sampled_from([PLAIN, ODD]), st.binary(min_size=1, max_size=40))
    def test_a_package_with_bytes_around_it_is_refused(self, packed: bytes, more: bytes) -> None:
        assert read(more + packed) is None
        assert read(packed + more) is None


NUMBERS = st.sampled_from([0, 1, 7, 20, 0xFFFE, 0xFFFF])
WIDE_NUMBERS = st.one_of(NUMBERS, st.sampled_from([0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]))
HEADER = st.fixed_dictionaries(
    {},
    optional={
        "flags": NUMBERS,
        "method": NUMBERS,
        "date": NUMBERS,
        "crc": WIDE_NUMBERS,
        "packed_size": WIDE_NUMBERS,
        "size": WIDE_NUMBERS,
        "extra": st.binary(max_size=24),
    },
)
CENTRAL = st.tuples(HEADER, st.fixed_dictionaries({}, optional={"offset": WIDE_NUMBERS, "external": WIDE_NUMBERS}))


class TestLyingHeaders:
    """No number that the file claims decides how much memory is spent."""

    @given(CENTRAL, HEADER, st.booleans(), st.booleans())
    def test_a_package_with_any_header_is_read_or_refused(
        self, central: tuple[dict, dict], local: dict, descriptor: bool, zip64: bool
    ) -> None:
        liar = Member(
            "liar", b"x" * 50, central=central[0] | central[1], local=local, descriptor=descriptor, zip64=zip64
        )
        tracemalloc.start()
        try:
            read(zip_of([Member("a.nuspec", nuspec()), liar, Member("last")]))
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak_bytes < 4 * 1024 * 1024


SEGMENTS = st.one_of(
    st.sampled_from(["..", ".", "", "a", "A", "%2e%2e", "%2F", "%5c", "\\", "C:", "\0", "é"]), st.text(max_size=3)
)
NAMES = st.lists(SEGMENTS, max_size=6).map("/".join)


class TestNames:
    """A name without a fault stays inside of the folder it is unpacked to, on every system."""

    @given(NAMES)
    def test_a_name_without_fault_never_climbs(self, name: str) -> None:
        if find_name_fault(name) is not None:
            return
        for path in (name.replace("\\", "/"), name.replace("%2e", ".").replace("%2F", "/").replace("%5c", "/")):
            depths = [0]
            for segment in path.replace("\\", "/").split("/"):
                depths.append(depths[-1] + (-1 if segment == ".." else segment not in ("", ".")))
            assert min(depths) == 0
            assert not path.startswith("/")

    @given(NAMES)
    def test_an_ordinary_name_has_no_fault_and_the_key_of_the_long_way(self, name: str) -> None:
        if is_ordinary(name):
            assert find_name_fault(name) is None
            assert sort_key(name) == sort_key("./" + name)

    @given(NAMES)
    def test_case_and_slashes_do_not_change_a_key(self, name: str) -> None:
        if name.isascii():
            assert sort_key(name) == sort_key(name.replace("/", "//").lower())


class TestReading:
    """A sound package is read as it was packed."""

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}\.txt", fullmatch=True), st.binary(max_size=200), max_size=5
        )
    )
    def test_every_file_is_an_entry(self, files: dict[str, bytes]) -> None:
        found = read(nupkg(files=files))
        assert found is not None
        sizes = {entry.name: entry.size for entry in found.entries}
        assert {name: sizes[name] for name in files} == {name: len(content) for name, content in files.items()}
