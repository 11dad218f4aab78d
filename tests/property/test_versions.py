"""Versions, for all that the grammar allows and for any text."""

import contextlib
from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from motherlode.nuget.versions import InvalidVersion, Version, parse_version

NUMBERS = st.one_of(st.integers(0, 3), st.integers(0, 2**31 - 1))
CHARACTERS = "019abzABZ-"
LABELS = st.one_of(
    st.sampled_from(["0", "1", "2", "10", "-5", "-05", "-0", "--", "a", "A", "beta", "Beta", "beta-", "0a"]),
    st.integers(0, 2**33).map(str),
    st.text(CHARACTERS, min_size=1, max_size=5),
).filter(lambda label: not (label.isdigit() and len(label) > 1 and label[0] == "0"))
METADATA = st.text(CHARACTERS, min_size=1, max_size=5)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A version as someone may write it."""
    numbers = draw(st.lists(NUMBERS, min_size=1, max_size=4))
    zeros = draw(st.sampled_from(["", "0", "00"]))
    labels = draw(st.lists(LABELS, max_size=3))
    metadata = draw(st.lists(METADATA, max_size=2))
    text = ".".join(f"{zeros}{number}" for number in numbers)
    text += f"-{'.'.join(labels)}" if labels else ""
    return text + (f"+{'.'.join(metadata)}" if metadata else "")


VERSIONS = texts().map(parse_version)


class TestNormalisation:
    """Missing parts are 0; leading zeros dropped; 4th part dropped if 0; metadata removed; label case kept."""

    @given(texts())
    def test_the_normal_form_reads_as_the_same_version_and_is_stable(self, text):
        version = parse_version(text)
        again = parse_version(version.normalized)
        assert again == version
        assert again.normalized == version.normalized
        assert again.metadata == ""
        assert parse_version(version.full).full == version.full

    @given(VERSIONS)
    def test_its_numbers_are_three_or_four_without_leading_zeros(self, version):
        numbers = version.normalized.split("-")[0].split(".")
        assert len(numbers) in (3, 4)
        assert all(str(int(number)) == number for number in numbers)
        assert len(numbers) == 3 or numbers[3] != "0"


class TestIdentity:
    """Identity is the normalised form, case-insensitive, ignoring metadata."""

    @given(VERSIONS)
    def test_spelling_casing_and_metadata_do_not_matter(self, version):
        zero = "" if version.revision else ".0"
        numbers = f"0{version.normalized.split('-')[0]}{zero}"
        labels = f"-{'.'.join(version.labels)}".upper() if version.labels else ""
        spelt = parse_version(f" {numbers}{labels}+other ")
        assert spelt == version
        assert hash(spelt) == hash(version)
        assert spelt.sort_key == version.sort_key


class TestPrecedence:
    """Major, minor, patch, revision by number; release above prerelease; labels left to right: numeric below text,
    numeric by value (as Int32), else ordinal ignoring case; the shorter list first. Metadata is ignored."""

    @given(VERSIONS, VERSIONS)
    def test_the_sort_key_orders_as_the_clause_says(self, left, right):
        expected = _precedence(left, right)
        assert (left.sort_key > right.sort_key) - (left.sort_key < right.sort_key) == expected
        assert expected == 0 or (left < right) == (expected < 0)

    @given(st.lists(VERSIONS, max_size=8))
    def test_sorting_is_the_same_by_either(self, versions):
        by_clause = [version.sort_key for version in sorted(versions, key=cmp_to_key(_precedence))]
        assert [version.sort_key for version in sorted(versions)] == by_clause

    @given(VERSIONS, VERSIONS)
    def test_order_is_total_and_agrees_with_equality(self, left, right):
        assert [left < right, left == right, left > right].count(True) == 1
        assert (left <= right) == (not left > right)
        assert (left >= right) == (not left < right)


class TestGrammar:
    """`Major[.Minor[.Patch[.Revision]]][-label(.label)*][+meta(.meta)*]`, surrounding blanks trimmed."""

    @given(st.one_of(st.text(), st.text("0123456789.-+ aZ*", max_size=20)))
    def test_any_text_is_a_version_or_refused_with_a_sentence(self, text):
        with contextlib.suppress(InvalidVersion):
            version = parse_version(text)
            assert version.written == text.strip()
            assert version.full.isascii()


def _precedence(left: Version, right: Version) -> int:
    ours, theirs = _numbers(left), _numbers(right)
    if ours != theirs:
        return -1 if ours < theirs else 1
    if not left.labels or not right.labels:
        return (not left.labels) - (not right.labels)
    for mine, other in zip(left.labels, right.labels, strict=False):
        if (result := _compare_labels(mine, other)) != 0:
            return result
    return (len(left.labels) > len(right.labels)) - (len(left.labels) < len(right.labels))


def _numbers(version: Version) -> tuple[int, ...]:
    return version.major, version.minor, version.patch, version.revision


def _compare_labels(left: str, right: str) -> int:
    ours, theirs = _int32(left), _int32(right)
    if ours is not None and theirs is not None:
        return (ours > theirs) - (ours < theirs)
    if ours is None and theirs is None:
        return (left.upper() > right.upper()) - (left.upper() < right.upper())
    return -1 if ours is not None else 1


def _int32(label: str) -> int | None:
    digits = label.removeprefix("-")
    if not digits.isdigit() or not -(2**31) <= int(label) < 2**31:
        return None
    return int(label)
