"""Accounts: people, service accounts and teams; passwords, roles, members, and who may change them."""

import pytest

from motherlode.domain.accounts import ADMINISTRATOR, PERSON, PUBLISHER, READER, SERVICE, TEAM
from motherlode.domain.permissions import ADMIN, PUSH, READ
from motherlode.domain.refusals import (
    AccountExists,
    InvalidName,
    InvalidPassword,
    InvalidSetting,
    NoSuchAccount,
    NoSuchFeed,
    NoSuchRole,
    NotAllowed,
)
from motherlode.identity.passwords import is_password
from motherlode.nuget.ids import parse_package_id
from motherlode.store.accounts import accounts
from motherlode.usecases.accounts.accounts import (
    create_account,
    delete_account,
    disable_account,
    enable_account,
    set_password,
    set_role,
)
from motherlode.usecases.accounts.teams import add_member, remove_member
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.usecases.keys.api_keys import create_key
from motherlode.usecases.packages.owners import add_owner
from tests.builders import nupkg

PASSWORD = "correct horse battery"
LIMITS = [{"feeds": frozenset({"default"})}, {"globs": ("Acme.*",)}]
"""What a key can be limited to."""


def account(house, name):
    (row,) = (row for row in house.rows("accounts") if row.name == name)
    return row


def lines_of(house, subject):
    return [(line.action, line.details) for line in house.rows("audit") if line.subject == subject]


class TestCreateAccount:
    def test_a_person_with_a_password_can_sign_in_and_the_password_is_nowhere(self, house):
        row = house.add_account("Alice", password=PASSWORD)
        assert (row.name, row.kind, row.role, row.disabled_at) == ("Alice", PERSON, None, None)
        assert is_password(row.password, PASSWORD)
        assert PASSWORD not in repr(house.snapshot())
        details = {"kind": PERSON, "role": None, "has_password": True}
        assert lines_of(house, "Alice") == [("create-user", details)]
        assert row.password not in repr(house.rows("audit"))

    @pytest.mark.parametrize(
        ("kind", "action"), [(PERSON, "create-user"), (SERVICE, "create-service"), (TEAM, "create-team")]
    )
    def test_without_a_password_nobody_signs_in(self, house, kind, action):
        assert house.add_account("build", kind=kind).password is None
        assert house.last_line().action == action

    def test_a_name_is_taken_in_any_casing_by_any_kind(self, house):
        house.add_account("Widgets", kind=TEAM)
        with house.refusing(AccountExists, match="choose another"):
            house.add_account("widgets")

    @pytest.mark.parametrize("name", ["", "a b", "console", "key-1", "é", "a" * 65, "a\n"])
    def test_a_name_that_nobody_can_have_is_refused(self, house, name):
        with house.refusing(InvalidName):
            house.add_account(name)

    @pytest.mark.parametrize("kind", [SERVICE, TEAM])
    def test_only_people_have_passwords(self, house, kind):
        with house.refusing(InvalidPassword, match="Only people sign in"):
            house.add_account("build", kind=kind, password=PASSWORD)

    def test_a_password_that_cannot_be_is_refused(self, house):
        with house.refusing(InvalidPassword):
            house.add_account("alice", password="short")

    def test_a_role_that_is_none_is_refused_and_a_team_has_none(self, house):
        with house.refusing(InvalidSetting, match="no role 'king' on the server"):
            house.add_account("alice", role="king")
        with house.refusing(InvalidSetting, match="give the role to its members"):
            house.add_account("widgets", kind=TEAM, role=ADMINISTRATOR)


class TestSetPassword:
    def test_the_new_one_counts_and_the_old_one_does_not(self, house):
        house.add_account("Alice", password=PASSWORD)
        before = house.rows("access")
        house.do(set_password, "alice", "another good one")
        assert is_password(account(house, "Alice").password, "another good one")
        assert not is_password(account(house, "Alice").password, PASSWORD)
        assert house.rows("access") != before
        assert lines_of(house, "Alice")[-1] == ("set-password", None)

    def test_one_sets_ones_own_but_not_with_a_key_that_pushes(self, house):
        house.add_account("alice", password=PASSWORD)
        house.add_account("bob")
        signed_in = house.actor("alice", READ, key_id=None)
        house.do(set_password, "alice", "another good one", actor=signed_in)
        for actor, name in ((signed_in, "bob"), (house.actor("alice", PUSH), "alice")):
            with house.refusing(NotAllowed, match="Only an administrator"):
                house.do(set_password, name, PASSWORD, actor=actor)

    @pytest.mark.parametrize("role", [None, ADMINISTRATOR])
    @pytest.mark.parametrize("limits", LIMITS)
    def test_nor_with_a_key_for_some_feeds_or_ids_alone(self, house, role, limits):
        house.add_account("alice", password=PASSWORD, role=role)
        house.do(set_password, "alice", "another good one", actor=house.actor("alice", ADMIN))
        with house.refusing(NotAllowed, match="with a key for all feeds and ids"):
            house.do(set_password, "alice", PASSWORD, actor=house.actor("alice", ADMIN, **limits))

    @pytest.mark.parametrize("name", ["build", "widgets", "nobody"])
    def test_there_is_none_to_set_for_others_than_people(self, house, name):
        house.add_account("build", kind=SERVICE)
        house.add_account("widgets", kind=TEAM)
        with house.refusing(NoSuchAccount):
            house.do(set_password, name, PASSWORD)

    def test_one_that_cannot_be_changes_nothing(self, house):
        house.add_account("alice", password=PASSWORD)
        with house.refusing(InvalidPassword):
            house.do(set_password, "alice", "a\nb" * 4)


