"""Version ranges: the bracket forms, how they print, and what lies inside."""

import pytest

from motherlode.nuget.ranges import ANY, InvalidVersionRange, parse_range
from motherlode.nuget.versions import parse_version


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("1.0", "[1.0.0, )"),
        (" 1.0 ", "[1.0.0, )"),
        ("[1.0]", "[1.0.0, 1.0.0]"),
        ("(,1.0]", "(, 1.0.0]"),
        ("(,1.0)", "(, 1.0.0)"),
        ("[,1.0)", "(, 1.0.0)"),
        ("[1.0,2.0)", "[1.0.0, 2.0.0)"),
        ("( 1.0 , 2.0 ]", "(1.0.0, 2.0.0]"),
        ("[1.0,1.0.0]", "[1.0.0, 1.0.0]"),
        ("(1.0,)", "(1.0.0, )"),
        ("[1.0,]", "[1.0.0, )"),
        ("(, )", "(, )"),
        ("[ , ]", "(, )"),
        ("[1.0-RC+x, 2]", "[1.0.0-RC, 2.0.0]"),
    ],
)
def test_a_range_prints_normalised(text, normalized):
    assert parse_range(text).normalized == str(parse_range(text)) == normalized


@pytest.mark.parametrize(
    "text",
    [
        *(
            "(1.0)",
            "[1.0)",
            "(1.0]",
            "(,)",
            "[]",
            "[,]",
            "[ ]",
            "()",
            "[",
            "(",
            "]",
            "",
            " ",
            "[1,2,3]",
            "[1.0",
            "1.0]",
        ),
        *(
            "[2,1]",
            "[1,1)",
            "(1,1]",
            "(1,1)",
            "*",
            "1.*",
            "[1.*,2)",
            "latest",
            "[1;2]",
            "1.0,2.0",
            "[1.0 2.0]",
            "a" * 9999,
        ),
    ],
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(InvalidVersionRange, match=r"not a valid version range.*Use 1\.0") as refused:
        parse_range(text)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.0", "1.0 1.0.0+x 2.0", "1.0-a 0.9"),
        ("(1.0,)", "1.0.0.1 1.0.1-a", "1.0 0.9"),
        ("[1.0]", "1.0 1.0.0.0", "1.0-a 1.0.1"),
        ("[1.0,2.0)", "1.0 1.9 2.0-a", "0.9 2.0 2.1"),
        ("(,2.0]", "0.0 2.0", "2.0.0.1"),
        ("(, )", "0.0.0-0 99.0", ""),
    ],
)
def test_what_lies_inside(text, inside, outside):
    versions = parse_range(text)
    assert all(versions.satisfied_by(parse_version(version)) for version in inside.split())
    assert not any(versions.satisfied_by(parse_version(version)) for version in outside.split())


@pytest.mark.parametrize(
    ("text", "is_semver2"), [("1.0", False), ("1.0-a", False), ("1.0-a.1", True), ("(,1.0-a.1]", True), ("1.0+b", True)]
)
def test_a_range_is_semver2_by_its_bounds(text, is_semver2):
    assert parse_range(text).is_semver2 is is_semver2


def test_a_range_keeps_how_it_was_written_but_equality_ignores_it():
    assert parse_range(" [1.0, 2) ").written == "[1.0, 2)"
    assert parse_range("[1.0,2)") == parse_range("[1, 2.0.0)")
    assert parse_range("(, )") == ANY
