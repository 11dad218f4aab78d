"""Accounts: one kind of name, and all that an account has by itself and by its teams."""

from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR, PERSON, PUBLISHER, READER, SERVICE, TEAM
from motherlode.domain.permissions import Holder
from motherlode.domain.refusals import AccountExists, NoSuchAccount
from motherlode.store import feeds
from motherlode.store.accounts import accounts, grants, owners
from tests.store.rows import NOON, add_account
from tests.store.statements import noted


def test_an_account_is_found_in_any_casing_as_it_was_added(db):
    with db.write() as tx:
        added = accounts.add(tx, name="Zoe.W", kind=PERSON, role=ADMINISTRATOR, password="$argon2id$", at=NOON)
    assert (added.name, added.kind, added.role, added.password) == ("Zoe.W", PERSON, ADMINISTRATOR, "$argon2id$")
    assert (added.created_at, added.disabled_at) == (NOON, None)
    with db.read() as tx:
        assert accounts.find(tx, "zoe.w") == accounts.find(tx, "ZOE.W") == accounts.get(tx, "Zoe.W") == added
        assert accounts.find(tx, "zoe") is None


@pytest.mark.parametrize("kind", [PERSON, SERVICE, TEAM])
def test_a_name_is_taken_once_whatever_is_called_that(db, kind):
    with db.write() as tx:
        add_account(tx, "core", TEAM)
        with pytest.raises(AccountExists, match="Core"):
            add_account(tx, "Core", kind)
        assert [account.name for account in accounts.read_all(tx)] == ["core"]


def test_an_account_of_another_kind_is_not_the_one_that_was_asked_for(db):
    with db.write() as tx:
        team = add_account(tx, "core", TEAM)
        assert accounts.get(tx, "core", PERSON, TEAM) == team
        with pytest.raises(NoSuchAccount, match="no user or service account called 'core'"):
            accounts.get(tx, "core", PERSON, SERVICE)
        with pytest.raises(NoSuchAccount, match="no user or team called 'nobody'"):
            accounts.get(tx, "nobody")


def test_accounts_come_by_name_all_or_of_some_kinds(db):
    with db.write() as tx:
        for name, kind in (("b", TEAM), ("C", PERSON), ("a", SERVICE)):
            add_account(tx, name, kind)
        assert [account.name for account in accounts.read_all(tx)] == ["a", "b", "C"]
        assert [account.name for account in accounts.read_all(tx, PERSON, SERVICE)] == ["a", "C"]


def test_password_role_and_whether_it_is_disabled_are_changed_one_by_one(db):
    with db.write() as tx:
        zoe, other = add_account(tx, "zoe"), add_account(tx, "other")
        accounts.set_password(tx, zoe.id, "$new$")
        accounts.set_role(tx, zoe.id, ADMINISTRATOR)
        accounts.set_disabled(tx, zoe.id, NOON)
        changed = accounts.get(tx, "zoe")
        assert (changed.password, changed.role, changed.disabled_at) == ("$new$", ADMINISTRATOR, NOON)
        accounts.set_password(tx, zoe.id, None)
        accounts.set_role(tx, zoe.id, None)
        accounts.set_disabled(tx, zoe.id, None)
        assert accounts.get(tx, "zoe") == zoe
        assert accounts.get(tx, "other") == other


def test_members_come_and_go_and_nothing_changes_twice(db):
    with db.write() as tx:
        team, zoe, bot = add_account(tx, "core", TEAM), add_account(tx, "zoe"), add_account(tx, "bot", SERVICE)
        assert [accounts.add_member(tx, team.id, member.id) for member in (zoe, bot, zoe)] == [True, True, False]
        assert accounts.members_of(tx, team.id) == [bot, zoe]
        assert accounts.teams_of(tx, zoe.id) == [team]
        assert [accounts.remove_member(tx, team.id, zoe.id) for _ in range(2)] == [True, False]
        assert accounts.members_of(tx, team.id) == [bot]
        assert accounts.teams_of(tx, zoe.id) == []


