"""Downloads, keys and the audit: what is remembered beside packages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from motherlode.domain.refusals import NoSuchKey
from motherlode.store.accounts import api_keys
from motherlode.store.accounts.api_keys import API, VERIFICATION, KeyRow
from motherlode.store.audit import log as audit
from motherlode.store.database import schema
from motherlode.store.packages import downloads
from tests.store.rows import NOON, add_account
from tests.store.statements import noted

MAY_1, MAY_2 = date(2024, 5, 1), date(2024, 5, 2)
KEY = KeyRow("k1", "ci", b"hash", ("push",), ("Acme.*",), ("default",), NOON, NOON + timedelta(days=90))
FOREVER = KeyRow("k0", "root", b"other", ("admin",), ("*",), None, NOON + timedelta(seconds=1), None)
ONCE = KeyRow(
    "v1", "once", b"once", ("verify",), ("acme",), ("default",), NOON, NOON + timedelta(days=1), kind=VERIFICATION
)


def test_downloads_add_up_over_batches_and_days(db, feed):
    with db.write() as tx:
        downloads.add(tx, {(feed.id, "acme", "1.0.0", MAY_1): 2, (feed.id, "acme", "2.0.0", MAY_1): 1}, {})
    with db.write() as tx:
        downloads.add(tx, {(feed.id, "acme", "1.0.0", MAY_1): 3, (feed.id, "acme", "1.0.0", MAY_2): 10}, {})
        downloads.add(tx, {(feed.id, "other", "1.0.0", MAY_1): 7}, {})
        assert downloads.total(tx, feed.id, "acme") == {"1.0.0": 15, "2.0.0": 1}
        days = tx.execute(select(schema.downloads.c.day, schema.downloads.c["count"]).where(_is_acme_1())).all()
        assert sorted(map(tuple, days)) == [(MAY_1, 5), (MAY_2, 10)]


def _is_acme_1():
    return (schema.downloads.c.id_key == "acme") & (schema.downloads.c.version_key == "1.0.0")


def test_nothing_counted_writes_nothing(db, feed):
    with db.write() as tx:
        downloads.add(tx, {}, {})
        assert downloads.total(tx, feed.id, "acme") == {}


def test_keys_are_found_by_hash_and_by_id_as_they_were_added(db):
    with db.write() as tx:
        for key in (FOREVER, KEY):
            api_keys.add(tx, key)
        for key in (FOREVER, KEY):
            assert api_keys.find_by_hash(tx, key.hash) == api_keys.find(tx, key.id) == key
        assert api_keys.read_all(tx) == [KEY, FOREVER]
        assert api_keys.find_by_hash(tx, b"unknown") is None
        assert api_keys.find(tx, "unknown") is None


def test_a_revoked_key_keeps_the_time_of_its_first_revoking(db):
    with db.write() as tx:
        api_keys.add(tx, KEY)
        api_keys.add(tx, FOREVER)
        assert api_keys.revoke(tx, KEY.id, NOON).revoked_at == NOON
        assert api_keys.revoke(tx, KEY.id, NOON + timedelta(days=1)).revoked_at == NOON
        assert api_keys.find_by_hash(tx, KEY.hash).revoked_at == NOON
        assert api_keys.find(tx, FOREVER.id).revoked_at is None


def test_a_key_belongs_to_somebody_or_nobody(db):
    with db.write() as tx:
        zoe = add_account(tx, "zoe")
        hers = replace(KEY, account_id=zoe.id)
        for key in (hers, FOREVER):
            api_keys.add(tx, key)
        assert api_keys.find_by_hash(tx, KEY.hash) == hers
        assert api_keys.of_account(tx, zoe.id) == [hers]
        assert api_keys.of_account(tx, zoe.id + 1) == []


def test_a_key_is_found_by_hash_in_one_statement(db):
    with db.write() as tx:
        api_keys.add(tx, KEY)
        with noted(tx) as statements:
            assert api_keys.find_by_hash(tx, KEY.hash) == KEY
    assert len(statements) == 1


def test_a_key_that_is_replaced_ends_then_and_names_the_other(db):
    with db.write() as tx:
        api_keys.add(tx, KEY)
        expected = replace(KEY, expires_at=NOON, replaced_by="k0")
        assert api_keys.set_expiry(tx, KEY.id, NOON, "k0") == api_keys.find(tx, KEY.id) == expected
        with pytest.raises(NoSuchKey, match="k9"):
            api_keys.set_expiry(tx, "k9", NOON, None)


def test_the_last_use_of_keys_is_noted_and_never_goes_back_in_time(db):
    early, late = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    with db.write() as tx:
        for key in (KEY, FOREVER):
            api_keys.add(tx, key)
        api_keys.record_uses(tx, {})
        api_keys.record_uses(tx, {KEY.id: (late, "10.0.0.1"), FOREVER.id: (early, "::1"), "unknown": (late, "::2")})
        api_keys.record_uses(tx, {KEY.id: (early, "10.0.0.9"), FOREVER.id: (late, "\x1b" + "x" * 99)})
        noted_uses = {key.id: (key.last_used_at, key.last_used_address) for key in api_keys.read_all(tx)}
    assert noted_uses == {KEY.id: (late, "10.0.0.1"), FOREVER.id: (late, "\ufffd" + "x" * 63)}


def test_verification_keys_are_no_keys_that_anybody_is_shown(db):
    with db.write() as tx:
        once = replace(ONCE, account_id=add_account(tx, "zoe").id)
        for key in (once, KEY):
            api_keys.add(tx, key)
        assert api_keys.find_by_hash(tx, ONCE.hash) == once
        assert api_keys.read_all(tx) == [KEY]
        assert api_keys.read_all(tx, kinds=(API, VERIFICATION)) == [KEY, once]
        assert api_keys.of_account(tx, once.account_id) == []


def test_a_verification_key_is_removed_once_and_no_other_key_ever(db):
    with db.write() as tx:
        for key in (ONCE, KEY):
            api_keys.add(tx, key)
        assert [api_keys.remove(tx, ONCE.id) for _ in range(2)] == [True, False]
        assert api_keys.find_by_hash(tx, ONCE.hash) is None
        assert not api_keys.remove(tx, KEY.id)
        assert api_keys.find(tx, KEY.id) == KEY


def test_of_the_verification_keys_of_one_maker_the_newest_stay(db):
    def made(number, by="k1"):
        at = NOON + timedelta(seconds=number)
        return replace(ONCE, id=f"v{number}{by}", hash=f"{number}{by}".encode(), created_at=at, made_by=by)

    with db.write() as tx:
        for key in (KEY, *(made(number) for number in (3, 1, 4, 2)), made(0, "k2"), made(0, None)):
            api_keys.add(tx, key)
        api_keys.trim_verification(tx, "k1", 3)
        assert api_keys.read_all(tx, kinds=(VERIFICATION,)) == [made(0, None), made(0, "k2"), made(3), made(4)]
        api_keys.trim_verification(tx, "k1", 1)
        api_keys.trim_verification(tx, "k2", 2)
        assert api_keys.read_all(tx, kinds=(API, VERIFICATION)) == [KEY, made(0, None), made(0, "k2")]


def test_expired_verification_keys_are_purged_and_nothing_else(db):
    expired = replace(ONCE, id="v2", hash=b"v2", expires_at=NOON - timedelta(seconds=1))
    old = replace(KEY, expires_at=NOON - timedelta(days=1))
    with db.write() as tx:
        for key in (ONCE, expired, old):
            api_keys.add(tx, key)
        assert api_keys.purge_verification(tx, NOON) == 1
        assert api_keys.read_all(tx, kinds=(API, VERIFICATION)) == [old, ONCE]


def test_revoking_a_key_that_is_not_there_is_refused(db):
    with db.write() as tx, pytest.raises(NoSuchKey, match="k9"):
        api_keys.revoke(tx, "k9", NOON)


def test_times_come_back_exactly_and_in_utc(db):
    odd = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-5)))
    with db.write() as tx:
        audit.append(tx, at=odd, actor="k1", action="push", feed=None, subject="a")
        at = audit.since(tx, 0, 1)[0].at
    assert at == odd
    assert at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(db):
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(TypeError), db.write() as tx:
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
            key_id="key-1",
            client="NuGet Command Line/6.8",
            reason="as agreed",
        )
        audit.append(tx, at=NOON, actor="cli", action="revoke-key", feed=None, subject="k1")
        first, second = audit.since(tx, 0, 10)
        assert audit.since(tx, first.id, 10) == [second]
    assert (first.actor, first.feed, first.address, first.details) == ("k1", "default", "::1", {"size": 3})
    assert (first.key_id, first.client, first.reason) == ("key-1", "NuGet Command Line/6.8", "as agreed")
    assert (second.key_id, second.client, second.reason) == (None, None, None)
    assert (second.action, second.feed, second.request_id, second.details) == ("revoke-key", None, None, None)
