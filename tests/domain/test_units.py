"""Sizes and durations: one meaning or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.units import MAX_DURATION_S, format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("250MB", 262_144_000), ("1", 1), ("7B", 7), ("1kb", 1024), (" 2 GB ", 2 << 30), ("3TB", 3 << 40)],
)
def test_a_size_counts_in_steps_of_1024(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "0", "0MB", "-1", "1.5MB", "1e3", "MB", "1 M B", "1PB", "١MB", "9" * 5000, "999999999TB", "1MB\n2"]
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600), ("30d", 2_592_000)])
def test_a_duration_is_a_number_and_a_unit(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "90", "1.5h", "-1d", "1w", "1D", "1d12h", "36501d", "9" * 5000 + "d"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@given(st.integers(1, (1 << 59) - 1))
def test_a_size_reads_back_as_it_was_shown(size):
    assert parse_size(format_size(size)) == size


@given(st.integers(1, MAX_DURATION_S))
def test_a_duration_reads_back_as_it_was_shown(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


def test_the_shortest_form_is_shown():
    assert (format_size(250 << 20), format_size(1025), format_size(1 << 40)) == ("250MB", "1025B", "1TB")
    assert (format_duration(90 * 86400), format_duration(90), format_duration(900)) == ("90d", "90s", "15m")
