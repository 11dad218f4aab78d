"""Version ranges, for all bounds and brackets and for any text."""

import contextlib

from hypothesis import assume, given
from hypothesis import strategies as st

from motherlode.nuget.ranges import InvalidVersionRange, VersionRange, parse_range
from motherlode.nuget.versions import Version, parse_version

SMALL = st.builds(
    lambda numbers, label: ".".join(map(str, numbers)) + label,
    st.lists(st.integers(0, 2), min_size=1, max_size=4),
    st.sampled_from(["", "-a", "-a.1", "-1", "-B", "+m"]),
)
VERSIONS = SMALL.map(parse_version)
BLANKS = st.sampled_from(["", " "])


@st.composite
def ranges(draw: st.DrawFn) -> VersionRange:
    """A range that can be parsed, in any of its forms."""
    low, high, blank = draw(SMALL), draw(SMALL), draw(BLANKS)
    opening, closing = draw(st.sampled_from("[(")), draw(st.sampled_from("])"))
    two_bounds = [f"{opening}{low},{blank}{high}{closing}", f"{opening}{low}, )", f"(,{high}{closing}"]
    text = draw(st.sampled_from([low, f"[{low}]", *two_bounds]))
    try:
        return parse_range(text)
    except InvalidVersionRange:
        assume(False)
        raise


class TestPrinting:
    """Normalised printing: `[1.0.0, )`, `(, 2.0.0)`, `[1.0.0, 1.0.0]`, `(, )`: comma, blank, unbounded side round."""

    @given(ranges())
    def test_what_is_printed_reads_as_the_same_range(self, versions):
        again = parse_range(versions.normalized)
        assert again == versions
        assert again.normalized == versions.normalized
        assert ", " in versions.normalized
        assert versions.normalized.startswith("(,") == (versions.min is None)
        assert versions.normalized.endswith(", )") == (versions.max is None)


class TestSatisfaction:
    """`1.0` is at least 1.0; `[1.0]` is exact; square brackets include a bound, round ones do not."""

    @given(ranges(), VERSIONS)
    def test_a_version_is_inside_when_both_bounds_say_so(self, versions, version):
        assert versions.satisfied_by(version) == (_above(versions, version) and _below(versions, version))

    @given(ranges())
    def test_included_bounds_are_inside_and_others_are_not(self, versions):
        for bound, is_included in ((versions.min, versions.include_min), (versions.max, versions.include_max)):
            assert bound is None or versions.satisfied_by(bound) is is_included


class TestSemVer2:
    """A package is SemVer 2 if any dependency range has a SemVer 2 min or max."""

    @given(ranges())
    def test_a_bound_decides(self, versions):
        bounds = [bound for bound in (versions.min, versions.max) if bound is not None]
        assert versions.is_semver2 is any(bound.is_semver2 for bound in bounds)


class TestStrictness:
    """Invalid: `(1.0)`, `[1.0)`, min above max, equal bounds with one side open, `(,)`, `[]`, floating."""

    @given(st.text("[](), .*-+0123456789a", max_size=14))
    def test_any_text_is_a_range_that_prints_or_is_refused(self, text):
        with contextlib.suppress(InvalidVersionRange):
            versions = parse_range(text)
            assert "*" not in text
            assert parse_range(versions.normalized) == versions


def _above(versions: VersionRange, version: Version) -> bool:
    if versions.min is None or version.sort_key == versions.min.sort_key:
        return versions.min is None or versions.include_min
    return version > versions.min


def _below(versions: VersionRange, version: Version) -> bool:
    if versions.max is None or version.sort_key == versions.max.sort_key:
        return versions.max is None or versions.include_max
    return version < versions.max
