"""Grants, owners and invitations: who may what on which feed, and whose an id is."""

import pytest

from motherlode.domain.accounts import PUBLISHER, READER, TEAM
from motherlode.domain.permissions import Ownership
from motherlode.store import feeds
from motherlode.store.accounts import grants, owners, permissions_version
from motherlode.store.packages import versions
from tests.store.rows import NOON, add_account, publish
from tests.store.statements import noted

UNKNOWN = Ownership(is_id_known=False, is_owned=False, is_own=False)


def test_an_account_has_one_role_on_a_feed_the_last_that_it_was_given(db, feed):
    with db.write() as tx:
        second = feeds.add(tx, "another", {}, NOON)
        zoe, core = add_account(tx, "zoe"), add_account(tx, "core", TEAM)
        for granted, account, role in ((feed, zoe, READER), (feed, zoe, PUBLISHER), (feed, core, READER)):
            grants.put(tx, granted.id, account.id, role)
        grants.put(tx, second.id, zoe.id, READER)
        assert grants.of_feed(tx, feed.id) == [(core, READER), (zoe, PUBLISHER)]
        assert grants.of_account(tx, zoe.id) == [("another", READER), ("default", PUBLISHER)]


def test_a_role_is_taken_once_and_on_its_feed_alone(db, feed):
    with db.write() as tx:
        second, zoe = feeds.add(tx, "second", {}, NOON), add_account(tx, "zoe")
        for granted in (feed, second):
            grants.put(tx, granted.id, zoe.id, READER)
        assert [grants.remove(tx, feed.id, zoe.id) for _ in range(2)] == [True, False]
        assert grants.of_feed(tx, feed.id) == []
        assert grants.of_account(tx, zoe.id) == [("second", READER)]


@pytest.fixture
def zoe(db):
    """A person."""
    with db.write() as tx:
        return add_account(tx, "zoe")


def test_owners_come_and_go_and_nothing_changes_twice(db, feed, zoe):
    with db.write() as tx:
        core = add_account(tx, "core", TEAM)
        assert [owners.add(tx, feed.id, "acme", owner.id, NOON) for owner in (zoe, core, zoe)] == [True, True, False]
        assert owners.of_id(tx, feed.id, "acme") == [core, zoe]
        assert owners.of_id(tx, feed.id, "acme.tools") == []
        assert [owners.remove(tx, feed.id, "acme", core.id) for _ in range(2)] == [True, False]
        assert owners.of_id(tx, feed.id, "acme") == [zoe]


def test_what_an_account_owns_is_told_by_feed_and_id(db, feed, zoe):
    with db.write() as tx:
        second = feeds.add(tx, "another", {}, NOON)
        for where, id_key in ((feed, "b"), (feed, "a"), (second, "c")):
            owners.add_first(tx, where.id, id_key, zoe.id, NOON)
        assert owners.ids_of(tx, zoe.id) == [("another", "c"), ("default", "a"), ("default", "b")]


def test_an_invitation_stands_until_it_is_taken_back(db, feed, zoe):
    with db.write() as tx:
        assert [owners.invite(tx, feed.id, "acme", zoe.id, "root", NOON) for _ in range(2)] == [True, False]
        assert owners.invitations_of_id(tx, feed.id, "acme") == [zoe]
        assert owners.invitations_of_id(tx, feed.id, "other") == owners.of_id(tx, feed.id, "acme") == []
        assert [owners.remove_invitation(tx, feed.id, "acme", zoe.id) for _ in range(2)] == [True, False]
        assert owners.invitations_of_id(tx, feed.id, "acme") == []


def test_all_invitations_of_one_who_made_them_can_be_taken_back(db, feed, zoe):
    with db.write() as tx:
        second, core, other = feeds.add(tx, "second", {}, NOON), add_account(tx, "core", TEAM), add_account(tx, "other")
        for where, id_key, invited, by in (
            (feed, "acme", zoe, "ann"),
            (feed, "acme", core, "ann"),
            (feed, "acme", other, "bob"),
            (feed, "else", zoe, "ann"),
            (second, "acme", zoe, "ann"),
        ):
            owners.invite(tx, where.id, id_key, invited.id, by, NOON)
        owners.withdraw_invitations(tx, feed.id, "acme", "ann")
        assert owners.invitations_of_id(tx, feed.id, "acme") == [other]
        assert owners.invitations_of_id(tx, feed.id, "else") == [zoe]
        assert owners.invitations_of_id(tx, second.id, "acme") == [zoe]


def test_an_owner_is_not_invited_any_more(db, feed, zoe):
    with db.write() as tx:
        owners.invite(tx, feed.id, "acme", zoe.id, "root", NOON)
        owners.invite(tx, feed.id, "other", zoe.id, "root", NOON)
        owners.add(tx, feed.id, "acme", zoe.id, NOON)
        assert owners.invitations_of_id(tx, feed.id, "acme") == []
        assert owners.invitations_of_id(tx, feed.id, "other") == [zoe]


def test_whose_an_id_is_depends_on_who_asks(db, feed, zoe):
    with db.write() as tx:
        core, other = add_account(tx, "core", TEAM), add_account(tx, "other")
        publish(tx, feed.id, "Acme")
        asked = tx, feed.id, "acme"
        assert owners.ownership(*asked, {zoe.id}) == Ownership(is_id_known=True, is_owned=False, is_own=False)
        owners.add(*asked, core.id, NOON)
        for accounts, is_own in (({zoe.id, core.id}, True), ({zoe.id, other.id}, False), (set(), False)):
            expected = Ownership(is_id_known=True, is_owned=True, is_own=is_own)
            assert owners.ownership(*asked, accounts) == expected
        assert owners.ownership(tx, feed.id, "other", {core.id}) == UNKNOWN
        assert owners.ownership(tx, feed.id + 1, "acme", {core.id}) == UNKNOWN


def test_an_id_can_be_owned_before_it_is_there(db, feed, zoe):
    with db.write() as tx:
        owners.add(tx, feed.id, "acme", zoe.id, NOON)
        expected = Ownership(is_id_known=False, is_owned=True, is_own=True)
        assert owners.ownership(tx, feed.id, "acme", {zoe.id}) == expected


def test_the_place_of_a_version_says_in_one_statement_whose_it_is(db, feed, zoe):
    with db.write() as tx:
        publish(tx, feed.id, "Acme", "1.0.0")
        permissions_version.bump(tx)
        owners.add_first(tx, feed.id, "acme", zoe.id, NOON)
        with noted(tx) as statements:
            taken = versions.find_place(tx, "default", "acme", "1.0.0", frozenset({zoe.id}))
        assert len(statements) == 1
        number = permissions_version.number(tx)
        assert taken == versions.PublishTarget(
            feed.id, {}, number, True, False, False, Ownership(is_id_known=True, is_owned=True, is_own=True)
        )
        free = versions.find_place(tx, "default", "acme", "2.0.0", frozenset())
        assert free == versions.PublishTarget(
            feed.id, {}, number, False, False, False, Ownership(is_id_known=True, is_owned=True, is_own=False)
        )
        new = versions.find_place(tx, "default", "new", "1.0.0", frozenset({zoe.id}))
        assert new == versions.PublishTarget(feed.id, {}, number, False, False, False, UNKNOWN)
        assert versions.find_place(tx, "nowhere", "acme", "1.0.0", frozenset({zoe.id})) is None
