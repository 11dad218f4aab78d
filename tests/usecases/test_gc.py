"""Collecting garbage: what nobody can reach goes, each thing at its time; everything else stays."""

from datetime import timedelta

import pytest

from motherlode.domain.refusals import NotFound
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.packages import garbage
from motherlode.usecases.maintenance.gc import QUARANTINE, UNNAMED_GRACE
from motherlode.usecases.maintenance.new_history import begin_history
from tests.support.builders import nupkg
from tests.usecases.deletions import READER_GRACE, bring_back, collect, take_away
from tests.usecases.services import NOON

PACKAGE = nupkg(payload_bytes=1000)
KEEP = timedelta(days=90)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def hard(services):
    """A house whose feeds delete for good, with one package on both of them."""
    services.create_feed("other", {"delete": "hard"})
    services.change_feed("default", {"delete": "hard", "overwrite": "always"})
    services.push(PACKAGE)
    services.push(PACKAGE, feed="other")
    return services


@pytest.fixture
def soft(services):
    """A house that deletes softly, with a version that was deleted just now."""
    services.change_feed("default", {"delete": "soft"})
    services.push(PACKAGE)
    take_away(services, "Acme.Widgets", "1.0.0")
    return services


def kinds(removed):
    return [each.kind for each in removed]


class TestContents:
    """Bytes are removed once no entry of any feed points to them, and once their readers are through."""

    def test_where_everything_is_in_use_nothing_goes(self, hard):
        before = hard.snapshot()
        hard.clock.pass_by(10 * KEEP)
        assert collect(hard) == []
        assert hard.snapshot() == before

    def test_bytes_that_another_feed_holds_stay(self, hard):
        take_away(hard, "Acme.Widgets", "1.0.0")
        hard.clock.pass_by(KEEP)
        assert collect(hard) == []
        assert hard.shelf.blobs[hard.get("acme.widgets", "1.0.0", feed="other").blob] == PACKAGE

    def test_the_row_goes_at_once_and_the_file_after_the_readers_grace(self, hard):
        blob = hard.get("acme.widgets", "1.0.0").blob
        for feed in ("default", "other"):
            take_away(hard, "Acme.Widgets", "1.0.0", feed=feed)
        assert [(each.kind, each.name, each.size) for each in collect(hard)] == [("content", blob, 0)]
        assert (hard.rows("contents"), [row.blob for row in hard.rows("garbage")]) == ([], [blob])
        hard.clock.pass_by(READER_GRACE - MOMENT)
        assert collect(hard) == []
        assert hard.shelf.blobs == {blob: PACKAGE}
        hard.clock.pass_by(MOMENT)
        assert [(each.kind, each.name, each.size) for each in collect(hard)] == [("blob", blob, len(PACKAGE))]
        assert (hard.shelf.blobs, hard.rows("garbage")) == ({}, [])
        assert collect(hard) == []

    def test_bytes_that_were_replaced_go(self, hard):
        old = hard.get("acme.widgets", "1.0.0").blob
        hard.push(nupkg(payload_bytes=1000, seed=1))
        assert collect(hard) == []
        take_away(hard, "Acme.Widgets", "1.0.0", feed="other")
        assert [each.name for each in collect(hard)] == [old]

    def test_the_same_bytes_pushed_again_are_stored_anew_under_another_name(self, hard):
        for feed in ("default", "other"):
            take_away(hard, "Acme.Widgets", "1.0.0", feed=feed)
        collect(hard)
        hard.push(PACKAGE)
        new = hard.get("acme.widgets", "1.0.0").blob
        hard.clock.pass_by(KEEP)
        assert new not in [each.name for each in collect(hard)]
        assert hard.shelf.blobs == {new: PACKAGE}

    def test_what_is_pointed_to_between_the_look_and_the_removal_stays(self, hard):
        """The removal looks again, with the write lock."""
        for feed in ("default", "other"):
            take_away(hard, "Acme.Widgets", "1.0.0", feed=feed)
        with hard.db.read() as tx:
            (unused,) = garbage.find_unused(tx, {})
        hard.push(PACKAGE)
        with hard.db.write() as tx:
            assert garbage.release(tx, [unused.id], NOON) == []
        assert hard.get("acme.widgets", "1.0.0").content_id == unused.id
        assert hard.rows("garbage") == []

    def test_a_version_that_is_brought_back_between_the_look_and_the_letting_go_keeps_its_bytes(self, soft):
        ends = {NOON: [1]}
        with soft.db.read() as tx:
            (past,) = garbage.find_past(tx, ends)
        bring_back(soft, "Acme.Widgets", "1.0.0")
        soft.clock.pass_by(MOMENT)
        take_away(soft, "Acme.Widgets", "1.0.0")
        with soft.db.write() as tx:
            assert not garbage.release_past(tx, past)
        bring_back(soft, "Acme.Widgets", "1.0.0")


