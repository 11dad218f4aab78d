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
    NotAMember,
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
from tests.support.builders import nupkg

PASSWORD = "correct horse battery"
LIMITS = [{"feeds": frozenset({"default"})}, {"globs": ("Acme.*",)}]
"""What a key can be limited to."""


def account(services, name):
    (row,) = (row for row in services.rows("accounts") if row.name == name)
    return row


def lines_of(services, subject):
    return [(line.action, line.details) for line in services.rows("audit") if line.subject == subject]


class TestCreateAccount:
    def test_a_person_with_a_password_can_sign_in_and_the_password_is_nowhere(self, services):
        row = services.add_account("Alice", password=PASSWORD)
        assert (row.name, row.kind, row.role, row.disabled_at) == ("Alice", PERSON, None, None)
        assert is_password(row.password, PASSWORD)
        assert PASSWORD not in repr(services.snapshot())
        details = {"kind": PERSON, "role": None, "has_password": True}
        assert lines_of(services, "Alice") == [("create-user", details)]
        assert row.password not in repr(services.rows("audit"))

    @pytest.mark.parametrize(
        ("kind", "action"), [(PERSON, "create-user"), (SERVICE, "create-service"), (TEAM, "create-team")]
    )
    def test_without_a_password_nobody_signs_in(self, services, kind, action):
        assert services.add_account("build", kind=kind).password is None
        assert services.last_line().action == action

    def test_a_name_is_taken_in_any_casing_by_any_kind(self, services):
        services.add_account("Widgets", kind=TEAM)
        with services.refusing(AccountExists, match="Choose another"):
            services.add_account("widgets")

    @pytest.mark.parametrize("name", ["", "a b", "console", "key-1", "é", "a" * 65, "a\n"])
    def test_a_name_that_nobody_can_have_is_refused(self, services, name):
        with services.refusing(InvalidName):
            services.add_account(name)

    @pytest.mark.parametrize("kind", [SERVICE, TEAM])
    def test_only_people_have_passwords(self, services, kind):
        with services.refusing(InvalidPassword, match="Only users have a password"):
            services.add_account("build", kind=kind, password=PASSWORD)

    def test_a_password_that_cannot_be_is_refused(self, services):
        with services.refusing(InvalidPassword):
            services.add_account("alice", password="short")

    def test_a_role_that_is_none_is_refused_and_a_team_has_none(self, services):
        with services.refusing(InvalidSetting, match="no server role 'king'"):
            services.add_account("alice", role="king")
        with services.refusing(InvalidSetting, match="Give the role to its members"):
            services.add_account("widgets", kind=TEAM, role=ADMINISTRATOR)


class TestSetPassword:
    def test_the_new_one_counts_and_the_old_one_does_not(self, services):
        services.add_account("Alice", password=PASSWORD)
        before = services.rows("access")
        services.do(set_password, "alice", "another good one")
        assert is_password(account(services, "Alice").password, "another good one")
        assert not is_password(account(services, "Alice").password, PASSWORD)
        assert services.rows("access") != before
        assert lines_of(services, "Alice")[-1] == ("set-password", None)

    def test_one_sets_ones_own_but_not_with_a_key_that_pushes(self, services):
        services.add_account("alice", password=PASSWORD)
        services.add_account("bob")
        signed_in = services.actor("alice", READ, key_id=None)
        services.do(set_password, "alice", "another good one", actor=signed_in)
        for actor, name in ((signed_in, "bob"), (services.actor("alice", PUSH), "alice")):
            with services.refusing(NotAllowed, match="Only an administrator"):
                services.do(set_password, name, PASSWORD, actor=actor)

    @pytest.mark.parametrize("role", [None, ADMINISTRATOR])
    @pytest.mark.parametrize("limits", LIMITS)
    def test_nor_with_a_key_for_some_feeds_or_ids_alone(self, services, role, limits):
        services.add_account("alice", password=PASSWORD, role=role)
        services.do(set_password, "alice", "another good one", actor=services.actor("alice", ADMIN))
        with services.refusing(NotAllowed, match="must cover all feeds and ids"):
            services.do(set_password, "alice", PASSWORD, actor=services.actor("alice", ADMIN, **limits))

    @pytest.mark.parametrize("name", ["build", "widgets", "nobody"])
    def test_there_is_none_to_set_for_others_than_people(self, services, name):
        services.add_account("build", kind=SERVICE)
        services.add_account("widgets", kind=TEAM)
        with services.refusing(NoSuchAccount):
            services.do(set_password, name, PASSWORD)

    def test_one_that_cannot_be_changes_nothing(self, services):
        services.add_account("alice", password=PASSWORD)
        with services.refusing(InvalidPassword):
            services.do(set_password, "alice", "a\nb" * 4)


