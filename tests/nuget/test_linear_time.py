"""No reader takes longer than in proportion to its input, whatever the input is."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.refusals import InvalidForm
from motherlode.nuget.addresses import find_address
from motherlode.nuget.archive.entry_names import find_name_fault, sort_key
from motherlode.nuget.archive.zip_reader import Archive, Entry, read_archive
from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.licenses import parse_license
from motherlode.nuget.limits import Limits
from motherlode.nuget.nupkg import validate_nupkg
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.ranges import parse_range
from motherlode.nuget.signing.ber import read_value
from motherlode.nuget.signing.signature import hash_content, read_signature
from motherlode.nuget.unicode import normalize
from motherlode.nuget.versions import parse_version
from motherlode.search.analyser import iter_words
from motherlode.search.queries import parse_query
from motherlode.web.auth.credentials import parse_authorization
from motherlode.web.bodies.multipart import MAX_NEAR_DELIMITERS, FirstPart, parse_boundary
from motherlode.web.pages.core.forms import parse_form
from motherlode.web.pages.search_form import parse_asked as parse_page_asked
from motherlode.web.v3.search import parse_asked
from tests.support.builders import Member, hostile, nupkg, nuspec
from tests.support.effort import LINEAR, growth_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BOUNDARY = b"b" * 200
ACUTE_AND_CEDILLA = "\u0301\u0327"
"""Two marks that stand in the wrong order."""

TEXTS: dict[str, Callable[[int], str]] = {
    "marks": lambda size: ACUTE_AND_CEDILLA * size,
    "marks-in-blocks": lambda size: "\u0301" * size + "\u0327" * size,
    "marks-that-decompose": lambda size: "\u0344\u0327" * size,
    "marks-that-are-letters": lambda size: "\u0f73\u0327" * size,
    "half-wide-marks": lambda size: "\uff9e\u0327" * size,
    "letters-that-decompose": lambda size: "\ufdfa" * size,
    "letters": lambda size: "a" * size,
    "dots": lambda size: "a." * size,
    "only-dots": lambda size: "." * size,
    "digits": lambda size: "1" * size,
    "zeros": lambda size: "0" * size,
    "dashes": lambda size: "a-" * size,
    "blanks": lambda size: " " * size,
    "commas": lambda size: "1.0," * size,
    "brackets": lambda size: "(" * size,
    "pluses": lambda size: "portable-" + "net45+" * size,
    "quotes": lambda size: '"' * size,
    "fields": lambda size: "id:" * size,
    "colons": lambda size: ":" * size,
    "slashes": lambda size: "a/../" * size,
    "here": lambda size: "./" * size,
    "percents": lambda size: "%25" * size,
    "backslashes": lambda size: "\\" * size,
    "cases": lambda size: "aB" * size,
    "parameters": lambda size: "; a=" * size,
    "escapes": lambda size: 'multipart/x; a="' + "\\" * size,
    "pairs": lambda size: "&q=a" * size,
    "ands": lambda size: "MIT AND " * size,
    "addresses": lambda size: "http://" + "a." * size,
}
READERS: dict[str, Callable[[str], object]] = {
    "address": find_address,
    "authorization": lambda text: parse_authorization(b"Basic " + text.encode()),
    "boundary": parse_boundary,
    "form": lambda text: parse_form(text.encode()),
    "framework": parse_framework,
    "id": parse_package_id,
    "license": parse_license,
    "name": sort_key,
    "name-fault": find_name_fault,
    "page-query": lambda text: parse_page_asked(text.encode()),
    "query": parse_query,
    "query-string": lambda text: parse_asked(text.encode()),
    "range": parse_range,
    "version": parse_version,
    "words": lambda text: list(iter_words(text)),
}
ELEMENTS = ("id", "version", "tags", "icon", "readme", "description", "language", "projectUrl", "minClientVersion")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("reader", READERS)
def test_a_text_is_read_in_proportion_to_its_length(reader: str, text: str) -> None:
    assert growth_of(READERS[reader], TEXTS[text], 2_000) < LINEAR


def in_element(name: str, make: Callable[[int], str]) -> Callable[[int], bytes]:
    def make_nuspec(size: int) -> bytes:
        others = {key: value for key, value in {"id": "A", "version": "1.0"}.items() if key != name}
        return nuspec(**{**others, name: make(size)})

    return make_nuspec


@pytest.mark.parametrize("text", TEXTS)
def test_a_nuspec_is_read_in_proportion_to_its_texts(text: str) -> None:
    for name in ELEMENTS:
        assert growth_of(parse_nuspec, in_element(name, TEXTS[text]), 8_000) < LINEAR, name


def feed(boundary: bytes, piece_bytes: int) -> Callable[[bytes], None]:
    def read(body: bytes) -> None:
        part = FirstPart(boundary)
        for start in range(0, len(body), piece_bytes):
            part.feed(body[start : start + piece_bytes])

    return read


BEGIN = b"--" + BOUNDARY + b"\r\n\r\n"
BODIES: dict[str, Callable[[int], bytes]] = {
    "nothing": lambda size: b"x" * size,
    "near-delimiters": lambda size: (b"\n--" + BOUNDARY + b"x") * (size // 204),
    "half-delimiters": lambda size: (b"\n--" + BOUNDARY[1:]) * (size // 202),
    "padding": lambda size: (b"\n--" + BOUNDARY + b" " * 64) * (size // 267),
    "line-breaks": lambda size: b"\n" * size,
    "headers": lambda size: b"--" + BOUNDARY + b"\r\n" + b"a: b\r\n" * (size // 6),
    "package": lambda size: BEGIN + b"x" * size,
    "package-of-delimiters": lambda size: BEGIN + (b"\n--" + BOUNDARY + b"x") * (size // 204),
    "package-of-ends": lambda size: BEGIN + b"PK\5\6" * (size // 4) + b"\r\n--" + BOUNDARY + b"--",
    "later-parts": lambda size: BEGIN + b"\n--" + BOUNDARY + b"\n" + (b"\n--" + BOUNDARY + b"-x") * (size // 205),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("piece_bytes", [1, 1_000, 1024 * 1024])
def test_a_form_is_read_in_proportion_to_its_length(body: str, piece_bytes: int) -> None:
    size = 4_000 if piece_bytes == 1 else 200_000
    assert growth_of(feed(BOUNDARY, piece_bytes), BODIES[body], size) < LINEAR


def test_lines_that_begin_like_a_delimiter_are_counted() -> None:
    """A form may have none at all, and each takes as long as hundreds of other bytes."""
    near = b"\n--b-" * (MAX_NEAR_DELIMITERS + 1)
    for piece_bytes in (1_000, len(near)):
        for begin in (b"", b"--b\r\n\r\n"):
            with pytest.raises(InvalidForm, match="too often"):
                feed(b"b", piece_bytes)(begin + near)
    feed(b"b", 1_000)(near[: 5 * MAX_NEAR_DELIMITERS])


NESTED = b"\x30\x80" * 31
BERS: dict[str, Callable[[int], bytes]] = {
    "values": lambda size: NESTED + b"\5\0" * size + b"\0\0" * 31,
    "pairs": lambda size: b"\x30\x80" + b"\x30\x80\0\0" * size + b"\0\0",
    "without-end": lambda size: b"\x30\x80" * size,
    "octets": lambda size: b"\x24\x80" + b"\4\0" * size + b"\0\0",
}


@pytest.mark.parametrize("octets", BERS)
def test_a_signature_is_read_in_proportion_to_its_length(octets: str) -> None:
    def walk(value: Any, depth: int = 0) -> None:
        for inner in value.inner() if value.tag & 0x20 and depth < 31 else ():
            walk(inner, depth + 1)

    for read in (read_value, lambda content: walk(read_value(content)), read_signature):
        assert growth_of(read, BERS[octets], 8_000) < LINEAR


PACKAGES: dict[str, Callable[[int], bytes]] = {
    "names-of-marks": lambda size: hostile(*(Member(ACUTE_AND_CEDILLA * (size // 8) + str(at)) for at in range(4))),
    "signatures": lambda size: hostile(*(Member(".signature.p7s", b"a" * 2_000) for _ in range(size // 100))),
    "names": lambda size: hostile(*(Member(f"a/{at}") for at in range(size // 20))),
    "names-that-are-one": lambda size: hostile(*(Member("a/b" + "/" * (at % 9)) for at in range(size // 20))),
    "names-in-a-row": lambda size: hostile(*(Member("a/" * (at % 99)) for at in range(size // 20))),
}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_judged_in_proportion_to_its_size(package: str) -> None:
    def judge(content: bytes) -> None:
        validate_nupkg(BytesIO(content), Limits(), NOW)

    assert growth_of(judge, PACKAGES[package], 4_000) < LINEAR


UNCLOSED = {"comments": lambda size: "/*" * size, "escaped-quotes": lambda size: '"\\' * size}


@pytest.mark.parametrize("text", [*TEXTS, *UNCLOSED])
def test_a_runtime_json_is_read_in_proportion_to_its_length(text: str) -> None:
    def make(size: int) -> bytes:
        return nupkg(files={"runtime.json": {**TEXTS, **UNCLOSED}[text](size).encode()})

    def judge(content: bytes) -> None:
        validate_nupkg(BytesIO(content), Limits(), NOW)

    assert growth_of(judge, make, 2_000) < LINEAR


def test_the_fields_of_a_signed_package_are_read_in_proportion_to_their_length() -> None:
    """Only the size of one field grows here: an entry has 64 KB of them at most."""

    def make(size: int) -> tuple[BytesIO, Archive, Entry]:
        signature = Member(".signature.p7s", b"a", method=0)
        others = [Member(f"a/{at}", central={"extra": b"\1\1\0\0" * size}) for at in range(8)]
        file = BytesIO(hostile(signature, *others))
        zipped = read_archive(file, Limits())
        return file, zipped, zipped.entries[1]

    assert growth_of(lambda made: hash_content(*made, "sha256"), make, 2_000) < LINEAR


CHARACTERS = map(chr, range(0x300, 0x20000))
MARKS = [each for each in CHARACTERS if unicodedata.combining(unicodedata.normalize("NFKD", each)[0])]


@given(st.text(st.one_of(st.sampled_from(MARKS), st.sampled_from("aé각ﬁ\ufdfa"), st.characters()), max_size=200))
def test_normal_forms_are_those_of_unicode(text: str) -> None:
    for form in ("NFC", "NFKC"):
        assert normalize(form, text) == unicodedata.normalize(form, text)