class TestSoftDeletions:
    """Soft: bytes kept and restorable for `soft_delete_keep`, then collected; the number stays taken."""

    def test_they_keep_their_bytes_for_their_time(self, soft):
        soft.clock.pass_by(KEEP - MOMENT)
        assert collect(soft) == []
        bring_back(soft, "Acme.Widgets", "1.0.0")
        soft.clock.pass_by(KEEP)
        assert collect(soft) == []
        assert soft.shelf.blobs == {soft.get("acme.widgets", "1.0.0").blob: PACKAGE}

    def test_after_it_the_bytes_go_and_the_row_stays(self, soft):
        soft.clock.pass_by(KEEP)
        first, second = collect(soft)
        assert (first.kind, first.name) == ("deletion", "acme.widgets 1.0.0 on default")
        assert second.kind == "content"
        (deletion,) = soft.rows("deletions")
        assert (deletion.content_id, deletion.version_key) == (None, "1.0.0")
        with soft.refusing(NotFound):
            bring_back(soft, "Acme.Widgets", "1.0.0")
        soft.clock.pass_by(READER_GRACE)
        assert kinds(collect(soft)) == ["blob"]
        assert soft.shelf.blobs == {}

    def test_each_feed_has_its_own_time(self, soft):
        soft.create_feed("hasty", {"delete": "soft", "soft_delete_keep": "1d"})
        soft.push(PACKAGE, feed="hasty")
        take_away(soft, "Acme.Widgets", "1.0.0", feed="hasty")
        soft.clock.pass_by(timedelta(days=1))
        assert [each.name for each in collect(soft)] == ["acme.widgets 1.0.0 on hasty"]
        assert len(soft.rows("contents")) == 1

    def test_a_feed_that_keeps_longer_from_now_on_keeps_what_was_not_collected(self, soft):
        soft.clock.pass_by(KEEP)
        soft.change_feed("default", {"soft_delete_keep": "200d"})
        assert collect(soft) == []


class TestBlobs:
    """Unnamed blobs are noted after 24 hours and go after their quarantine; what dead processes left goes at once."""

    def put(self, services, body=b"body", blobs=None):
        store = blobs or services.blobs
        with store.spool() as spool:
            spool.write(body)
            spool.finish()
            return store.put(spool)

    def test_a_blob_that_no_row_names_goes_when_no_push_may_name_it_any_more(self, services):
        services.push(PACKAGE)
        name = self.put(services)
        services.blobs.confirm(name)
        services.clock.pass_by(UNNAMED_GRACE - MOMENT)
        assert (collect(services), services.rows("unnamed")) == ([], [])
        services.clock.pass_by(MOMENT)
        assert collect(services) == []
        assert [row.blob for row in services.rows("unnamed")] == [name]
        services.clock.pass_by(QUARANTINE - MOMENT)
        assert (collect(services, is_dry_run=True), collect(services)) == ([], [])
        services.clock.pass_by(MOMENT)
        told = collect(services, is_dry_run=True)
        assert [(each.kind, each.name, each.size) for each in told] == [("unnamed", name, 4)]
        assert collect(services) == told
        assert list(services.shelf.blobs.values()) == [PACKAGE]
        assert services.rows("unnamed") == []

    def test_a_blob_that_a_row_names_again_is_forgotten_and_stays(self, services):
        """As after a newer copy of the database was put back, whose notes are older than the row."""
        services.push(PACKAGE)
        (blob,) = services.shelf.blobs
        with services.db.write() as tx:
            garbage.note_unnamed(tx, [blob], services.db.history, NOON)
        services.clock.pass_by(2 * QUARANTINE)
        assert collect(services) == []
        assert services.rows("unnamed") == []
        assert list(services.shelf.blobs) == [blob]

    def test_a_note_of_another_history_does_not_count(self, services):
        services.push(PACKAGE)
        services.blobs.confirm(name := self.put(services))
        services.clock.pass_by(UNNAMED_GRACE)
        collect(services)
        services.do(begin_history, blobs=services.blobs, drop_index=lambda: None)
        services.clock.pass_by(QUARANTINE)
        assert collect(services) == []
        services.clock.pass_by(QUARANTINE)
        assert [each.name for each in collect(services)] == [name]

    def test_the_quarantine_is_what_the_caller_says(self, services):
        services.push(PACKAGE)
        services.blobs.confirm(name := self.put(services))
        services.clock.pass_by(UNNAMED_GRACE)
        assert collect(services, quarantine=timedelta(seconds=1)) == []
        services.clock.pass_by(timedelta(seconds=1))
        assert [each.name for each in collect(services, quarantine=timedelta(seconds=1))] == [name]

    def test_garbage_that_is_old_waits_for_its_readers_all_the_same(self, hard):
        hard.clock.pass_by(2 * UNNAMED_GRACE)
        for feed in ("default", "other"):
            take_away(hard, "Acme.Widgets", "1.0.0", feed=feed)
        assert kinds(collect(hard)) == ["content"]
        assert list(hard.shelf.blobs.values()) == [PACKAGE]

    def test_a_dead_push_whose_content_was_let_go_of_leaves_its_readers_their_grace(self, hard):
        """Its crash note leads to a blob that is garbage by now, and not to be swept."""
        blob = hard.get("acme.widgets", "1.0.0").blob
        hard.shelf.left_notes.add(blob)
        for feed in ("default", "other"):
            take_away(hard, "Acme.Widgets", "1.0.0", feed=feed)
        collect(hard)
        hard.shelf.left_notes.add(blob)
        assert collect(hard) == []
        assert list(hard.shelf.blobs) == [blob]

    def test_what_a_dead_process_put_and_never_committed_goes_at_once(self, services):
        dying = MemoryBlobs(services.shelf, services.clock)
        name = self.put(services, blobs=dying)
        assert collect(services) == []
        dying.close()
        assert [(each.kind, each.name) for each in collect(services)] == [("unnamed", name)]


