"""Globs: which ids a key is for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.permissions import is_glob_match
from motherlode.nuget.ids import parse_package_id

WIDGETS = parse_package_id("Acme.Widgets")


@pytest.mark.parametrize(
    "glob",
    ["*", "**", "Acme.*", "acme.*", "ACME.WIDGETS", "*.Widgets", "*widgets", "A*s", "Acme.Widgets*", "*Acme.Widgets*"],
)
def test_a_glob_matches_the_whole_id_in_any_casing(glob):
    assert is_glob_match(glob, WIDGETS)


@pytest.mark.parametrize(
    "glob",
    [
        "",
        "Acme",
        "Acme.",
        "cme.*",
        "*.Widget",
        "Acme.*.*",
        "Acme.*Acme.Widgets",
        "*s*s",
        "Acme?Widgets",
        "Acme[.]Widgets",
    ],
)
def test_a_glob_is_anchored_at_both_ends_and_a_dot_is_a_dot(glob):
    assert not is_glob_match(glob, WIDGETS)


def test_only_a_star_is_special():
    assert not is_glob_match("Acme.Widget?", WIDGETS)
    assert not is_glob_match("Acme.Widget.", WIDGETS)
    assert not is_glob_match("(Acme|Other).Widgets", WIDGETS)


def test_a_piece_is_not_counted_twice():
    """`ab*ba` needs four letters: its ends may not overlap."""
    assert not is_glob_match("ab*ba", parse_package_id("aba"))
    assert is_glob_match("ab*ba", parse_package_id("abba"))


@given(
    st.text("ab.*", max_size=12),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=4).map(".".join),
)
def test_a_glob_means_what_the_regular_expression_means(glob, text):
    expression = ".*".join(re.escape(piece) for piece in glob.split("*"))
    assert is_glob_match(glob, parse_package_id(text)) == bool(re.fullmatch(expression, text))


def test_a_glob_of_stars_is_matched_in_steps_that_grow_with_its_length():
    """A matcher that tries every way to split the id would not end within the life of the sun."""
    assert not is_glob_match("*a" * 50 + "b", parse_package_id("a" * 100))
