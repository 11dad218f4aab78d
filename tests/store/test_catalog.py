"""The log: numbers without gaps, times that never go back, events from which a feed can be rebuilt."""

from datetime import datetime, timedelta

import pytest

from motherlode.domain.refusals import AlreadyExists
from motherlode.store import feeds
from motherlode.store.packages import catalog, versions
from tests.store.rows import NOON, add_entry, publish


def unlist(tx, entry, at=NOON):
    return catalog.append(tx, entry.feed_id, "unlisted", versions.set_listed(tx, entry, listed=False, at=at), at=at)


def test_events_are_numbered_from_one_without_gaps(db, feed):
    numbers = []
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        with db.write() as tx:
            numbers.append(publish(tx, feed.id, version=version))
    assert numbers == [1, 2, 3]


def test_a_unit_of_work_that_failed_leaves_no_gap(db, feed):
    def publish_and_fail():
        with db.write() as tx:
            publish(tx, feed.id, version="1.0.0")
            publish(tx, feed.id, version="1.0.0")

    with pytest.raises(AlreadyExists):
        publish_and_fail()
    with db.write() as tx:
        assert publish(tx, feed.id, version="2.0.0") == 1


def test_each_feed_numbers_its_own_events(db, feed):
    with db.write() as tx:
        second = feeds.add(tx, "second", {}, NOON)
        publish(tx, feed.id, version="1.0.0")
        publish(tx, feed.id, version="2.0.0")
        publish(tx, second.id)
        assert catalog.heads(tx) == {feed.id: 2, second.id: 1}
        assert (catalog.head(tx, feed.id), catalog.head(tx, second.id)) == (2, 1)
        assert len(catalog.since(tx, second.id, 0, 10)) == 1


def test_an_event_stamps_its_entry_and_its_package_and_no_others(db, feed):
    later = NOON + timedelta(minutes=5)
    with db.write() as tx:
        publish(tx, feed.id, "Other", "1.0.0")
        entry = add_entry(tx, feed.id)
        catalog.append(tx, feed.id, "published", entry, at=NOON)
        unlist(tx, entry, later)
        changed = versions.find(tx, feed.id, entry.id_key, entry.version_key)
        package = catalog.find_package(tx, feed.id, entry.id_key)
        assert (changed.revision, changed.changed_at) == (package.revision, package.changed_at) == (3, later)
        assert catalog.find_package(tx, feed.id, "other").revision == 1
        assert catalog.find_package(tx, feed.id, "nowhere") is None


def test_time_never_goes_back(db, feed):
    with db.write() as tx:
        entry = add_entry(tx, feed.id)
        catalog.append(tx, feed.id, "published", entry, at=NOON + timedelta(hours=1))
        unlist(tx, entry, NOON)
        later = NOON + timedelta(hours=1)
        assert [event.at for event in catalog.since(tx, feed.id, 0, 10)] == [later, later]
        assert versions.find(tx, feed.id, entry.id_key, entry.version_key).changed_at == later
        assert feeds.get(tx, feed.name).head_at == later


def test_an_event_holds_the_entry_as_it_is_after_it(db, feed):
    with db.write() as tx:
        entry = add_entry(tx, feed.id, "Acme.Widgets", "1.0-RC")
        catalog.append(tx, feed.id, "published", entry, at=NOON)
        unlist(tx, entry)
        published, unlisted = catalog.since(tx, feed.id, 0, 10)
    assert (published.kind, unlisted.kind) == ("published", "unlisted")
    assert (published.id_key, published.version_key) == ("acme.widgets", "1.0.0-rc")
    assert published.details == {
        "id": "Acme.Widgets",
        "version": "1.0-RC",
        "sha256": entry.sha256.hex(),
        "listed": True,
        "pushed_at": NOON.isoformat(),
        "is_semver2": False,
    }
    assert datetime.fromisoformat(published.details["pushed_at"]) == entry.pushed_at
    assert unlisted.details == published.details | {"listed": False}


def test_a_follower_reads_on_from_where_it_was(db, feed):
    with db.write() as tx:
        for number in range(1, 8):
            publish(tx, feed.id, version=f"{number}.0.0")
        assert [event.number for event in catalog.since(tx, feed.id, 2, 3)] == [3, 4, 5]
        assert catalog.since(tx, feed.id, 7, 3) == []


def test_an_event_of_another_reading_keeps_what_was_said_before(db, feed):
    with db.write() as tx:
        entry = add_entry(tx, feed.id)
        catalog.append(tx, feed.id, "published", entry, at=NOON)
        catalog.append(tx, feed.id, "rederived", entry, at=NOON, more={"before": {"title": "Old", "tags": None}})
        published, rederived = catalog.since(tx, feed.id, 0, 10)
    assert rederived.kind == "rederived"
    assert rederived.details == {**published.details, "before": {"title": "Old", "tags": None}}
