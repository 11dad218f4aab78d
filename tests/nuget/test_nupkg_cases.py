"""Hostile, odd and real packages from outside, judged by the reader alone."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from motherlode.nuget.faults import FaultyPackage
from motherlode.nuget.nupkg import Limits, Nupkg, Strictness, ValidationResult, read_nupkg, validate_nupkg
from tests.support.bad_cases import make_large_cases

FOLDER = Path(os.environ.get("MOTHERLODE_PACKAGES", "/nowhere"))
DANGEROUS = (
    *("bomb-nuspec", "bomb-shared", "count-", "crc-", "deflate-", "device-", "directory-", "empty", "encoding-"),
    *(
        "encrypted-",
        "entries-",
        "extra-",
        "gzip",
        "html-",
        "id-slash",
        "id-dots",
        "id-traversal",
        "id-percent",
        "id-kelvin",
    ),
    *(
        "id-markup",
        "id-newline",
        "local-",
        "many-",
        "metadata-two-ids",
        "metadata-two-versions",
        "method-",
        "name-control",
    ),
    *("name-empty", "name-file-and-folder", "name-invalid", "name-nul", "no-", "only-", "prefix", "rar", "readme-liar"),
    *("dependency-bad", "dependency-empty-range", "dependency-floating", "dependency-inverted", "dependency-word"),
    *(
        "signature-",
        "signed-",
        "size-",
        "slip-",
        "suffix",
        "symlink",
        "text",
        "truncated",
        "twice-",
        "two-",
        "xml-",
        "zip64-",
    ),
)
REFUSED_HERE = ("name-300.nupkg",)
"""A file name of more than 255 bytes: no client on any common system can unpack it, as docs/validation.md says."""
REFUSED_GALLERY_PACKAGES = {
    "PackageWithDoubleBackwardSlash.1.0.0.nupkg": "entry-double-backslash",
    "PackageWithDoubleForwardSlash.1.0.0.nupkg": "entry-twice",
    "PackageWithInvalidUnicodeCharacters.1.0.0.nupkg": "nuspec-noncharacter",
    "PackageWithVeryLongZipFileEntry.1.0.0.nupkg": "entry-twice",
    "Zip64Package.Corrupted.1.0.0.nupkg": "zip64-broken",
}


def table(name: str) -> list[dict[str, Any]]:
    """The rows about packages of one table, none where the folder is not there."""
    path = FOLDER / name
    rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return [row for row in rows if row.get("endpoint", "package") == "package"]


def named(rows: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(row, id=row["file"]) for row in rows]


def read(path: Path, strictness: Strictness = Strictness.GALLERY) -> Nupkg:
    with path.open("rb") as file:
        return read_nupkg(file, Limits(), datetime.now(UTC), strictness)


def judge(path: Path, strictness: Strictness = Strictness.GALLERY) -> ValidationResult:
    with path.open("rb") as file:
        return validate_nupkg(file, Limits(), datetime.now(UTC), strictness)


@pytest.fixture(scope="session")
def made_cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cases that are too large to be kept, made for this session."""
    home = tmp_path_factory.mktemp("cases")
    yield make_large_cases(FOLDER, home)
    shutil.rmtree(home)


@pytest.fixture
def bad_folder(request: pytest.FixtureRequest, case: dict[str, Any]) -> Path:
    return FOLDER / "bad" if case["kept"] else request.getfixturevalue("made_cases")


def test_packages_are_here() -> None:
    if "MOTHERLODE_PACKAGES" not in os.environ and not os.environ.get("CI"):
        pytest.skip("MOTHERLODE_PACKAGES is not set: real packages are not here")
    assert len(table("bad/cases.json")) > 200
    assert len(table("made/cases.json")) > 50
    assert len(table("real.json")) > 80


@pytest.mark.parametrize(
    "case", named([row for row in table("bad/cases.json") if row["expect"] == 201 and row["file"] not in REFUSED_HERE])
)
def test_what_only_looks_bad_is_taken(case: dict[str, Any], bad_folder: Path) -> None:
    for strictness in Strictness:
        found = read(bad_folder / case["file"], strictness)
        assert found.package.identity.id.key
        assert not found.is_signed


@pytest.mark.parametrize(
    "case", named([row for row in table("bad/cases.json") if row["expect"] == 400 or row["file"] in REFUSED_HERE])
)
def test_what_is_bad_is_refused(case: dict[str, Any], bad_folder: Path) -> None:
    verdict = judge(bad_folder / case["file"])
    assert verdict.nupkg is None
    assert verdict.faults
    assert all(fault.message.isprintable() and fault.message.endswith(".") for fault in verdict.faults)


@pytest.mark.parametrize(
    "case",
    named([row for row in table("bad/cases.json") if row["expect"] == 400 and row["file"].startswith(DANGEROUS)]),
)
def test_what_is_dangerous_is_refused_on_lenient_feeds_too(case: dict[str, Any], bad_folder: Path) -> None:
    assert judge(bad_folder / case["file"], Strictness.LENIENT).nupkg is None


@pytest.mark.parametrize("case", named(table("made/cases.json")))
def test_every_odd_package_is_taken(case: dict[str, Any]) -> None:
    for strictness in Strictness:
        identity = read(FOLDER / "made" / case["file"], strictness).package.identity
        assert (identity.id.written, identity.version.written) == (case["id"], case["version"])


@pytest.mark.parametrize("case", named(table("real.json")))
def test_every_real_package_is_read_as_another_reader_does(case: dict[str, Any]) -> None:
    found = read(FOLDER / "real" / case["file"])
    assert judge(FOLDER / "real" / case["file"], Strictness.LENIENT).nupkg == found
    package = found.package
    assert (package.identity.id.written, package.identity.version.written) == (case["id"], case["version"])
    assert len(found.entries) == case["entries"]
    assert found.is_signed == bool(case["signatures"])
    for path, expected in ((package.icon, case["icon"]), (package.readme, case["readme"])):
        assert path == (expected.replace("\\", "/") if expected else None)
    if case["license"] and case["license"]["type"] != "url":
        assert package.license is not None
        assert (package.license.kind, package.license.value) == (case["license"]["type"], case["license"]["value"])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("documents/gallery-tests/*.nupkg")), ids=lambda path: path.name)
def test_packages_of_the_gallerys_own_tests_are_judged_as_there(path: Path) -> None:
    if path.name in REFUSED_GALLERY_PACKAGES:
        with pytest.raises(FaultyPackage) as refused:
            read(path)
        assert REFUSED_GALLERY_PACKAGES[path.name] in {fault.code for fault in refused.value.faults}
    else:
        assert read(path).package.identity.id.key
