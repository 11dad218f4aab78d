"""What is known not to be there: bounded, never older than the follower's head, and never wrong about what is there."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.projections.absences import Absences
from motherlode.projections.documents.cache import DocumentKey, Documents

FEED, OTHER_FEED = 1, 2
ID = "acme.widgets"


@pytest.fixture
def absences():
    """Absences in a hundred kilobytes."""
    return Absences(100_000)


class TestNames:
    """Documents that were asked for and not there."""

    def test_a_name_is_known_once_it_was_noted(self, absences):
        absences.note(FEED, ID, "versions", as_of=0)
        assert absences.has(FEED, ID, "versions")
        assert not absences.has(FEED, ID, "nupkg/1.0.0")
        assert not absences.has(FEED, "acme.other", "versions")
        assert not absences.has(OTHER_FEED, ID, "versions")

    def test_an_event_of_the_id_makes_all_its_names_unknown_and_no_others(self, absences):
        for id_key, name in ((ID, "versions"), (ID, "nupkg/2.0.0"), ("acme.other", "versions")):
            absences.note(FEED, id_key, name, as_of=0)
        absences.note(OTHER_FEED, ID, "versions", as_of=0)
        absences.advance(FEED, 1, {ID})
        assert not absences.has(FEED, ID, "versions")
        assert not absences.has(FEED, ID, "nupkg/2.0.0")
        assert absences.has(FEED, "acme.other", "versions")
        assert absences.has(OTHER_FEED, ID, "versions")

    def test_a_late_reader_notes_nothing(self, absences):
        """It read as of 4; meanwhile event 5 pushed the id, and was followed."""
        absences.advance(FEED, 5, {ID})
        absences.note(FEED, ID, "versions", as_of=4)
        assert not absences.has(FEED, ID, "versions")
        absences.note(FEED, ID, "versions", as_of=5)
        assert absences.has(FEED, ID, "versions")

    def test_a_feed_that_went_too_far_ahead_is_forgotten(self, absences):
        for feed in (FEED, OTHER_FEED):
            absences.note(feed, ID, "versions", as_of=0)
            absences.note_ids(feed, ["acme.other"], as_of=0)
        absences.advance(FEED, 5_000, None)
        assert not absences.has(FEED, ID, "versions")
        assert not absences.knows_ids(FEED)
        assert absences.has(OTHER_FEED, ID, "versions")
        assert absences.knows_ids(OTHER_FEED)


class TestIds:
    """Ids that a feed never held."""

    @given(st.sets(st.text("abc.", min_size=1, max_size=5)), st.lists(st.text("abc.", min_size=1, max_size=5)))
    def test_an_id_that_the_feed_held_or_got_since_is_never_said_to_be_absent(self, first, later):
        absences = Absences(100_000)
        absences.note_ids(FEED, first, as_of=0)
        for number, id_key in enumerate(later, start=1):
            absences.advance(FEED, number, {id_key})
        assert not [id_key for id_key in (*first, *later) if absences.has(FEED, id_key, "versions")]
        assert absences.has(FEED, "never.pushed", "any name")

    def test_before_the_ids_are_known_nothing_is_said_to_be_absent(self, absences):
        assert not absences.has(FEED, "never.pushed", "versions")
        absences.note_ids(FEED, [], as_of=0)
        assert absences.has(FEED, "never.pushed", "versions")
        assert not absences.has(OTHER_FEED, "never.pushed", "versions")

    def test_a_late_reader_of_ids_notes_nothing(self, absences):
        absences.advance(FEED, 5, {ID})
        absences.note_ids(FEED, [], as_of=4)
        assert not absences.knows_ids(FEED)


class TestBound:
    """Bounded in bytes, whatever is asked for."""

    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), max_size=200))
    def test_the_bound_is_never_passed_and_what_is_counted_is_there(self, steps):
        absences = Absences(4_000)
        for number, (package, name, is_change) in enumerate(steps):
            if is_change:
                absences.advance(FEED, number, {f"package-{package}"})
            else:
                absences.note(FEED, f"package-{package}", f"name-{name}", as_of=number)
            assert 0 <= absences.bytes_kept <= 4_000
        absences.advance(FEED, len(steps), None)
        assert absences.bytes_kept == 0

    def test_the_oldest_id_goes_first(self, absences):
        for number in range(1_000):
            absences.note(FEED, f"package-{number}", "versions", as_of=0)
        assert not absences.has(FEED, "package-0", "versions")
        assert absences.has(FEED, "package-999", "versions")

    def test_they_take_no_room_from_documents(self):
        documents = Documents(100_000)
        for number in range(10_000):
            documents.absences.note(FEED, f"package-{number}", "versions", as_of=0)
        assert documents.bytes_kept == 0
        assert documents.absences.bytes_kept <= 100_000


def test_what_the_follower_tells_documents_it_tells_absences():
    documents = Documents(100_000)
    documents.absences.note(FEED, ID, "versions", as_of=0)
    documents.advance(FEED, 1, {ID})
    assert not documents.absences.has(FEED, ID, "versions")
    assert documents.find(DocumentKey(FEED, ID, "versions")) is None


def test_readers_and_a_follower_at_once_leave_nothing_older_than_the_head(absences):
    head = [0]
    stop = threading.Event()

    def note():
        while not stop.is_set():
            absences.note(FEED, ID, "versions", as_of=head[0])
            absences.note_ids(FEED, [], as_of=head[0])

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 300):
        absences.advance(FEED, number, {ID})  # the readers still think that it is the number before
        assert not absences.has(FEED, ID, "versions")
        head[0] = number
    stop.set()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
