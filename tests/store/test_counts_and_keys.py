"""Downloads, keys and the audit: what is remembered beside packages."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from motherlode.domain.refusals import NoSuchKey
from motherlode.store import audit, downloads, keys, schema
from motherlode.store.keys import KeyRow
from tests.store.rows import NOON

MAY_1, MAY_2 = date(2024, 5, 1), date(2024, 5, 2)
KEY = KeyRow("k1", "ci", b"hash", ("push",), ("Acme.*",), ("default",), NOON, NOON + timedelta(days=90))
FOREVER = KeyRow("k0", "root", b"other", ("admin",), ("*",), None, NOON + timedelta(seconds=1), None)


def test_downloads_add_up_over_batches_and_days(db, feed):
    with db.write() as tx:
        downloads.add(tx, {(feed.id, "acme", "1.0.0", MAY_1): 2, (feed.id, "acme", "2.0.0", MAY_1): 1})
    with db.write() as tx:
        downloads.add(tx, {(feed.id, "acme", "1.0.0", MAY_1): 3, (feed.id, "acme", "1.0.0", MAY_2): 10})
        downloads.add(tx, {(feed.id, "other", "1.0.0", MAY_1): 7})
        assert downloads.total(tx, feed.id, "acme") == {"1.0.0": 15, "2.0.0": 1}
        days = tx.execute(select(schema.downloads.c.day, schema.downloads.c["count"]).where(_is_acme_1())).all()
        assert sorted(map(tuple, days)) == [(MAY_1, 5), (MAY_2, 10)]


def _is_acme_1():
    return (schema.downloads.c.id_key == "acme") & (schema.downloads.c.version_key == "1.0.0")


def test_nothing_counted_writes_nothing(db, feed):
    with db.write() as tx:
        downloads.add(tx, {})
        assert downloads.total(tx, feed.id, "acme") == {}


def test_keys_are_found_by_hash_and_by_id_as_they_were_added(db):
    with db.write() as tx:
        for key in (FOREVER, KEY):
            keys.add(tx, key)
        for key in (FOREVER, KEY):
            assert keys.find_by_hash(tx, key.hash) == keys.find(tx, key.id) == key
        assert keys.read_all(tx) == [KEY, FOREVER]
        assert keys.find_by_hash(tx, b"unknown") is None
        assert keys.find(tx, "unknown") is None


def test_a_revoked_key_keeps_the_time_of_its_first_revoking(db):
    with db.write() as tx:
        keys.add(tx, KEY)
        keys.add(tx, FOREVER)
        assert keys.revoke(tx, KEY.id, NOON).revoked_at == NOON
        assert keys.revoke(tx, KEY.id, NOON + timedelta(days=1)).revoked_at == NOON
        assert keys.find_by_hash(tx, KEY.hash).revoked_at == NOON
        assert keys.find(tx, FOREVER.id).revoked_at is None


def test_revoking_a_key_that_is_not_there_is_refused(db):
    with db.write() as tx, pytest.raises(NoSuchKey, match="k9"):
        keys.revoke(tx, "k9", NOON)


def test_times_come_back_exactly_and_in_utc(db):
    odd = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-5)))
    with db.write() as tx:
        audit.append(tx, at=odd, actor="k1", action="push", feed=None, subject="a")
        at = audit.since(tx, 0, 1)[0].at
    assert at == odd
    assert at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(db):
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError), db.write() as tx:
        audit.append(tx, at=naive, actor="k1", action="push", feed=None, subject="a")


def test_the_audit_keeps_what_it_was_told_in_order(db):
    with db.write() as tx:
        audit.append(
            tx,
            at=NOON,
            actor="k1",
            action="push",
            feed="default",
            subject="Acme 1.0.0",
            address="::1",
            request_id="r1",
            details={"size": 3},
        )
        audit.append(tx, at=NOON, actor="cli", action="revoke-key", feed=None, subject="k1")
        first, second = audit.since(tx, 0, 10)
        assert audit.since(tx, first.id, 10) == [second]
    assert (first.actor, first.feed, first.address, first.details) == ("k1", "default", "::1", {"size": 3})
    assert (second.action, second.feed, second.request_id, second.details) == ("revoke-key", None, None, None)