class TestDryRun:
    """With a dry run: everything is told that would go, and nothing is changed."""

    def test_it_tells_what_the_next_run_then_removes(self, soft):
        blob = soft.rows("contents")[0].blob
        soft.clock.pass_by(KEEP)
        before = soft.snapshot()
        told = collect(soft, is_dry_run=True)
        assert soft.snapshot() == before
        assert told == collect(soft)
        assert [each.name for each in told] == ["acme.widgets 1.0.0 on default", blob]
        soft.clock.pass_by(READER_GRACE)
        assert collect(soft, is_dry_run=True) == collect(soft)

    def test_it_leaves_alone_what_dead_processes_left(self, services):
        dying = MemoryBlobs(services.shelf, services.clock)
        name = TestBlobs().put(services, blobs=dying)
        dying.close()
        for _ in range(2):
            assert [each.name for each in collect(services, is_dry_run=True)] == [name]
        assert [each.name for each in collect(services)] == [name]


class TestSteps:
    """A collector that is told to stop finishes its step; the next one goes on."""

    class Enough(Exception):
        """No further."""

    def test_it_can_be_ended_between_any_two_steps(self, hard):
        hard.clock.pass_by(timedelta(days=1))
        for feed in ("default", "other"):
            take_away(hard, "Acme.Widgets", "1.0.0", feed=feed)
        collect(hard)
        TestBlobs().put(hard)
        hard.clock.pass_by(UNNAMED_GRACE)
        with hard.db.write() as tx:
            garbage.note_unnamed(tx, hard.shelf.blobs, hard.db.history, NOON - QUARANTINE)
        ended = 0
        while True:
            left = iter(range(ended))

            def step(left=left):
                if next(left, None) is None:
                    raise TestSteps.Enough

            try:
                collect(hard, step=step)
                break
            except TestSteps.Enough:
                ended += 1
        assert ended >= 2
        assert (hard.shelf.blobs, hard.rows("garbage"), hard.rows("contents")) == ({}, [], [])


def test_of_two_collectors_at_once_each_thing_is_told_by_one(hard):
    """The second one runs to its end between two steps of the first."""
    for number in range(2, 5):
        hard.push(nupkg(version=f"{number}.0.0", payload_bytes=10))
        take_away(hard, "Acme.Widgets", f"{number}.0.0")
    collect(hard)
    hard.clock.pass_by(READER_GRACE)
    told, steps = [], []

    def step():
        steps.append(1)
        if len(steps) == 2:
            told.extend(collect(hard))

    told.extend(collect(hard, step=step))
    assert kinds(told) == ["blob"] * 3
    assert len({each.name for each in told}) == 3
    assert len(hard.shelf.blobs) == 1