@pytest.fixture
def zoe_of_core(db, feed):
    """A person who reads `default` and owns an id there, in a team that publishes there and on `second`, where it owns
    another id; and the team."""
    with db.write() as tx:
        second = feeds.add(tx, "second", {}, NOON)
        zoe, core, others = add_account(tx, "Zoe"), add_account(tx, "core", TEAM), add_account(tx, "others", TEAM)
        accounts.add_member(tx, core.id, zoe.id)
        grants.put(tx, feed.id, zoe.id, READER)
        for of_team in (feed, second):
            grants.put(tx, of_team.id, core.id, PUBLISHER)
        grants.put(tx, feeds.add(tx, "theirs", {}, NOON).id, others.id, PUBLISHER)
        owners.add(tx, feed.id, "acme", zoe.id, NOON)
        owners.add(tx, feed.id, "acme.tools", zoe.id, NOON)
        owners.add(tx, second.id, "other", core.id, NOON)
    return zoe, core


def test_a_holder_has_its_own_roles_and_those_of_its_teams_the_higher_ones(db, zoe_of_core):
    zoe, core = zoe_of_core
    with db.read() as tx, noted(tx) as statements:
        holder = accounts.find_holder(tx, zoe.id)
    assert holder == Holder(
        zoe.id,
        "Zoe",
        account_ids=frozenset({zoe.id, core.id}),
        roles={"default": PUBLISHER, "second": PUBLISHER},
        owns_on=frozenset({"default", "second"}),
    )
    assert len(statements) <= 3


def test_an_own_role_that_is_higher_than_the_teams_counts(db, feed):
    with db.write() as tx:
        zoe, core = add_account(tx, "zoe"), add_account(tx, "core", TEAM)
        accounts.add_member(tx, core.id, zoe.id)
        grants.put(tx, feed.id, zoe.id, PUBLISHER)
        grants.put(tx, feed.id, core.id, READER)
        assert accounts.find_holder(tx, zoe.id).roles == {"default": PUBLISHER}


def test_a_disabled_team_brings_nothing(db, zoe_of_core):
    zoe, core = zoe_of_core
    with db.write() as tx:
        accounts.set_role(tx, core.id, ADMINISTRATOR)
        accounts.set_disabled(tx, core.id, NOON + timedelta(days=1))
        assert accounts.find_holder(tx, zoe.id) == Holder(
            zoe.id,
            "Zoe",
            account_ids=frozenset({zoe.id}),
            roles={"default": READER},
            owns_on=frozenset({"default"}),
        )


def test_whoever_is_disabled_or_not_there_holds_nothing(db, zoe_of_core):
    zoe, core = zoe_of_core
    with db.write() as tx:
        accounts.set_disabled(tx, zoe.id, NOON)
        assert accounts.find_holder(tx, zoe.id) is None
        assert accounts.find_holder(tx, 9999) is None
        assert accounts.find_holder(tx, core.id).name == "core"


def test_an_administrator_is_one_by_its_own_role_or_a_teams(db):
    with db.write() as tx:
        root, zoe = add_account(tx, "root", role=ADMINISTRATOR), add_account(tx, "zoe")
        team = add_account(tx, "admins", TEAM, role=ADMINISTRATOR)
        assert accounts.find_holder(tx, root.id).is_administrator
        assert not accounts.find_holder(tx, zoe.id).is_administrator
        accounts.add_member(tx, team.id, zoe.id)
        assert accounts.find_holder(tx, zoe.id).is_administrator


def test_a_member_of_a_team_brings_the_team_nothing(db, feed):
    with db.write() as tx:
        zoe, core = add_account(tx, "zoe", role=ADMINISTRATOR), add_account(tx, "core", TEAM)
        accounts.add_member(tx, core.id, zoe.id)
        grants.put(tx, feed.id, zoe.id, READER)
        assert accounts.find_holder(tx, core.id) == Holder(core.id, "core", account_ids=frozenset({core.id}))
