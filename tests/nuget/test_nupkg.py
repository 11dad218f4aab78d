"""What makes a zip a package, rule by rule, and what is read out of one."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from motherlode.nuget.faults import Fault, FaultyPackage
from motherlode.nuget.nupkg import FAULTS, Limits, Nupkg, Strictness, read_entry, read_nupkg, validate_nupkg
from tests.support.builders import PACKED_ON, Member, hostile, nupkg, nuspec, zip_of

NOW = datetime(2024, 1, 2, 3, 4, 6, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"
LICENSE = '<license type="file">{}</license>'


def read(packed: bytes, limits: Limits | None = None, now: datetime = NOW) -> Nupkg:
    return read_nupkg(io.BytesIO(packed), limits or Limits(), now)


def faults_of(packed: bytes, limits: Limits | None = None, now: datetime = NOW) -> tuple[Fault, ...]:
    with pytest.raises(FaultyPackage) as refused:
        read(packed, limits, now)
    return refused.value.faults


def codes_of(packed: bytes, limits: Limits | None = None, now: datetime = NOW) -> list[str]:
    return [fault.code for fault in faults_of(packed, limits, now)]


def test_a_sound_package_is_read() -> None:
    found = read(nupkg("Acme.Widgets", "1.2.3-beta", payload_bytes=300_000, title="Widgets"))
    assert str(found.package.identity) == "Acme.Widgets 1.2.3-beta"
    assert found.package.title == "Widgets"
    assert found.nuspec == nuspec("Acme.Widgets", "1.2.3-beta", title="Widgets")
    assert found.entries[0].name == "Acme.Widgets.nuspec"
    assert not found.is_signed


def read_leniently(packed: bytes) -> Nupkg:
    return read_nupkg(io.BytesIO(packed), Limits(), NOW, Strictness.LENIENT)


def test_only_what_lies_at_the_root_is_a_signature() -> None:
    assert codes_of(nupkg(files={".signature.p7s": b"signature"})) == ["signature-unreadable"]
    assert not read(nupkg(files={"lib/.signature.p7s": b"signature"})).is_signed


def test_a_signature_that_is_too_large_is_not_read() -> None:
    packed = nupkg(files={".signature.p7s": bytes(100)})
    assert codes_of(packed, Limits(max_embedded_bytes=99)) == ["signature-too-large"]


@pytest.mark.parametrize("name", ["Acme.Widgets.NUSPEC", "other.nuspec", ".nuspec"])
def test_the_name_of_the_nuspec_is_free(name: str) -> None:
    assert read(nupkg(nuspec_name=name)).package.identity.id.written == "Acme.Widgets"


@pytest.mark.parametrize(
    ("members", "codes"),
    [
        ([], ["nuspec-missing"]),
        ([Member("a.nuspec/")], ["nuspec-missing"]),
        ([Member("lib/a.nuspec", nuspec())], ["nuspec-in-folder", "nuspec-missing"]),
        ([Member("./a.nuspec", nuspec())], ["nuspec-in-folder", "nuspec-missing"]),
        ([Member("lib%2Fa.nuspec", nuspec())], ["nuspec-in-folder", "nuspec-missing"]),
        ([Member("a.nuspec", nuspec()), Member("b.NuSpec", nuspec())], ["nuspec-several"]),
        ([Member("a.nuspec", nuspec()), Member("lib\\b.nuspec", nuspec())], ["nuspec-in-folder"]),
        ([Member("a.nuspec", nuspec() + b" " * 1024 * 1024)], ["nuspec-too-large"]),
    ],
)
def test_there_is_one_nuspec_and_it_lies_at_the_root(members: list[Member], codes: list[str]) -> None:
    assert codes_of(zip_of(members)) == codes


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (Member("../evil.txt"), "entry-outside"),
        (Member("a\nb.txt"), "entry-name-control"),
        (Member("lib\\\\a.txt"), "entry-double-backslash"),
        (Member(""), "entry-unnamed"),
        (Member("x" * 4097), "entry-name-too-long"),
        (Member("a.txt", method=12), "entry-method-unknown"),
        (Member("a.txt", method=9), "entry-method-unknown"),
        (Member("a.txt", flags=1), "entry-encrypted"),
        (Member("a.txt", flags=0x41), "entry-encrypted"),
        (Member("a.txt", b"/etc/passwd", central={"external": 0o120777 << 16}), "entry-special"),
        (Member("a.txt", central={"external": 0o020666 << 16}), "entry-special"),
        (Member("a.txt", central={"external": 0o010666 << 16}), "entry-special"),
        (Member("lib/", b"content"), "entry-folder-filled"),
        (Member("a.txt", b"a", central={"crc": 1}, local={"crc": 1}), "entry-crc-wrong"),
    ],
)
def test_an_entry_that_no_client_should_unpack_is_refused(member: Member, code: str) -> None:
    faults = faults_of(hostile(member))
    assert code in {fault.code for fault in faults} <= FAULTS.keys()
    assert all(fault.message.isprintable() and len(fault.message) < 300 for fault in faults)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["lib/a.dll", "lib/a.dll"], "entry-twice"),
        (["lib/a.dll", "LIB/a.dll"], "entry-twice"),
        (["lib/a.dll", "lib\\a.dll"], "entry-twice"),
        (["lib/a.dll", "./lib/a.dll"], "entry-twice"),
        (["lib/a.dll", "lib//a.dll"], "entry-twice"),
        (["lib/a+b.dll", "lib/a%2Bb.dll"], "entry-twice"),
        (["acme.widgets.NUSPEC/../ACME.widgets.nuspec"], "entry-twice"),
        (["lib/x", "lib/x/y"], "entry-file-and-folder"),
        (["lib/x", "lib/x.y", "lib/x-y", "lib/X/y"], "entry-file-and-folder"),
        (["lib/x", "lib/x/"], "entry-file-and-folder"),
    ],
)
def test_names_that_cannot_lie_side_by_side_are_refused(names: list[str], code: str) -> None:
    assert code in codes_of(hostile(*map(Member, names)))


def test_folders_and_odd_names_are_taken() -> None:
    names = ["lib/", "lib/net45/", "lib/net45/a.dll", "content//a.txt", "tools\\b.txt", "lib/../lib/c.txt", "a/" * 500]
    assert len(read(hostile(*map(Member, names))).entries) == len(names) + 1


def test_a_date_more_than_a_day_ahead_is_refused() -> None:
    packed_at = datetime(*PACKED_ON, tzinfo=UTC)
    assert codes_of(nupkg(), now=packed_at - timedelta(days=2)) == ["entry-from-future"] * 3
    assert read(nupkg(), now=packed_at - timedelta(hours=20))


@pytest.mark.parametrize("date", [0, 0xFFFF, 99 << 9 | 15 << 5 | 31])
def test_a_date_that_is_none_is_nobodys_business(date: int) -> None:
    assert read(hostile(Member("a.txt", central={"date": date}, local={"date": date})))


def test_a_package_without_signature_leaves_room_for_one() -> None:
    limits = Limits(max_entries=4)
    assert read(nupkg(), limits)
    assert codes_of(nupkg(files={"a": b""}), limits) == ["entries-too-many"]
    assert codes_of(nupkg(files={".signature.p7s": b"s"}), limits) == ["signature-unreadable"]
    assert codes_of(nupkg(files={"a": b"", ".signature.p7s": b"s"}), limits) == ["entries-too-many"]


def test_a_refusal_lists_the_faults_of_archive_entries_and_nuspec() -> None:
    members = [
        Member("a.nuspec", nuspec("Bad Id", "latest")),
        Member("../a.txt"),
        Member("b.txt", b"b", central={"crc": 1}, local={"crc": 1}),
    ]
    codes = codes_of(zip_of(members))
    assert {"entry-outside", "entry-crc-wrong", "id-invalid", "version-invalid"} == set(codes)


def test_a_nuspec_whose_bytes_are_wrong_is_not_interpreted() -> None:
    broken = Member("a.nuspec", nuspec("Bad Id"), central={"crc": 1}, local={"crc": 1})
    assert codes_of(zip_of([broken])) == ["entry-crc-wrong"]


def test_a_nuspec_with_characters_that_unicode_has_not_is_refused() -> None:
    assert codes_of(nupkg(description="odd \ufdd0")) == ["nuspec-noncharacter"]
    in_utf16 = (
        nuspec(description="odd \ufdef").decode().replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16")
    )
    assert codes_of(nupkg(nuspec=in_utf16)) == ["nuspec-noncharacter"]


def test_faults_are_listed_up_to_a_bound() -> None:
    members = [Member(f"../{number}") for number in range(300)]
    assert len(faults_of(hostile(*members), Limits(max_faults=7))) == 7


def test_the_nuspec_of_a_bomb_is_still_judged() -> None:
    members = [Member("a.nuspec", nuspec("Bad Id")), Member("zeros", bytes(100_000))]
    assert codes_of(zip_of(members), Limits(max_inflated_bytes=50_000)) == ["archive-inflates", "id-invalid"]


@pytest.mark.parametrize(
    ("written", "entry", "found"),
    [
        ("icon.png", "icon.png", "icon.png"),
        ("images\\icon.png", "images/icon.png", "images/icon.png"),
        ("images/icon.png", "images\\icon.png", "images/icon.png"),
        ("my icon.png", "my%20icon.png", "my icon.png"),
        ("my%20icon.png", "my icon.png", "my icon.png"),
        ("Icon.PNG", "icon.png", None),
        (" icon.png", "icon.png", None),
        ("icon.png", "images/icon.png", None),
        ("../icon.png", "icon.png", None),
        ("images", "images/", None),
    ],
)
def test_an_icon_is_found_in_the_archive(written: str, entry: str, found: str | None) -> None:
    packed = zip_of([Member("a.nuspec", nuspec(icon=written)), Member(entry, b"" if entry.endswith("/") else PNG)])
    assert read_leniently(packed).package.icon == found
    if found is not None:
        assert read(packed).package.icon == found
        assert read_entry(io.BytesIO(packed), found, 100) == PNG


def test_a_readme_is_found_in_the_archive() -> None:
    packed = nupkg(readme="docs\\ReadMe.md", files={"docs/README.md": b"# Hello"})
    assert read(packed).package.readme == "docs/README.md"


def test_what_is_unfit_to_be_shown_is_not_offered() -> None:
    document = nuspec(icon="a.png", readme="a.md", more=LICENSE.format("a.txt"))
    for content in (b"<html>\0</html>", bytes(1024 * 1024 + 1)):
        packed = nupkg(nuspec=document, files={"a.png": content, "a.md": content, "a.txt": content})
        package = read_leniently(packed).package
        assert (package.icon, package.readme, package.license) == (None, None, None)


def test_a_license_file_is_found_in_its_exact_case_only() -> None:
    document = nuspec(more=LICENSE.format("docs\\LICENSE.txt"))
    found = read(nupkg(nuspec=document, files={"docs/LICENSE.txt": b"MIT"})).package.license
    assert found is not None
    assert (found.kind, found.value) == ("file", "docs/LICENSE.txt")
    other = nupkg(nuspec=document, files={"docs/license.txt": b"MIT"})
    assert codes_of(other) == ["license-not-packed"]
    assert read_leniently(other).package.license is None


def test_a_license_expression_is_kept() -> None:
    found = read(nupkg(more='<license type="expression">MIT</license>')).package.license
    assert found is not None
    assert (found.kind, found.value) == ("expression", "MIT")


@pytest.mark.parametrize(
    ("element", "name"), [("<icon>{}</icon>", "a.png"), ("<readme>{}</readme>", "a.md"), (LICENSE, "a.txt")]
)
def test_an_embedded_file_over_1_mib_is_refused(element: str, name: str) -> None:
    document = nuspec(more=element.format(name))
    fits = PNG + b" " * (1024 * 1024 - len(PNG)) if name == "a.png" else b"# " * 512 * 1024
    assert read(nupkg(nuspec=document, files={name: fits}))
    assert codes_of(nupkg(nuspec=document, files={name: fits + b" "})) == ["embedded-too-large"]


def test_warnings_travel_with_the_package() -> None:
    found = read(nupkg())
    assert [fault.code for fault in found.warnings] == ["license-missing", "readme-missing"]


def test_what_only_the_gallery_refuses_is_a_warning_where_feeds_are_lenient() -> None:
    packed = nupkg(version="1", description="")
    assert codes_of(packed) == ["version-without-dot", "description-missing"]
    codes = [fault.code for fault in read_leniently(packed).warnings]
    assert codes == ["version-without-dot", "description-missing", "license-missing", "readme-missing"]


def test_a_verdict_has_warnings_beside_faults() -> None:
    verdict = validate_nupkg(io.BytesIO(nupkg(version="latest")), Limits(), NOW)
    assert verdict.nupkg is None
    assert [fault.code for fault in verdict.faults] == ["version-invalid"]
    assert [fault.code for fault in verdict.warnings] == ["license-missing", "readme-missing"]


def test_a_verdict_on_what_is_no_archive_has_its_fault() -> None:
    verdict = validate_nupkg(io.BytesIO(b"no archive"), Limits(), NOW)
    assert [fault.code for fault in verdict.faults] == ["zip-unreadable"]


def test_a_fault_is_told_once() -> None:
    document = nuspec(dependencies={"B": "1.0", "b": "1.0", "Acme.Widgets": "1.0", "ACME.widgets": "1.0"})
    assert codes_of(nupkg(nuspec=document)) == ["dependency-repeated"] * 2 + ["dependency-on-itself"]


def test_an_entry_is_read_by_its_plain_name() -> None:
    packed = nupkg(files={"docs/read%20me.md": b"# Hello"})
    assert read_entry(io.BytesIO(packed), "docs/read me.md", 100) == b"# Hello"


def test_an_entry_that_is_absent_or_too_large_is_none() -> None:
    packed = nupkg(files={"readme.md": b"# Hello"})
    assert read_entry(io.BytesIO(packed), "README.md", 100) is None
    assert read_entry(io.BytesIO(packed), "readme.md", 6) is None


def test_every_fault_has_a_meaning_in_one_line() -> None:
    assert all(code == code.lower() and meaning.endswith(".") for code, meaning in FAULTS.items())
