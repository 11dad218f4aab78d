"""Signed packages: what a signature says is read, and that it fits the package is checked; by whom it is is not."""

import base64
import hashlib
import io
import json
from pathlib import Path

import pytest

from motherlode.nuget.archive.zip_reader import Archive, read_archive, read_content
from motherlode.nuget.faults import FaultyPackage
from motherlode.nuget.limits import Limits
from motherlode.nuget.signing.signature import (
    FAULTS,
    SIGNATURE_NAME,
    find_signature_faults,
    hash_content,
    read_signature,
)
from tests.support.builders import Member, hostile, nupkg
from tests.support.signing import (
    CERTIFICATE,
    der,
    hash_text,
    oid,
    sign,
    sign_in_front,
    signature_of,
    signed_data,
    signer,
)

PACKAGE = nupkg(comment=b"a comment", payload_bytes=300_000)
TEXT = hash_text(PACKAGE)
MD5_TEXT = b"Version:1\n\n1.2.840.113549.2.5-Hash:aaaa\n\n"
VERSION_2 = TEXT.replace(b"1", b"2", 1)
NO_SIGNED_DATA = der(0x30, oid("2a864886f70d010701"), der(0xA0, der(0x04, b"data")))


def faults_of(package: bytes, limits: Limits | None = None) -> list[str]:
    limits = limits or Limits()
    file = io.BytesIO(package)
    zipped = read_archive(file, limits)
    return [fault.code for fault in find_signature_faults(file, zipped, content_of(file, zipped), limits)]


def content_of(file: io.BytesIO, zipped: Archive) -> bytes:
    entries = [entry for entry in zipped.entries if entry.name == SIGNATURE_NAME]
    return read_content(file, zipped, entries[0]) if len(entries) == 1 else b""


def refused_as(signature: bytes) -> str:
    with pytest.raises(FaultyPackage) as refused:
        read_signature(signature)
    return refused.value.faults[0].code


def test_an_honest_signature_has_no_faults():
    assert faults_of(sign(PACKAGE)) == []


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_each_hash_of_the_sha2_family_is_known(hash_name):
    signature = signature_of(PACKAGE, hash_name=hash_name)
    assert faults_of(sign(PACKAGE, signature)) == []
    assert read_signature(signature).hash_name == hash_name
    assert read_signature(signature).content_hash == hashlib.new(hash_name, PACKAGE).digest()


def test_a_signature_may_lie_before_other_entries():
    """NuGet clients hash the offsets as they were before the entry came."""
    assert faults_of(sign_in_front(PACKAGE)) == []


def test_an_unsigned_package_has_no_faults_of_signature():
    assert faults_of(PACKAGE) == []


def test_a_signature_in_a_folder_is_a_file_like_any_other():
    assert faults_of(nupkg(files={"lib/.signature.p7s": b"text"})) == []


def test_two_signatures_are_for_others_to_refuse():
    """Which of them counts nobody can say; that two entries are one file is told for any name."""
    twice = hostile(Member(SIGNATURE_NAME, b"1", method=0), Member(SIGNATURE_NAME, b"2", method=0))
    assert faults_of(twice) == []


def test_every_changed_byte_of_the_package_is_seen():
    signed = sign(nupkg())
    start, stop = signed.index(b"PK\3\4", 1), signed.index(SIGNATURE_NAME.encode()) - 30
    for position in range(start + 10, stop, 23):
        changed = bytearray(signed)
        changed[position] ^= 1
        assert _faults_whatever_the_zip(bytes(changed)) == ["signature-broken"], position


def _faults_whatever_the_zip(package: bytes) -> list[str]:
    """As `faults_of`, though entries before the signature cannot be read."""
    file = io.BytesIO(package)
    zipped = read_archive(file, Limits())
    signature = read_content(file, zipped, zipped.entries[-1])
    return [fault.code for fault in find_signature_faults(file, zipped, signature, Limits())]


