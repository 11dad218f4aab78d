"""Versions: grammar, normal form, identity and order."""

import random

import pytest

from motherlode.nuget.versions import InvalidVersion, Version, parse_version

ASCENDING = [
    *("0.0.0", "1.0.0--6", "1.0.0--5", "1.0.0-0", "1.0.0-1", "1.0.0-2"),
    *("1.0.0-10", "1.0.0-2147483647", "1.0.0--", "1.0.0--a", "1.0.0-0a", "1.0.0-20240101000000"),
    *("1.0.0-2147483648", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-alpha-", "1.0.0-Beta"),
    *("1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-beta11", "1.0.0-beta2", "1.0.0-rc.1", "1.0.0"),
    *("1.0.0.1-a", "1.0.0.1", "1.0.1", "1.2", "1.10", "2.0"),
    *("10.0", "2147483647.2147483647.2147483647.2147483647"),
]


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        *((text, "1.0.0") for text in ("1", "1.0", " 1.0.0 ", "\n1.0\t", "01.0.00", "1.0.0.0", "1.0.0+x", "1.0.0+007")),
        ("1.01.1", "1.1.1"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.0.7+r3", "1.0.7"),
        ("1.0-beta", "1.0.0-beta"),
        ("1.2.3.4-RC.1+b.007", "1.2.3.4-RC.1"),
        ("1.0.0-0", "1.0.0-0"),
        ("1.0.0-0a", "1.0.0-0a"),
        ("1.0.0-01a", "1.0.0-01a"),
        ("1.0.0--", "1.0.0--"),
        ("0" * 50 + "1.0", "1.0.0"),
    ],
)
def test_a_version_is_normalised(text, normalized):
    assert parse_version(text).normalized == normalized


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "v1.0",
            "1..0",
            "1.",
            ".1",
            "-1.0",
            "+1.0",
            "1.0.0.0.0",
            "2147483648.0",
            "9" * 5000,
            "1. 0.0",
            "1,0",
        ),
        *("1.0.0-00", "1.0.0-01", "1.0.0-a.01", "1.0.0-a..b", "1.0.0-", "1.0.0+", "1.0.0-a+", "1.0.0-a_b", "1.0.0-a b"),
        *(
            "1.0.0+a+b",
            "1.0.0+a..b",
            "1.0.*",
            "[1.0]",
            "$version$",
            "latest",
            "１.0.0",
            "1.٢.0",
            "1.0.0-ü",
            "1.0.0-a/b",
        ),
    ],
)
def test_what_is_no_version_is_refused(text):
    with pytest.raises(InvalidVersion) as refused:
        parse_version(text)
    assert len(str(refused.value)) < 400


def test_the_parts_of_a_version():
    version = parse_version(" 1.02.3.4-RC.1+b.007 ")
    assert (version.major, version.minor, version.patch, version.revision) == (1, 2, 3, 4)
    assert (version.labels, version.metadata) == (("RC", "1"), "b.007")
    assert version.written == "1.02.3.4-RC.1+b.007"
    assert version.full == "1.2.3.4-RC.1+b.007"
    assert version.key == "1.2.3.4-rc.1"
    assert str(version) == "1.2.3.4-RC.1"


@pytest.mark.parametrize(
    ("text", "is_prerelease", "is_semver2"),
    [
        ("1.0", False, False),
        ("1.2.3.4", False, False),
        ("1.0-beta", True, False),
        ("1.0-beta.1", True, True),
        ("1.0+x", False, True),
        ("1.0+a-b", False, True),
    ],
)
def test_prerelease_and_semver2(text, is_prerelease, is_semver2):
    version = parse_version(text)
    assert (version.is_prerelease, version.is_semver2) == (is_prerelease, is_semver2)


def test_identity_ignores_spelling_casing_and_metadata():
    spelt = {parse_version(text) for text in ("1.0-Beta", "1.0.0-beta", "1.0.0.0-BETA+x")}
    assert len(spelt) == 1
    assert parse_version("1.0") != parse_version("1.0.0.1")


def test_order_is_that_of_nuget():
    shuffled = [parse_version(text) for text in ASCENDING]
    random.Random(1).shuffle(shuffled)
    assert [version.written for version in sorted(shuffled)] == ASCENDING
    assert [version.written for version in sorted(shuffled, key=lambda version: version.sort_key)] == ASCENDING


def test_a_number_label_beyond_int32_is_text():
    """The clients ask Int32.TryParse, so a time stamp of 14 digits sorts after every number that fits."""
    assert parse_version("1.0-2147483647") < parse_version("1.0-20240101000000") < parse_version("1.0-2147483648")


def test_equal_precedence_still_has_one_order():
    minus_five, minus_zero_five = parse_version("1.0--5"), parse_version("1.0--05")
    assert minus_five.sort_key == minus_zero_five.sort_key
    assert minus_zero_five < minus_five
    assert minus_five > minus_zero_five
    assert minus_five >= minus_zero_five
    assert minus_zero_five <= minus_five


def test_a_version_made_of_parts_is_written_in_full():
    assert Version(1, 2, 3, labels=("a",), metadata="b").written == "1.2.3-a+b"