class TestDisable:
    @pytest.mark.parametrize("kind", [PERSON, SERVICE, TEAM])
    def test_it_binds_at_once_and_can_be_undone(self, house, kind):
        house.add_account("alice", kind=kind)
        before = house.rows("access")
        house.do(disable_account, "ALICE")
        assert account(house, "alice").disabled_at == house.clock.now()
        assert house.rows("access") != before
        house.do(enable_account, "alice")
        assert account(house, "alice").disabled_at is None
        assert [action for action, _ in lines_of(house, "alice")][1:] == ["disable-account", "enable-account"]

    def test_what_is_so_already_is_no_change(self, house):
        house.add_account("alice")
        before = house.snapshot()
        house.do(enable_account, "alice")
        assert house.snapshot() == before
        house.do(disable_account, "alice")
        before = house.snapshot()
        house.do(disable_account, "alice")
        assert house.snapshot() == before


class TestSetRole:
    @pytest.mark.parametrize("kind", [PERSON, SERVICE])
    def test_somebody_becomes_an_administrator_and_is_none_any_more(self, house, kind):
        house.add_account("alice", kind=kind)
        house.do(set_role, "alice", ADMINISTRATOR)
        assert house.actor("alice", ADMIN).is_administrator
        house.do(set_role, "alice", None)
        assert not house.actor("alice", ADMIN).is_administrator
        changes = [details for action, details in lines_of(house, "alice") if action == "set-role"]
        assert changes == [{"from": None, "to": ADMINISTRATOR}, {"from": ADMINISTRATOR, "to": None}]

    def test_a_team_is_none_and_there_is_no_other_role(self, house):
        house.add_account("widgets", kind=TEAM)
        with house.refusing(NoSuchAccount):
            house.do(set_role, "widgets", ADMINISTRATOR)
        with house.refusing(InvalidSetting, match="no role 'king'"):
            house.do(set_role, "widgets", "king")


class TestMembers:
    @pytest.fixture
    def team(self, house):
        house.add_account("Widgets", kind=TEAM)
        house.add_account("Alice")
        house.do(grant_role, "default", "widgets", PUBLISHER)
        return house

    def test_a_member_may_what_the_team_may_until_it_is_none(self, team):
        assert not team.actor("alice", READ).rights_on("default")
        team.do(add_member, "widgets", "alice")
        assert team.actor("alice", READ).rights_on("default") == {READ}
        team.do(remove_member, "widgets", "alice")
        assert not team.actor("alice", READ).rights_on("default")
        assert lines_of(team, "Alice")[1:] == [
            ("add-member", {"team": "Widgets"}),
            ("remove-member", {"team": "Widgets"}),
        ]

    def test_who_is_a_member_already_stays_one(self, team):
        team.do(add_member, "widgets", "alice")
        before = team.snapshot()
        team.do(add_member, "widgets", "alice")
        assert team.snapshot() == before

    def test_who_is_no_member_cannot_go(self, team):
        with team.refusing(NoSuchRole, match="Alice is no member of Widgets"):
            team.do(remove_member, "widgets", "alice")

    def test_teams_hold_no_teams_and_only_teams_hold_members(self, team):
        team.add_account("gadgets", kind=TEAM)
        for pair in (("widgets", "gadgets"), ("alice", "alice"), ("nobody", "alice"), ("widgets", "nobody")):
            with team.refusing(NoSuchAccount):
                team.do(add_member, *pair)