@pytest.mark.parametrize("position", [12, 14, 38, -3], ids=["time", "date", "attributes", "comment"])
def test_a_changed_directory_or_comment_is_seen(position):
    signed = bytearray(sign(PACKAGE))
    start = signed.index(b"PK\1\2")
    signed[position if position < 0 else start + position] ^= 1
    assert faults_of(bytes(signed)) == ["signature-broken"]


def test_an_added_file_is_seen():
    assert faults_of(sign(nupkg(files={"more.txt": b"more"}), signature_of(PACKAGE))) == ["signature-broken"]


def test_a_hash_that_is_no_base64_fits_no_package():
    text = b"Version:1\n\n2.16.840.1.101.3.4.2.1-Hash:?\n\n"
    assert faults_of(sign(PACKAGE, signed_data(text, signer(text)))) == ["signature-broken"]


@pytest.mark.parametrize(("flags", "attributes"), [(0x800, 0), (0, 0x20)], ids=["UTF-8 name", "archive attribute"])
def test_an_entry_with_flags_or_attributes_is_refused_as_clients_refuse_it(flags, attributes):
    assert faults_of(sign(PACKAGE, flags=flags, attributes=attributes)) == ["signature-entry-wrong"]


def test_a_packed_signature_is_refused_as_clients_refuse_it():
    assert faults_of(hostile(Member(SIGNATURE_NAME, signature_of(PACKAGE), method=8))) == ["signature-entry-wrong"]


def test_a_signed_zip64_is_refused_as_clients_refuse_it():
    """The quirk of NuGet clients: they verify no signature in a zip with zip64 records."""
    signature = Member(SIGNATURE_NAME, signature_of(PACKAGE), method=0)
    assert faults_of(hostile(signature, zip64=True)) == ["signature-in-zip64"]
    assert faults_of(hostile(Member("a.txt", b"a", zip64=True), signature)) == ["signature-in-zip64"]


def test_a_huge_signature_is_refused_without_being_read():
    limits = Limits(max_embedded_bytes=1000)
    file = io.BytesIO(sign(PACKAGE, bytes(1001)))
    faults = find_signature_faults(file, read_archive(file, limits), b"", limits)
    assert [fault.code for fault in faults] == ["signature-too-large"]


def test_who_signs_is_told():
    told = read_signature(signed_data(TEXT, signer(TEXT, kind="repository")))
    assert (told.kind, told.countersigners) == ("repository", 0)
    assert told.certificate_sha256 == hashlib.sha256(CERTIFICATE).hexdigest()


def test_countersigners_are_counted_and_sign_the_signature():
    counter = [signer(b"the signature", kind="repository"), signer(b"the signature", hash_name="sha512")]
    honest = signed_data(TEXT, signer(TEXT, signature=b"the signature", countersigners=counter))
    assert (read_signature(honest).kind, read_signature(honest).countersigners) == ("author", 2)
    other = signed_data(TEXT, signer(TEXT, signature=b"another", countersigners=counter))
    assert refused_as(other) == "signature-digest-wrong"


def test_a_signer_without_a_certificate_or_kind_is_read_all_the_same():
    told = read_signature(signed_data(TEXT, signer(TEXT, kind=None), certificate=der(0x30, b"another")))
    assert (told.kind, told.certificate_sha256) == ("unknown", None)


