"""Feeds: names are unique, settings replaced as a whole, each with a head."""

from datetime import timedelta

import pytest

from motherlode.domain.refusals import FeedExists, NoSuchFeed
from motherlode.store import feeds
from tests.store.rows import NOON, publish


def test_a_new_feed_has_no_events_yet(db):
    with db.write() as tx:
        added = feeds.add(tx, "team-a", {"delete": "unlist"}, NOON)
    assert (added.name, added.settings, added.created_at) == ("team-a", {"delete": "unlist"}, NOON)
    assert (added.head, added.head_at) == (0, NOON)
    with db.read() as tx:
        assert feeds.get(tx, "team-a") == feeds.find(tx, "team-a") == added


def test_a_name_is_taken_once(db, feed):
    with pytest.raises(FeedExists, match="default"), db.write() as tx:
        feeds.add(tx, feed.name, {}, NOON)


def test_a_feed_that_is_not_there_is_not_found(db):
    with db.read() as tx:
        assert feeds.find(tx, "nowhere") is None
        with pytest.raises(NoSuchFeed, match="nowhere"):
            feeds.get(tx, "nowhere")


def test_all_feeds_come_by_name(db, feed):
    with db.write() as tx:
        for name in ("zeta", "alpha", "default-2"):
            feeds.add(tx, name, {}, NOON + timedelta(days=1))
        assert [row.name for row in feeds.read_all(tx)] == ["alpha", "default", "default-2", "zeta"]


def test_settings_are_replaced_as_a_whole(db, feed):
    with db.write() as tx:
        feeds.change(tx, feed.name, {"a": 1, "b": [2]})
        assert feeds.change(tx, feed.name, {"b": None}).settings == {"b": None}
        assert feeds.get(tx, feed.name).settings == {"b": None}


def test_changing_a_feed_that_is_not_there_is_refused(db):
    with db.write() as tx, pytest.raises(NoSuchFeed):
        feeds.change(tx, "nowhere", {})


def test_the_head_follows_the_feeds_events_and_no_others(db, feed):
    with db.write() as tx:
        quiet = feeds.add(tx, "quiet", {}, NOON)
        publish(tx, feed.id)
        assert [feeds.get(tx, name).head for name in (feed.name, quiet.name)] == [1, 0]
