"""What this server takes as a nuspec, NuGet's library reads without an exception and with the same meaning."""

from random import Random
from typing import Final

import pytest

from motherlode.nuget.package import Package
from tests.oracle.documents import make_nuspec
from tests.oracle.judging import NUSPEC_DIFFERENCES, find_differences, listed_differences, take_nuspec
from tests.oracle.library import Library, Reading, encode_nuspec

COUNT: Final = 20_000
SEED: Final = 13

Read = list[tuple[bytes, Package | None, Reading]]


@pytest.fixture(scope="module")
def read_both(reader: Library) -> Read:
    """Each nuspec, with what this server takes (even on a lenient feed) and what the library reads."""
    chance = Random(SEED)
    documents = [make_nuspec(chance) for _ in range(COUNT)]
    readings = reader.ask("nuspec", [encode_nuspec(document) for document in documents])
    return [(each, take_nuspec(each), reading) for each, reading in zip(documents, readings, strict=True)]


def test_what_is_taken_is_read_without_an_exception(read_both: Read) -> None:
    taken = [(reading.error, document) for document, package, reading in read_both if package is not None]
    assert len(taken) > COUNT / 4, "hardly any nuspec is taken"
    assert [each for each in taken if each[0] is not None] == []


def test_what_is_taken_means_the_same(read_both: Read) -> None:
    differing = [
        (document, difference)
        for document, package, reading in read_both
        if package is not None and not reading.is_refused
        for difference in find_differences(document, package, reading)
    ]
    assert differing == []


def test_the_differences_are_those_of_the_documentation() -> None:
    assert [*NUSPEC_DIFFERENCES] == listed_differences()
