"""What this server takes as a package, NuGet's library reads without an exception and with the same meaning."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from motherlode.nuget.archive.entry_names import plain_name
from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.nupkg import Nupkg
from motherlode.nuget.nuspec.parser import parse_nuspec
from tests.oracle.differences import DIFFERENCES
from tests.oracle.judging import find_differences, take_package
from tests.oracle.library import Library, Reading
from tests.oracle.packages import make_package

COUNT: Final = 500
SEED: Final = 13

Read = list[tuple[Path, Nupkg | None, Reading]]


@pytest.fixture(scope="module")
def read_both(reader: Library, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Each package, with what this server takes (even on a lenient feed) and what the library reads."""
    return read_packages(reader, list(_write_packages(tmp_path_factory.mktemp("packages"))))


def read_packages(reader: Library, paths: list[Path]) -> Read:
    readings = reader.ask("nupkg", list(map(str, paths)))
    return [(path, take_package(path.read_bytes()), reading) for path, reading in zip(paths, readings, strict=True)]


def _write_packages(folder: Path) -> Iterator[Path]:
    chance = Random(SEED)
    for number in range(COUNT):
        path = folder / f"{number}.nupkg"
        path.write_bytes(make_package(chance))
        yield path


def test_what_is_taken_is_read_without_an_exception(read_both: Read) -> None:
    taken = [(reading.error, names_in(nupkg)) for _, nupkg, reading in read_both if nupkg is not None]
    assert len(taken) > COUNT / 4, "hardly any package is taken"
    assert [each for each in taken if each[0] is not None] == []


def test_what_is_taken_means_the_same(read_both: Read) -> None:
    assert_same_meaning(read_both)


def test_real_packages_mean_the_same(reader: Library, packages: Path) -> None:
    read = read_packages(reader, sorted((packages / "real").glob("*.nupkg")))
    assert [path.name for path, nupkg, reading in read if nupkg is None or reading.is_refused] == []
    assert_same_meaning(read)


def assert_same_meaning(read: Read) -> None:
    whole = [(nupkg, reading) for _, nupkg, reading in read if nupkg is not None and not reading.is_refused]
    assert [
        difference
        for nupkg, reading in whole
        if (package := parse_nuspec(nupkg.nuspec).package) is not None
        for difference in find_differences(nupkg.nuspec, package, reading)
    ] == []
    pairs = [(lib_frameworks(nupkg), frameworks_in(reading)) for nupkg, reading in whole if not has_odd_folder(nupkg)]
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


def names_in(nupkg: Nupkg) -> list[str]:
    return [entry.name for entry in nupkg.entries]


def lib_folders(nupkg: Nupkg) -> set[str]:
    """The folders in lib/ with files in them; not those of long names, which this part of the library does not read."""
    parts = [plain_name(name).split("/") for name in names_in(nupkg)]
    return {each[1] for each in parts if len(each) > 2 and each[0].lower() == "lib" and "," not in each[1]}


def lib_frameworks(nupkg: Nupkg) -> set[str]:
    """What lib/ is for, by short names."""
    return {found.short for found in map(parse_framework, lib_folders(nupkg)) if found.is_supported}


def frameworks_in(reading: Reading) -> set[str]:
    return {*json.loads(reading.values[0])["folders"][0]} - {"any", "unsupported"}


def has_odd_folder(nupkg: Nupkg) -> bool:
    """Whether one is a framework that is read otherwise on purpose."""
    explains = [explain for (kind, _), explain in DIFFERENCES.items() if kind == "framework"]
    return any(explain(folder) for folder in lib_folders(nupkg) for explain in explains)
