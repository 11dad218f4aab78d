"""Who may do what: rights, globs and feeds of an actor."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.ids import parse_package_id
from motherlode.domain.policy import (
    ADMIN,
    DELETE,
    PUSH,
    PUSH_VERSION,
    READ,
    RIGHTS,
    UNLIST,
    Actor,
    check_may_ever_push,
    check_may_ever_unlist,
    check_may_push,
    check_may_unlist,
    is_glob_match,
)
from motherlode.domain.refusals import NotAllowed

WIDGETS = parse_package_id("Acme.Widgets")


def may(check, *args, **kwargs):
    try:
        check(*args, **kwargs)
    except NotAllowed:
        return False
    return True


def actor(*rights, **limits):
    return Actor("k", frozenset(rights), **limits)


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


@pytest.mark.parametrize("right", RIGHTS)
def test_only_a_right_to_push_pushes_a_new_version(right):
    assert may(check_may_push, actor(right), "default", WIDGETS, is_new_id=False) == (
        right in {PUSH, PUSH_VERSION, ADMIN}
    )
    assert may(check_may_ever_push, actor(right), "default") == (right in {PUSH, PUSH_VERSION, ADMIN})


@pytest.mark.parametrize("right", RIGHTS)
def test_a_new_id_needs_more_than_the_right_to_push_versions(right):
    assert may(check_may_push, actor(right), "default", WIDGETS, is_new_id=True) == (right in {PUSH, ADMIN})


@pytest.mark.parametrize("right", RIGHTS)
def test_only_the_right_to_unlist_unlists(right):
    assert may(check_may_unlist, actor(right), "default", WIDGETS) == (right in {UNLIST, ADMIN})
    assert may(check_may_ever_unlist, actor(right), "default") == (right in {UNLIST, ADMIN})


CHECKS = {
    "ever push": check_may_ever_push,
    "push": lambda who, feed: check_may_push(who, feed, WIDGETS, is_new_id=True),
    "ever unlist": check_may_ever_unlist,
    "unlist": lambda who, feed: check_may_unlist(who, feed, WIDGETS),
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_key_acts_only_on_its_feeds_an_administrators_too(check):
    limited = actor(ADMIN, feeds=frozenset({"other"}))
    assert may(check, limited, "other")
    assert not may(check, limited, "default")
    assert not may(check, actor(ADMIN, feeds=frozenset()), "default")
    assert may(check, actor(ADMIN, feeds=None), "default")


@pytest.mark.parametrize("check", [CHECKS["push"], CHECKS["unlist"]], ids=["push", "unlist"])
def test_a_key_acts_only_on_ids_that_one_of_its_globs_matches(check):
    assert may(check, actor(ADMIN, globs=("Other.*", "Acme.*")), "default")
    assert not may(check, actor(ADMIN, globs=("Other.*", "Acme")), "default")
    assert not may(check, actor(ADMIN, globs=()), "default")


def test_an_actor_without_rights_may_nothing():
    nobody = actor()
    assert not any(may(check, nobody, "default") for check in CHECKS.values())
    assert not nobody.has(*RIGHTS)


def test_an_administrator_has_every_right():
    assert all(actor(ADMIN).has(right) for right in (PUSH, PUSH_VERSION, UNLIST, DELETE, READ))


def test_a_refusal_says_what_the_key_lacks_and_what_to_do():
    with pytest.raises(NotAllowed, match=r"Acme\.Widgets is new here: use one with the right 'push'"):
        check_may_push(actor(PUSH_VERSION), "default", WIDGETS, is_new_id=True)
    with pytest.raises(NotAllowed, match="not for the feed 'default': use one that is"):
        check_may_ever_unlist(actor(UNLIST, feeds=frozenset()), "default")
    with pytest.raises(NotAllowed, match=r"does not cover the id Acme\.Widgets: use one whose globs match it"):
        check_may_unlist(actor(UNLIST, globs=()), "default", WIDGETS)
