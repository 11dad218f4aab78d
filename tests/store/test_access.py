"""The number of the last change of who may do what: whatever changes that counts it up, and nothing else does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR, READER, TEAM
from motherlode.domain.refusals import NoSuchKey
from motherlode.store import feeds
from motherlode.store.accounts import accounts, api_keys, grants, owners, permissions_version
from motherlode.store.accounts.api_keys import VERIFICATION, KeyRow
from tests.store.rows import NOON, add_account, publish
from tests.store.statements import noted

LATER = NOON + timedelta(days=1)
KEY = KeyRow("k1", "ci", b"hash", ("push",), ("*",), None, NOON, NOON, account_id=1)
ONCE = replace(KEY, id="v1", hash=b"once", rights=("verify",), kind=VERIFICATION, made_by="k1")

ZOE, CORE, ROOT, DEFAULT = 1, 2, 3, 1
CHANGES = {
    "a new account": lambda tx: add_account(tx, "new"),
    "a password": lambda tx: accounts.set_password(tx, ZOE, "$new$"),
    "a server's role": lambda tx: accounts.set_role(tx, ZOE, ADMINISTRATOR),
    "a disabled account": lambda tx: accounts.set_disabled(tx, ZOE, NOON),
    "a new member": lambda tx: accounts.add_member(tx, CORE, ROOT),
    "a member less": lambda tx: accounts.remove_member(tx, CORE, ZOE),
    "a role": lambda tx: grants.put(tx, DEFAULT, ROOT, READER),
    "a role less": lambda tx: grants.remove(tx, DEFAULT, ZOE),
    "an owner": lambda tx: owners.add(tx, DEFAULT, "acme", ROOT, NOON),
    "an owner less": lambda tx: owners.remove(tx, DEFAULT, "acme", ZOE),
    "a revoked key": lambda tx: api_keys.revoke(tx, "k1", NOON),
    "a key that ends earlier": lambda tx: api_keys.set_expiry(tx, "k1", NOON, "k2"),
    "a feed's settings": lambda tx: feeds.change(tx, "default", {"read": "authenticated"}),
}
NO_CHANGES = {
    "a member who is one": lambda tx: accounts.add_member(tx, CORE, ZOE),
    "no member": lambda tx: accounts.remove_member(tx, CORE, ROOT),
    "no role": lambda tx: grants.remove(tx, DEFAULT, ROOT),
    "an owner who is one": lambda tx: owners.add(tx, DEFAULT, "acme", ZOE, NOON),
    "no owner": lambda tx: owners.remove(tx, DEFAULT, "acme", ROOT),
    "the first owner of a new id": lambda tx: owners.add_first(tx, DEFAULT, "new", ROOT, NOON),
    "an invitation": lambda tx: owners.invite(tx, DEFAULT, "acme", ROOT, "zoe", NOON),
    "an invitation less": lambda tx: owners.remove_invitation(tx, DEFAULT, "acme", CORE),
    "invitations withdrawn": lambda tx: owners.withdraw_invitations(tx, DEFAULT, "acme", "zoe"),
    "a new key": lambda tx: api_keys.add(tx, KeyRow("k2", "two", b"two", ("push",), ("*",), None, NOON, None)),
    "a key's use": lambda tx: api_keys.record_uses(tx, {"k1": (NOON, "::1")}),
    "a verification key that is used up": lambda tx: api_keys.remove(tx, "v1"),
    "no verification key": lambda tx: api_keys.remove(tx, "k1"),
    "verification keys that make room": lambda tx: api_keys.trim_verification(tx, "k1", 1),
    "expired verification keys": lambda tx: api_keys.purge_verification(tx, LATER),
    "a push": lambda tx: publish(tx, DEFAULT),
    "a new feed": lambda tx: feeds.add(tx, "new", {}, NOON),
}


@pytest.fixture
def services(db, feed):
    """A feed, a person who is in a team, has a role, a key and an id, and another who has nothing."""
    with db.write() as tx:
        rows = [add_account(tx, "zoe"), add_account(tx, "core", TEAM), add_account(tx, "root")]
        assert ([row.id for row in rows], feed.id) == ([ZOE, CORE, ROOT], DEFAULT)
        accounts.add_member(tx, CORE, ZOE)
        grants.put(tx, DEFAULT, ZOE, READER)
        owners.add(tx, DEFAULT, "acme", ZOE, NOON)
        owners.invite(tx, DEFAULT, "acme", CORE, "zoe", NOON)
        for key in (KEY, ONCE):
            api_keys.add(tx, key)
    return db


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_who_may_do_what_counts_it_up(services, change):
    with services.write() as tx:
        before = permissions_version.number(tx)
        change(tx)
        assert permissions_version.number(tx) > before


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_changes_nothing_of_it_leaves_it_alone(services, change):
    with services.write() as tx:
        before = permissions_version.number(tx)
        change(tx)
        assert permissions_version.number(tx) == before


def test_what_is_refused_counts_nothing_up(services):
    with services.read() as tx:
        before = permissions_version.number(tx)
    with pytest.raises(NoSuchKey), services.write() as tx:
        api_keys.revoke(tx, "k9", NOON)
    with services.read() as tx:
        assert permissions_version.number(tx) == before


def test_feeds_bring_it_along_in_their_one_statement(services):
    with services.write() as tx:
        permissions_version.bump(tx)
        expected = permissions_version.number(tx)
        for read in (lambda: feeds.read_all(tx)[0], lambda: feeds.get(tx, "default")):
            with noted(tx) as statements:
                assert read().access == expected
            assert len(statements) == 1
