"""Pieces of answers in memory: they go with the events of their package, and those with counts also with these."""

import pytest

from motherlode.projections.documents.cache import DocumentKey, Documents, Fragment

FEED, OTHER_FEED = 1, 2
HIT = DocumentKey(FEED, "acme", "hit/11")
NAME = DocumentKey(FEED, "acme", "name/11")
OTHER_HIT = DocumentKey(FEED, "other", "hit/11")
HIT_ELSEWHERE = DocumentKey(OTHER_FEED, "acme", "hit/11")


@pytest.fixture
def cache():
    """A cache with two pieces of one package, and one each of another package and another feed."""
    cache = Documents(100_000)
    cache.keep(NAME, Fragment(b"name", 0))
    for key in (HIT, OTHER_HIT, HIT_ELSEWHERE):
        cache.keep(key, Fragment(b"hit", 0, 0))
    return cache


def kept(cache):
    """The keys of what is kept."""
    return set(cache.find_all([HIT, NAME, OTHER_HIT, HIT_ELSEWHERE]))


def test_an_event_drops_all_of_its_package(cache):
    cache.advance(FEED, 1, {"acme"})
    assert kept(cache) == {OTHER_HIT, HIT_ELSEWHERE}


def test_counts_drop_what_shows_them_alone(cache):
    cache.advance_counts(FEED, 1, {"acme"})
    assert kept(cache) == {NAME, OTHER_HIT, HIT_ELSEWHERE}


def test_counts_of_nobody_knows_whom_drop_all_of_the_feed_that_shows_them(cache):
    cache.advance_counts(FEED, 1, None)
    assert kept(cache) == {NAME, HIT_ELSEWHERE}


def test_what_was_read_before_the_counts_were_followed_is_not_kept(cache):
    cache.advance_counts(FEED, 2, {"acme"})
    for counted, is_kept in ((1, False), (2, True), (3, True)):
        cache.keep(HIT, Fragment(b"late", 0, counted))
        assert (HIT in kept(cache)) is is_kept


def test_what_was_read_before_an_event_was_followed_is_not_kept(cache):
    cache.advance(FEED, 2, {"acme"})
    for as_of, is_kept in ((1, False), (2, True)):
        cache.keep(NAME, Fragment(b"late", as_of))
        assert (NAME in kept(cache)) is is_kept


def test_what_was_asked_for_is_the_last_to_be_dropped():
    cache = Documents(12_000)
    keys = [DocumentKey(FEED, f"p{number}", "hit/11") for number in range(4)]
    for key in keys:
        cache.keep(key, Fragment(bytes(1_000), 0, 0))
    assert list(cache.find_all([keys[0], HIT])) == [keys[0]]
    for number in range(5):
        cache.keep(DocumentKey(FEED, f"q{number}", "hit/11"), Fragment(bytes(1_000), 0, 0))
    assert cache.bytes_kept <= 12_000
    assert set(cache.find_all(keys)) == {keys[0]}
