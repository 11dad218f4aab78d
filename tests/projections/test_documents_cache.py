"""Finished documents in memory: bounded, evicted by what changed, and never older than the follower's head."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.projections.documents.cache import BlobFile, Document, DocumentKey, Documents, finish, make_etag

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
FEED, OTHER_FEED = 1, 2
INDEX = DocumentKey(FEED, "acme.widgets", "versions")


def document(size=1_000, *, as_of=0, zipped=None):
    return Document(bytes(size), zipped, '"tag"', "application/json", NOON, as_of)


def key(number, *, feed=FEED, package="acme.widgets", base=""):
    return DocumentKey(feed, package, f"document/{number}", base)


@pytest.fixture
def cache():
    """A cache of a hundred kilobytes."""
    return Documents(100_000)


class TestAsOf:
    """What is kept is never older than the follower's head."""

    def test_what_was_read_as_of_the_head_or_later_is_kept(self, cache):
        cache.advance(FEED, 5, set())
        for as_of in (5, 6):
            cache.keep(key(as_of), document(as_of=as_of))
            assert cache.find(key(as_of)) == document(as_of=as_of)

    def test_a_late_reader_does_not_put_back_what_was_evicted(self, cache):
        """It read as of 4; meanwhile event 5 changed the package, and was followed."""
        read_before = document(as_of=4)
        cache.advance(FEED, 5, {"acme.widgets"})
        cache.keep(INDEX, read_before)
        assert cache.find(INDEX) is None
        assert cache.bytes_kept == 0

    def test_a_late_reader_does_not_replace_what_is_newer(self, cache):
        cache.advance(FEED, 5, {"acme.widgets"})
        newer = document(as_of=5)
        cache.keep(INDEX, newer)
        cache.keep(INDEX, document(as_of=4))
        assert cache.find(INDEX) is newer

    def test_the_same_holds_for_files_of_packages(self, cache):
        cache.advance(FEED, 5, {"acme.widgets"})
        cache.keep(INDEX, BlobFile("blob", None, 10, '"tag"', NOON, as_of=4))
        assert cache.find(INDEX) is None

    def test_each_feed_has_a_head_of_its_own(self, cache):
        cache.advance(FEED, 5, set())
        cache.keep(key(1, feed=OTHER_FEED), document(as_of=0))
        assert cache.find(key(1, feed=OTHER_FEED))

    def test_readers_and_a_follower_at_once_leave_nothing_older_than_the_head(self, cache):
        """Readers keep what they read as of what they saw; the follower goes on meanwhile."""
        head = [0]
        stop = threading.Event()

        def read(number):
            while not stop.is_set():
                cache.keep(key(number), document(as_of=head[0]))

        with ThreadPoolExecutor(4) as threads:
            readers = [threads.submit(read, number) for number in range(4)]
            for number in range(1, 500):
                head[0] = number
                cache.advance(FEED, number, {"acme.widgets"})
                kept = [cache.find(key(reader)) for reader in range(4)]
                assert all(found is None or found.as_of >= number for found in kept)
            stop.set()
            for reader in readers:
                reader.result(timeout=60)


class TestEviction:
    """It goes as soon as an event of its package is followed."""

    def test_all_documents_of_a_changed_package_go_and_no_others(self, cache):
        mine = [key(1), key(2), key(3, base="https://nuget.example")]
        others = [key(1, package="other"), key(1, feed=OTHER_FEED), DocumentKey(FEED, "", "service-index")]
        for each in (*mine, *others):
            cache.keep(each, document())
        cache.advance(FEED, 1, {"acme.widgets", "never.seen"})
        assert [cache.find(each) for each in mine] == [None] * 3
        assert all(cache.find(each) for each in others)
        assert cache.bytes_kept == 3 * document().cost

    def test_a_feed_that_went_too_far_ahead_loses_all_its_documents(self, cache):
        for each in (key(1), key(1, package="other"), key(1, feed=OTHER_FEED)):
            cache.keep(each, document())
        cache.advance(FEED, 5_000, None)
        assert cache.find(key(1)) is cache.find(key(1, package="other")) is None
        assert cache.find(key(1, feed=OTHER_FEED))

    def test_what_did_not_change_stays_good_however_far_the_head_goes(self, cache):
        cache.keep(key(1, package="other"), document(as_of=1))
        for head in range(2, 10):
            cache.advance(FEED, head, {"acme.widgets"})
        assert cache.find(key(1, package="other"))


class TestBound:
    """Bounded in bytes, whatever is kept in whatever order."""

    @given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 40_000), st.booleans()), max_size=60))
    def test_the_bound_is_never_passed(self, steps):
        cache = Documents(100_000)
        for number, size, is_change in steps:
            if is_change:
                cache.advance(FEED, 0, {f"package-{number % 3}"})
            else:
                cache.keep(key(number, package=f"package-{number % 3}"), document(size))
            kept = [cache.find(key(each, package=f"package-{each % 3}")) for each in range(9)]
            assert cache.bytes_kept == sum(found.cost for found in kept if found) <= 100_000

    def test_what_was_not_asked_for_longest_goes_first(self, cache):
        for number in range(5):
            cache.keep(key(number), document(18_000))
        cache.find(key(0))
        cache.keep(key(5), document(18_000))
        assert cache.find(key(1)) is None
        assert all(cache.find(key(number)) for number in (0, 2, 3, 4, 5))

    def test_one_document_never_takes_more_than_a_quarter(self, cache):
        cache.keep(key(1), document(22_000))
        cache.keep(key(2), document(25_000))
        cache.keep(key(3), document(15_000, zipped=bytes(10_000)))
        assert cache.find(key(1))
        assert cache.find(key(2)) is cache.find(key(3)) is None

    def test_replacing_a_document_counts_it_once(self, cache):
        for _ in range(50):
            cache.keep(INDEX, document(20_000))
        assert cache.bytes_kept == document(20_000).cost

    def test_empty_documents_cost_something_too(self, cache):
        for number in range(10_000):
            cache.keep(key(number), document(0))
        assert sum(cache.find(key(number)) is not None for number in range(10_000)) <= 200

    def test_a_cache_of_nothing_keeps_nothing(self):
        cache = Documents(0)
        cache.keep(INDEX, document(0))
        assert cache.find(INDEX) is None


class TestFinish:
    """The bytes as they are sent."""

    def finish(self, body, **wishes):
        defaults = {"history": "h", "media_type": "application/json", "changed_at": NOON, "as_of": 3, "is_zipped": True}
        return finish(body, **(defaults | wishes))

    def test_a_document_worth_it_is_zipped_always_to_the_same_bytes(self):
        body = b"motherlode " * 100
        first, second = self.finish(body), self.finish(body)
        assert gzip.decompress(first.zipped) == first.body == body
        assert first == second

    def test_a_short_one_and_one_that_may_not_are_not_zipped(self):
        assert self.finish(b"x" * 199).zipped is None
        assert self.finish(b"x" * 5_000, is_zipped=False).zipped is None

    def test_an_entity_tag_is_strong_quoted_and_of_content_and_history(self):
        tag = make_etag("history", b"content")
        assert tag.startswith('"')
        assert tag.endswith('"')
        assert tag == make_etag("history", b"content")
        assert len({tag, make_etag("history", b"other"), make_etag("restored", b"content")}) == 3
