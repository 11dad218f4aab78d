"""Inputs that strangers tried, each with its right answer: MOTHERLODE_PACKAGES/found."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from motherlode.nuget.nupkg import Limits, Nupkg, Strictness, ValidationResult, validate_nupkg

FOLDER: Final = Path(os.environ.get("MOTHERLODE_PACKAGES", "/nowhere")) / "found"
NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
REFUSED_ALWAYS: Final = {
    **dict.fromkeys(("type-version-1", "type-version-label", "type-version-metadata"), "type-version-invalid"),
    "type-version-empty": "type-version-invalid",
    "client-version-empty": "client-version-invalid",
    **dict.fromkeys(("flag-empty", "flag-empty-serviceable"), "flag-invalid"),
    **dict.fromkeys(("framework-capital-v", "framework-portable-hyphen"), "framework-unreadable"),
    **dict.fromkeys(("framework-portable-hyphen-lenient", "references-group-unreadable"), "framework-unreadable"),
    **dict.fromkeys(("reference-group-no-framework", "reference-no-name"), "framework-reference-invalid"),
    "deflate64": "entry-method-unknown",
    "name-259": "entry-name-too-long",
}
REFUSED_BY_GALLERY: Final = {
    **dict.fromkeys(("framework-blanks", "framework-nbsp"), "framework-unknown"),
    "framework-full": "dependency-group-repeated",
    "content-types-twice": "wrapping-twice",
    **dict.fromkeys(("icon-other-case", "icon-element-empty"), "icon-not-packed"),
}


def judge(name: str, strictness: Strictness = Strictness.GALLERY) -> ValidationResult:
    path = FOLDER / f"{name}.nupkg"
    if not path.is_file():
        assert not os.environ.get("CI"), "MOTHERLODE_PACKAGES is not set"
        pytest.skip("MOTHERLODE_PACKAGES is not set: real packages are not here")
    return validate_nupkg(io.BytesIO(path.read_bytes()), Limits(), NOW, strictness)


def taken(name: str, strictness: Strictness = Strictness.GALLERY) -> Nupkg:
    found = judge(name, strictness).nupkg
    assert found is not None
    return found


def codes(verdict: ValidationResult) -> set[str]:
    return {fault.code for fault in verdict.faults}


@pytest.mark.parametrize("name", [path.stem for path in sorted(FOLDER.glob("xml-*.nupkg"))])
@pytest.mark.parametrize("strictness", Strictness)
def test_xml_that_no_client_reads_is_refused(name: str, strictness: Strictness) -> None:
    assert codes(judge(name, strictness)) == {"nuspec-not-xml"}


@pytest.mark.parametrize("name", REFUSED_ALWAYS)
@pytest.mark.parametrize("strictness", Strictness)
def test_what_a_client_stops_on_is_refused_on_every_feed(name: str, strictness: Strictness) -> None:
    assert codes(judge(name, strictness)) == {REFUSED_ALWAYS[name]}


@pytest.mark.parametrize("name", REFUSED_BY_GALLERY)
def test_what_the_gallery_refuses_is_a_warning_on_a_lenient_feed(name: str) -> None:
    assert REFUSED_BY_GALLERY[name] in codes(judge(name))
    assert REFUSED_BY_GALLERY[name] in {fault.code for fault in taken(name, Strictness.LENIENT).warnings}


def test_deflate64_is_not_said_to_be_read_by_no_client() -> None:
    assert all("no client" not in fault.message for fault in judge("deflate64").faults)


def test_elements_are_found_in_any_letter_case() -> None:
    package = taken("element-casing").package
    assert (package.title, package.release_notes) == ("A title", "Notes.")
    assert taken("element-casing-description").package.description == "d"


def test_owners_are_shown_where_there_are_no_authors() -> None:
    assert taken("authors-from-owners").package.authors == "Ann"


def test_a_readme_of_blanks_is_a_readme() -> None:
    assert taken("readme-blank").package.readme == "README.md"


def test_frameworks_written_as_numbers() -> None:
    groups = taken("framework-numbers").package.dependency_groups
    assert [group.framework and group.framework.short for group in groups] == ["net35", "net45"]
    assert [framework.short for framework in taken("folder-numbers").package.frameworks] == ["net20", "net40"]


def test_folders_of_one_framework_are_one() -> None:
    assert [each.short for each in taken("framework-full", Strictness.LENIENT).package.frameworks] == ["net40"]


@pytest.mark.parametrize("name", ["address-two-at", "address-bracket", "address-digits-label"])
def test_an_address_that_clients_cannot_read_is_left_out(name: str) -> None:
    assert taken(name).package.icon_url is None
