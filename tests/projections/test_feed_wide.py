"""What shows a whole feed, in memory: it goes with every event of the feed, and where it shows counts with these."""

from datetime import UTC, datetime

import pytest

from motherlode.projections.documents.cache import FEED_WIDE, Document, DocumentKey, Documents, finish

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
FEED, OTHER_FEED = 1, 2
PAGE = DocumentKey(FEED, FEED_WIDE, "page")
COUNTED_PAGE = DocumentKey(FEED, FEED_WIDE, "counted page")
PAGE_ELSEWHERE = DocumentKey(OTHER_FEED, FEED_WIDE, "counted page")
INDEX = DocumentKey(FEED, "", "index")
VERSIONS = DocumentKey(FEED, "acme", "versions")
ALL = (PAGE, COUNTED_PAGE, PAGE_ELSEWHERE, INDEX, VERSIONS)


def document(*, as_of=0, counted=None):
    return Document(b"page", None, '"tag"', "text/html", NOON, as_of, counted)


@pytest.fixture
def cache():
    """A cache with two pages, one of them with counts, a page of another feed, and two documents that are no pages."""
    cache = Documents(100_000)
    for key in ALL:
        cache.keep(key, document(counted=0 if "counted" in key.name else None))
    return cache


def kept(cache):
    """The keys of what is kept."""
    return set(cache.find_all(ALL))


@pytest.mark.parametrize("changed", [{"acme"}, {"other", "another"}])
def test_every_event_drops_the_pages_of_its_feed(cache, changed):
    cache.advance(FEED, 1, changed)
    assert kept(cache) == {PAGE_ELSEWHERE, INDEX, VERSIONS} - ({VERSIONS} if "acme" in changed else set())


def test_counts_drop_the_pages_that_show_some(cache):
    cache.advance_counts(FEED, 1, {"acme"})
    assert kept(cache) == {PAGE, PAGE_ELSEWHERE, INDEX, VERSIONS}


def test_counts_of_nobody_knows_whom_do_the_same(cache):
    cache.advance_counts(FEED, 1, None)
    assert kept(cache) == {PAGE, PAGE_ELSEWHERE, INDEX, VERSIONS}


def test_a_page_that_was_read_before_an_event_is_not_kept(cache):
    cache.advance(FEED, 2, {"acme"})
    for as_of, is_kept in ((1, False), (2, True)):
        cache.keep(PAGE, document(as_of=as_of))
        assert (PAGE in kept(cache)) is is_kept


def test_a_page_that_was_read_before_counts_is_not_kept(cache):
    cache.advance_counts(FEED, 2, {"acme"})
    for counted, is_kept in ((1, False), (2, True), (None, True)):
        cache.keep(COUNTED_PAGE, document(counted=counted))
        assert (COUNTED_PAGE in kept(cache)) is is_kept


def test_a_finished_page_goes_with_the_counts_as_its_template_does(cache):
    finished = DocumentKey(FEED, FEED_WIDE, "counted page", "http://feed.example")
    template = cache.find(COUNTED_PAGE)
    page = finish(
        b"page",
        history="h",
        media_type="text/html",
        changed_at=NOON,
        as_of=0,
        is_zipped=False,
        counted=template.counted,
    )
    cache.keep_beside(COUNTED_PAGE, template, finished, page)
    assert cache.find(finished) is page
    cache.advance_counts(FEED, 1, {"acme"})
    assert cache.find(finished) is None
