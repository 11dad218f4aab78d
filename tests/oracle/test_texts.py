"""What this server takes, NuGet's library reads without an exception and with the same meaning.

20,000 texts of each kind are read by both; texts that are read otherwise must be among the differences that
docs/validation.md lists.
"""

from collections.abc import Callable
from typing import Final

import pytest

from motherlode.nuget.addresses import find_address
from motherlode.nuget.frameworks import find_framework
from motherlode.nuget.ids import InvalidId, parse_package_id
from motherlode.nuget.licenses import InvalidLicense, parse_license
from motherlode.nuget.ranges import InvalidVersionRange, parse_range
from motherlode.nuget.versions import InvalidVersion, parse_version
from tests.oracle import texts
from tests.oracle.differences import DIFFERENCES, listed_differences
from tests.oracle.library import Library, Reading

COUNT: Final = 20_000
SEED: Final = 13

Meaning = tuple[str, ...] | None
THROWS: Final = ("throws",)
UNSUPPORTED: Final = ("unsupported",)


def read_version(text: str) -> Meaning:
    """Normalised and full form, and how old clients treat it."""
    try:
        version = parse_version(text)
    except InvalidVersion:
        return None
    return version.normalized, version.full, str(version.is_prerelease), str(version.is_semver2)


def read_range(text: str) -> Meaning:
    """The normalised form."""
    try:
        return (parse_range(text).normalized,)
    except InvalidVersionRange:
        return None


def read_id(text: str) -> Meaning:
    """The folded form."""
    try:
        return (parse_package_id(text).key,)
    except InvalidId:
        return None


def read_license(text: str) -> Meaning:
    """Whether it is an expression of listed licenses."""
    try:
        parse_license(text)
    except InvalidLicense:
        return None
    return ("standard",)


KINDS: Final[dict[str, tuple[texts.Maker, Callable[[str], Meaning]]]] = {
    "version": (texts.make_version, read_version),
    "range": (texts.make_range, read_range),
    "id": (texts.make_id, read_id),
    "license": (texts.make_license, read_license),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_read_as_the_library_reads_it(library: Library, kind: str) -> None:
    make, read = KINDS[kind]
    made = texts.make_texts(make, COUNT, SEED)
    readings = library.ask(kind, made)
    pairs = [
        (text, read(text), None if reading.is_refused else reading.values)
        for text, reading in zip(made, readings, strict=True)
    ]
    assert sum(ours is not None for _, ours, _ in pairs) > COUNT / 20, "hardly any text is valid"
    assert [(text, ours, theirs) for text, ours, theirs in pairs if ours is not None and ours != theirs] == []
    assert_explained(kind, [text for text, ours, theirs in pairs if ours != theirs])


def test_an_address_that_is_shown_is_one_that_dotnet_reads(library: Library) -> None:
    made = texts.make_texts(texts.make_address, COUNT, SEED)
    shown = [found for found in map(find_address, made) if found is not None]
    assert len(shown) > COUNT / 20, "hardly any address is valid"
    assert [
        address for address, reading in zip(shown, library.ask("uri", shown), strict=True) if reading.is_refused
    ] == []


def test_a_framework_is_read_as_the_library_reads_it(library: Library) -> None:
    made = [text for text in texts.make_texts(texts.make_framework, COUNT, SEED) if text]
    readings = library.ask("framework", made)
    pairs = [(text, read_framework(text), meaning_of(reading)) for text, reading in zip(made, readings, strict=True)]
    assert sum(len(ours) > 1 for _, ours, _ in pairs) > COUNT / 20, "hardly any framework is valid"
    assert [pair for pair in pairs if pair[2] == THROWS and pair[1] != THROWS] == []
    assert_explained("framework", [text for text, ours, theirs in pairs if ours != theirs])


def read_framework(text: str) -> tuple[str, ...]:
    """Long and short name, or what clients do with the text."""
    framework = find_framework(text)
    if framework is None:
        return ("any",)
    if not framework.is_readable:
        return THROWS
    if not framework.is_supported:
        return UNSUPPORTED
    return framework.canonical.partition(",Platform=")[0].lower(), framework.short


def meaning_of(reading: Reading) -> tuple[str, ...]:
    """The same of the library, whose long name has no platform."""
    if reading.is_refused:
        return THROWS if reading.error else UNSUPPORTED
    return (reading.values[0].lower(), *reading.values[1:2]) if len(reading.values) > 1 else reading.values


def assert_explained(kind: str, differing: list[str]) -> None:
    """Each text is explained by a listed difference, and each difference explains one."""
    explains = {name: explain for (its_kind, name), explain in DIFFERENCES.items() if its_kind == kind}
    assert [text for text in differing if not any(explain(text) for explain in explains.values())] == []
    assert [name for name, explain in explains.items() if not any(map(explain, differing))] == []


def test_the_differences_are_those_of_the_documentation() -> None:
    kinds = {kind for kind, _ in DIFFERENCES}
    assert {*DIFFERENCES} == {(kind, name) for kind, name in listed_differences() if kind in kinds}