class TestGrants:
    def test_a_role_is_granted_replaced_and_withdrawn(self, house):
        house.add_account("Alice")
        house.do(grant_role, "default", "alice", READER)
        assert house.actor("alice", ADMIN).rights_on("default") == {READ}
        house.do(grant_role, "default", "alice", PUBLISHER)
        assert PUSH in house.actor("alice", ADMIN).rights_on("default")
        house.do(withdraw_role, "default", "alice")
        assert not house.actor("alice", ADMIN).rights_on("default")
        expected = [("grant-role", {"role": READER}), ("grant-role", {"role": PUBLISHER}), ("withdraw-role", None)]
        assert lines_of(house, "Alice")[1:] == expected
        assert house.last_line().feed == "default"

    def test_it_counts_on_that_feed_alone(self, house):
        house.create_feed("other")
        house.add_account("alice")
        house.do(grant_role, "other", "alice", READER)
        assert not house.actor("alice", READ).rights_on("default")

    def test_what_is_not_there_is_refused(self, house):
        house.add_account("alice")
        with house.refusing(InvalidSetting, match="use reader or publisher"):
            house.do(grant_role, "default", "alice", "king")
        with house.refusing(NoSuchFeed):
            house.do(grant_role, "other", "alice", READER)
        with house.refusing(NoSuchAccount):
            house.do(grant_role, "default", "bob", READER)
        with house.refusing(NoSuchRole, match="alice has no role on the feed 'default'"):
            house.do(withdraw_role, "default", "alice")


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        (create_account, ("eve",)),
        (disable_account, ("alice",)),
        (enable_account, ("alice",)),
        (set_role, ("alice", ADMINISTRATOR)),
        (add_member, ("widgets", "alice")),
        (remove_member, ("widgets", "alice")),
        (grant_role, ("default", "alice", PUBLISHER)),
        (withdraw_role, ("default", "alice")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_these_are_for_administrators_with_a_key_that_carries_admin(house, verb, arguments):
    house.add_account("alice")
    house.add_account("root", role=ADMINISTRATOR)
    house.add_account("widgets", kind=TEAM)
    limited = [house.actor("root", ADMIN, **limits) for limits in LIMITS]
    others = [house.actor("alice", ADMIN), house.actor("root", PUSH), house.actor("root", READ, key_id=None)]
    for actor in others + limited:
        with house.refusing(NotAllowed, match="Only an administrator may do this"):
            house.do(verb, *arguments, actor=actor)


class TestDeleteAccount:
    KINDS = (PERSON, SERVICE)

    def test_nothing_is_left_of_it_but_its_name(self, house):
        house.create_feed("other")
        alice = house.add_account("Alice", password=PASSWORD, role=ADMINISTRATOR)
        team = house.add_account("widgets", kind=TEAM)
        house.do(add_member, team.name, "Alice")
        house.do(grant_role, "other", "Alice", READER)
        key = house.do(create_key, "ci", owner="Alice", lifetime=None)
        gone = house.do(delete_account, "alice", kinds=self.KINDS)
        assert (gone.name, gone.revoked_keys, gone.unowned) == ("Alice", (key.id,), ())
        row = account(house, "Alice")
        assert (row.id, row.password, row.role, row.deleted_at) == (alice.id, None, None, house.clock.now())
        assert [house.rows(table) for table in ("members", "grants", "owners", "invitations", "sessions")] == [[]] * 5
        assert lines_of(house, "Alice")[-1][0] == "delete-account"

    def test_its_name_is_never_given_to_another(self, house):
        house.add_account("alice")
        house.do(delete_account, "alice", kinds=self.KINDS)
        for kind in (PERSON, SERVICE, TEAM):
            with house.refusing(AccountExists, match="until it was deleted"):
                house.add_account("ALICE", kind=kind)

    def test_it_is_found_by_nobody_any_more(self, house):
        house.add_account("alice")
        house.do(delete_account, "alice", kinds=self.KINDS)
        with house.db.read() as tx:
            assert accounts.find(tx, "alice") is None
            assert accounts.read_all(tx) == []
        for verb in (enable_account, disable_account):
            with house.refusing(NoSuchAccount):
                house.do(verb, "alice")

    def test_the_first_use_does_not_come_back_with_the_last_person(self, house):
        house.add_account("alice", password=PASSWORD)
        house.do(delete_account, "alice", kinds=self.KINDS)
        with house.db.read() as tx:
            assert accounts.has_person(tx)

    def test_what_it_alone_owned_belongs_to_the_administrators(self, house):
        for name in ("alice", "bob"):
            house.add_account(name)
        for package in ("Acme.Alone", "Acme.Shared"):
            house.push(nupkg(package))
            house.do(add_owner, parse_package_id(package), "alice", feed="default")
        house.do(add_owner, parse_package_id("Acme.Shared"), "bob", feed="default")
        gone = house.do(delete_account, "alice", kinds=self.KINDS)
        assert gone.unowned == (("default", "acme.alone"),)
        assert [(row.id_key, row.account_id) for row in house.rows("owners")] == [
            ("acme.shared", account(house, "bob").id)
        ]

    def test_a_team_goes_and_its_members_stay(self, house):
        house.add_account("alice")
        house.add_account("widgets", kind=TEAM)
        house.do(add_member, "widgets", "alice")
        house.do(delete_account, "widgets", kinds=(TEAM,))
        assert house.rows("members") == []
        assert account(house, "alice").deleted_at is None

    def test_a_user_is_no_team(self, house):
        house.add_account("alice")
        with house.refusing(NoSuchAccount):
            house.do(delete_account, "alice", kinds=(TEAM,))

    def test_only_administrators_may(self, house):
        house.add_account("alice")
        with house.refusing(NotAllowed, match="Only an administrator"):
            house.do(delete_account, "alice", kinds=self.KINDS, actor=house.actor("alice", ADMIN))