class TestDisable:
    @pytest.mark.parametrize("kind", [PERSON, SERVICE, TEAM])
    def test_it_binds_at_once_and_can_be_undone(self, services, kind):
        services.add_account("alice", kind=kind)
        before = services.rows("access")
        services.do(disable_account, "ALICE")
        assert account(services, "alice").disabled_at == services.clock.now()
        assert services.rows("access") != before
        services.do(enable_account, "alice")
        assert account(services, "alice").disabled_at is None
        assert [action for action, _ in lines_of(services, "alice")][1:] == ["disable-account", "enable-account"]

    def test_what_is_so_already_is_no_change(self, services):
        services.add_account("alice")
        before = services.snapshot()
        services.do(enable_account, "alice")
        assert services.snapshot() == before
        services.do(disable_account, "alice")
        before = services.snapshot()
        services.do(disable_account, "alice")
        assert services.snapshot() == before


class TestSetRole:
    @pytest.mark.parametrize("kind", [PERSON, SERVICE])
    def test_somebody_becomes_an_administrator_and_is_none_any_more(self, services, kind):
        services.add_account("alice", kind=kind)
        services.do(set_role, "alice", ADMINISTRATOR)
        assert services.actor("alice", ADMIN).is_administrator
        services.do(set_role, "alice", None)
        assert not services.actor("alice", ADMIN).is_administrator
        changes = [details for action, details in lines_of(services, "alice") if action == "set-role"]
        assert changes == [{"from": None, "to": ADMINISTRATOR}, {"from": ADMINISTRATOR, "to": None}]

    def test_a_team_is_none_and_there_is_no_other_role(self, services):
        services.add_account("widgets", kind=TEAM)
        with services.refusing(NoSuchAccount):
            services.do(set_role, "widgets", ADMINISTRATOR)
        with services.refusing(InvalidSetting, match="no server role 'king'"):
            services.do(set_role, "widgets", "king")


class TestMembers:
    @pytest.fixture
    def team(self, services):
        services.add_account("Widgets", kind=TEAM)
        services.add_account("Alice")
        services.do(grant_role, "default", "widgets", PUBLISHER)
        return services

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
        with team.refusing(NotAMember, match="Alice is not a member of Widgets"):
            team.do(remove_member, "widgets", "alice")

    def test_teams_hold_no_teams_and_only_teams_hold_members(self, team):
        team.add_account("gadgets", kind=TEAM)
        for pair in (("widgets", "gadgets"), ("alice", "alice"), ("nobody", "alice"), ("widgets", "nobody")):
            with team.refusing(NoSuchAccount):
                team.do(add_member, *pair)


class TestGrants:
    def test_a_role_is_granted_replaced_and_withdrawn(self, services):
        services.add_account("Alice")
        services.do(grant_role, "default", "alice", READER)
        assert services.actor("alice", ADMIN).rights_on("default") == {READ}
        services.do(grant_role, "default", "alice", PUBLISHER)
        assert PUSH in services.actor("alice", ADMIN).rights_on("default")
        services.do(withdraw_role, "default", "alice")
        assert not services.actor("alice", ADMIN).rights_on("default")
        expected = [("grant-role", {"role": READER}), ("grant-role", {"role": PUBLISHER}), ("withdraw-role", None)]
        assert lines_of(services, "Alice")[1:] == expected
        assert services.last_line().feed == "default"

    def test_it_counts_on_that_feed_alone(self, services):
        services.create_feed("other")
        services.add_account("alice")
        services.do(grant_role, "other", "alice", READER)
        assert not services.actor("alice", READ).rights_on("default")

    def test_what_is_not_there_is_refused(self, services):
        services.add_account("alice")
        with services.refusing(InvalidSetting, match="Use reader or publisher"):
            services.do(grant_role, "default", "alice", "king")
        with services.refusing(NoSuchFeed):
            services.do(grant_role, "other", "alice", READER)
        with services.refusing(NoSuchAccount):
            services.do(grant_role, "default", "bob", READER)
        with services.refusing(NoSuchRole, match="alice has no role on the feed 'default'"):
            services.do(withdraw_role, "default", "alice")


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
def test_these_are_for_administrators_with_a_key_that_carries_admin(services, verb, arguments):
    services.add_account("alice")
    services.add_account("root", role=ADMINISTRATOR)
    services.add_account("widgets", kind=TEAM)
    limited = [services.actor("root", ADMIN, **limits) for limits in LIMITS]
    others = [services.actor("alice", ADMIN), services.actor("root", PUSH), services.actor("root", READ, key_id=None)]
    for actor in others + limited:
        with services.refusing(NotAllowed, match="Only an administrator may do this"):
            services.do(verb, *arguments, actor=actor)