@pytest.mark.parametrize("is_endless", [False, True], ids=["DER", "BER"])
def test_the_message_may_be_in_der_or_ber(is_endless):
    """Signatures of 2018 have indefinite lengths (xunit 2.4.0)."""
    assert faults_of(sign(PACKAGE, signed_data(TEXT, signer(TEXT), is_endless=is_endless))) == []


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        pytest.param(b"", "signature-unreadable", id="empty"),
        pytest.param(b"This is no signature.", "signature-unreadable", id="text"),
        pytest.param(b"\x30\x82\xff\xff" * 10_000, "signature-unreadable", id="lengths past the end"),
        pytest.param(b"\x30\x80" * 10_000, "signature-unreadable", id="endless in endless"),
        pytest.param(b"\x1f" + b"\xff" * 1_000_000, "signature-unreadable", id="long tag"),
        pytest.param(NO_SIGNED_DATA, "signature-unreadable", id="no signed data"),
        pytest.param(signed_data(TEXT, signer(TEXT)) + b"\0", "signature-unreadable", id="bytes behind"),
        pytest.param(signed_data(TEXT, der(0x30, der(0x02, b"\3"))), "signature-unreadable", id="half a signer"),
        pytest.param(signed_data(TEXT, *[der(0x30)] * 100_000), "signature-unreadable", id="many signers"),
        pytest.param(signed_data(TEXT), "signature-signers-wrong", id="no signer"),
        pytest.param(signed_data(TEXT, signer(TEXT), signer(TEXT)), "signature-signers-wrong", id="two signers"),
        pytest.param(signed_data(TEXT, signer(TEXT, hash_name="md5")), "signature-hash-unknown", id="MD5 of signer"),
        pytest.param(signed_data(MD5_TEXT, signer(MD5_TEXT)), "signature-hash-unknown", id="MD5 of package"),
        pytest.param(signed_data(TEXT, signer(TEXT, digest=bytes(32))), "signature-digest-wrong", id="other digest"),
        pytest.param(signed_data(TEXT, signer(TEXT, has_signed=False)), "signature-digest-wrong", id="no attributes"),
        pytest.param(signed_data(VERSION_2, signer(VERSION_2)), "signature-content-wrong", id="version 2"),
        pytest.param(signed_data(b"text", signer(b"text")), "signature-content-wrong", id="free text"),
    ],
)
def test_a_signature_that_says_something_else_is_refused(signature, code):
    assert refused_as(signature) == code


def test_every_fault_has_a_sentence_for_its_publisher():
    signed = sign(PACKAGE, b"nonsense")
    file = io.BytesIO(signed)
    zipped = read_archive(file, Limits())
    faults = list(find_signature_faults(file, zipped, content_of(file, zipped), Limits()))
    assert [fault.code for fault in faults if fault.code in FAULTS] == ["signature-unreadable"]
    assert faults[0].message.endswith(". Sign it again.")


def test_real_signatures_fit_their_packages(packages: Path):
    """All 90 packages, and what an independent reader found in them."""
    for told in json.loads((packages / "real.json").read_text()):
        with (packages / "real" / told["file"]).open("rb") as file:
            zipped = read_archive(file, Limits())
            entry = next(entry for entry in zipped.entries if entry.name == SIGNATURE_NAME)
            content = read_content(file, zipped, entry)
            assert list(find_signature_faults(file, zipped, content, Limits())) == [], told["file"]
            signature = read_signature(content)
            content_hash = hash_content(file, zipped, entry, "sha512")
        assert base64.b64encode(content_hash).decode() == told["content_hash"]
        assert [signature.kind, *["repository-countersignature"] * signature.countersigners] == told["signatures"]
        assert signature.certificate_sha256


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("signed-date-changed", ["signature-broken"]),
        ("signed-content-changed", ["signature-broken"]),
        ("signed-entry-added", ["signature-broken"]),
        ("signature-text", ["signature-unreadable"]),
        ("signature-empty", ["signature-unreadable"]),
        ("signature-noise", ["signature-unreadable"]),
        ("signature-in-folder", []),
    ],
)
def test_bad_signatures_are_refused_and_what_looks_bad_is_not(packages: Path, name: str, codes: list[str]):
    assert faults_of((packages / "bad" / f"{name}.nupkg").read_bytes()) == codes


def test_a_package_signed_by_a_certificate_of_its_own_fits(packages: Path):
    assert faults_of((packages / "made" / "Motherlode.SelfSigned.1.0.0.nupkg").read_bytes()) == []
