"""Versions that were deleted, contents that were replaced, ids that are locked: as the tables keep them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.store import feeds
from motherlode.store.packages import catalog, deletions, locks, versions
from tests.store.rows import NOON, add_content, add_entry, identity, publish
from tests.store.statements import noted

LATER = NOON + timedelta(hours=1)
KEYS = ("acme.widgets", "1.0.0")


def place(tx, version="1.0.0", *, id_key="acme.widgets", feed="default"):
    return versions.find_place(tx, feed, id_key, version, frozenset())


def delete(tx, entry):
    deletions.add(tx, entry, at=LATER, by="console", reason="wrong build")
    return catalog.append(tx, entry.feed_id, "deleted", entry, at=LATER, more={"mode": "soft", "reason": "wrong build"})


@pytest.fixture
def entry(db, feed):
    """An entry that was published."""
    with db.write() as tx:
        added = add_entry(tx, feed.id)
        catalog.append(tx, feed.id, "published", added, at=NOON)
    return added


class TestDeletions:
    def test_the_entry_moves_and_its_number_stays_taken(self, db, feed, entry):
        with db.write() as tx:
            assert delete(tx, entry) == 2
            assert versions.find(tx, feed.id, *KEYS) is None
            assert versions.version_keys(tx, feed.id, KEYS[0]) == []
            deleted = deletions.find(tx, feed.id, *KEYS)
            assert (place(tx).is_taken, place(tx).was_deleted) == (False, True)
            assert (place(tx, "2.0.0").was_deleted, place(tx, id_key="acme").was_deleted) == (False, False)
        assert (deleted.content_id, deleted.identity) == (entry.content_id, identity())
        assert (deleted.deleted_at, deleted.deleted_by, deleted.reason) == (LATER, "console", "wrong build")

    def test_it_comes_back_as_it_was(self, db, feed, entry):
        with db.write() as tx:
            unlisted = versions.set_listed(tx, entry, listed=False, at=NOON)
            catalog.append(tx, feed.id, "unlisted", unlisted, at=NOON)
            delete(tx, unlisted)
            deleted = deletions.find(tx, feed.id, *KEYS)
            back = deletions.bring_back(tx, deleted, deleted.content_id, at=LATER)
            catalog.append(tx, feed.id, "restored", back, at=LATER)
            assert deletions.find(tx, feed.id, *KEYS) is None
            found = versions.find(tx, feed.id, *KEYS)
        assert found == back == replace(unlisted, id=back.id, revision=4, changed_at=LATER)

    def test_each_feed_has_its_own(self, db, feed, entry):
        with db.write() as tx:
            second = feeds.add(tx, "second", {}, NOON)
            publish(tx, second.id)
            delete(tx, entry)
            assert deletions.find(tx, second.id, *KEYS) is None
            assert place(tx, feed="second").is_taken

    def test_the_event_of_a_deletion_is_what_was_there_and_stamps_the_package(self, db, feed, entry):
        with db.write() as tx:
            delete(tx, entry)
            event = catalog.since(tx, feed.id, 1, 10)[0]
            package = catalog.find_package(tx, feed.id, KEYS[0])
        assert event.details == versions.describe(entry) | {"mode": "soft", "reason": "wrong build"}
        assert (package.revision, package.changed_at) == (2, LATER)

    def test_an_entry_that_is_gone_is_not_stamped(self, db, feed, entry):
        """SQLite gives the number of the last row to the next one: a stamp by it would hit another's."""
        with db.write() as tx:
            versions.remove(tx, entry)
            with noted(tx) as statements:
                catalog.append(tx, feed.id, "deleted", entry, at=LATER)
        assert not any("UPDATE entries" in statement for statement in statements)


class TestSetContent:
    def test_the_entry_says_what_the_new_content_says_and_keeps_what_is_the_feeds(self, db, feed, entry):
        with db.write() as tx:
            unlisted = versions.set_listed(tx, entry, listed=False, at=NOON)
            content = add_content(tx, b"other")
            wanted = identity("ACME.Widgets", "1.0+b")
            replaced = versions.set_content(tx, unlisted, wanted, content, is_semver2=True, at=LATER)
            number = catalog.append(tx, feed.id, "replaced", replaced, at=LATER)
            found = versions.find(tx, feed.id, *KEYS)
        assert found == replace(replaced, revision=number)
        assert (found.id, found.listed, found.pushed_at, found.changed_at) == (entry.id, False, LATER, LATER)
        assert (found.id_written, found.version_written, found.is_semver2) == ("ACME.Widgets", "1.0+b", True)
        assert (found.content_id, found.sha256, found.blob) == (content.id, content.sha256, content.blob)

    def test_no_other_entry_changes(self, db, feed, entry):
        with db.write() as tx:
            second = feeds.add(tx, "second", {}, NOON)
            publish(tx, second.id)
            publish(tx, feed.id, version="2.0.0")
            before = [versions.find(tx, second.id, *KEYS), versions.find(tx, feed.id, KEYS[0], "2.0.0")]
            versions.set_content(tx, entry, identity(), add_content(tx, b"other"), is_semver2=False, at=LATER)
            assert [versions.find(tx, second.id, *KEYS), versions.find(tx, feed.id, KEYS[0], "2.0.0")] == before


class TestLocks:
    def test_an_id_is_locked_once_on_its_feed_alone(self, db, feed):
        with db.write() as tx:
            feeds.add(tx, "second", {}, NOON)
            assert [locks.add(tx, feed.id, KEYS[0], at=NOON, reason=None) for _ in range(2)] == [True, False]
            assert [place(tx, version).is_locked for version in ("1.0.0", "2.0.0")] == [True, True]
            assert (place(tx, feed="second").is_locked, place(tx, id_key="acme").is_locked) == (False, False)

    def test_it_is_unlocked_once(self, db, feed):
        with db.write() as tx:
            locks.add(tx, feed.id, KEYS[0], at=NOON, reason="taken over")
            assert [locks.remove(tx, feed.id, KEYS[0]) for _ in range(2)] == [True, False]
            assert not place(tx).is_locked


def test_deletion_and_lock_are_seen_in_the_one_look_of_a_push(db, feed, entry):
    with db.write() as tx:
        delete(tx, entry)
        locks.add(tx, feed.id, KEYS[0], at=NOON, reason=None)
        with noted(tx) as statements:
            found = place(tx)
    assert len(statements) == 1
    assert (found.is_taken, found.was_deleted, found.is_locked) == (False, True, True)