class TestDeleteAccount:
    KINDS = (PERSON, SERVICE)

    def test_nothing_is_left_of_it_but_its_name(self, services):
        services.create_feed("other")
        alice = services.add_account("Alice", password=PASSWORD, role=ADMINISTRATOR)
        team = services.add_account("widgets", kind=TEAM)
        services.do(add_member, team.name, "Alice")
        services.do(grant_role, "other", "Alice", READER)
        key = services.do(create_key, "ci", owner="Alice", lifetime=None)
        gone = services.do(delete_account, "alice", kinds=self.KINDS)
        assert (gone.name, gone.revoked_keys, gone.unowned) == ("Alice", (key.id,), ())
        row = account(services, "Alice")
        assert (row.id, row.password, row.role, row.deleted_at) == (alice.id, None, None, services.clock.now())
        assert [services.rows(table) for table in ("members", "grants", "owners", "invitations", "sessions")] == [
            []
        ] * 5
        assert lines_of(services, "Alice")[-1][0] == "delete-account"

    def test_its_name_is_never_given_to_another(self, services):
        services.add_account("alice")
        services.do(delete_account, "alice", kinds=self.KINDS)
        for kind in (PERSON, SERVICE, TEAM):
            with services.refusing(AccountExists, match="until it was deleted"):
                services.add_account("ALICE", kind=kind)

    def test_it_is_found_by_nobody_any_more(self, services):
        services.add_account("alice")
        services.do(delete_account, "alice", kinds=self.KINDS)
        with services.db.read() as tx:
            assert accounts.find(tx, "alice") is None
            assert accounts.read_all(tx) == []
        for verb in (enable_account, disable_account):
            with services.refusing(NoSuchAccount):
                services.do(verb, "alice")

    def test_the_first_use_does_not_come_back_with_the_last_person(self, services):
        services.add_account("alice", password=PASSWORD)
        services.do(delete_account, "alice", kinds=self.KINDS)
        with services.db.read() as tx:
            assert accounts.has_person(tx)

    def test_what_it_alone_owned_belongs_to_the_administrators(self, services):
        for name in ("alice", "bob"):
            services.add_account(name)
        for package in ("Acme.Alone", "Acme.Shared"):
            services.push(nupkg(package))
            services.do(add_owner, parse_package_id(package), "alice", feed="default")
        services.do(add_owner, parse_package_id("Acme.Shared"), "bob", feed="default")
        gone = services.do(delete_account, "alice", kinds=self.KINDS)
        assert gone.unowned == (("default", "acme.alone"),)
        assert [(row.id_key, row.account_id) for row in services.rows("owners")] == [
            ("acme.shared", account(services, "bob").id)
        ]

    def test_a_team_goes_and_its_members_stay(self, services):
        services.add_account("alice")
        services.add_account("widgets", kind=TEAM)
        services.do(add_member, "widgets", "alice")
        services.do(delete_account, "widgets", kinds=(TEAM,))
        assert services.rows("members") == []
        assert account(services, "alice").deleted_at is None

    def test_a_user_is_no_team(self, services):
        services.add_account("alice")
        with services.refusing(NoSuchAccount):
            services.do(delete_account, "alice", kinds=(TEAM,))

    def test_only_administrators_may(self, services):
        services.add_account("alice")
        with services.refusing(NotAllowed, match="Only an administrator"):
            services.do(delete_account, "alice", kinds=self.KINDS, actor=services.actor("alice", ADMIN))
