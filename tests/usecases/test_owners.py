"""Owners: added by administrators, invited by owners, and never the last one removed."""

import pytest

from motherlode.domain.accounts import PUBLISHER, TEAM
from motherlode.domain.permissions import ADMIN, PUSH, READ, UNLIST
from motherlode.domain.refusals import (
    LastOwner,
    NoSuchAccount,
    NoSuchFeed,
    NoSuchId,
    NotAllowed,
    NotAnOwner,
    NotInvited,
)
from motherlode.nuget.ids import parse_package_id
from motherlode.usecases.accounts.teams import add_member
from motherlode.usecases.feeds.roles import grant_role
from motherlode.usecases.packages.owners import (
    accept_invitation,
    add_owner,
    decline_invitation,
    invite_owner,
    remove_owner,
)
from tests.support.builders import nupkg

WIDGETS = parse_package_id("ACME.Widgets")
ABSENT = parse_package_id("Acme.Absent")


@pytest.fixture
def owned(services):
    """A house whose Acme.Widgets is alice's; bob and the team Gadgets own nothing, and carol is in Gadgets."""
    for name in ("alice", "bob", "carol"):
        services.add_account(name)
        services.do(grant_role, "default", name, PUBLISHER)
    services.add_account("Gadgets", kind=TEAM)
    services.do(add_member, "gadgets", "carol")
    services.push(nupkg(), actor=services.actor("alice", PUSH))
    return services


def owners_of(services):
    names = {row.id: row.name for row in services.rows("accounts")}
    return sorted(names[row.account_id] for row in services.rows("owners"))


def do(services, verb, name, package_id=WIDGETS, **wishes):
    return services.do(verb, package_id, name, **({"feed": "default"} | wishes))


class TestAddOwner:
    def test_it_is_at_once_and_for_all_of_a_team(self, owned):
        do(owned, add_owner, "gadgets")
        assert owners_of(owned) == ["Gadgets", "alice"]
        owned.push(nupkg(version="2.0.0"), actor=owned.actor("carol", PUSH))
        owned.unlist("Acme.Widgets", "1.0.0", actor=owned.actor("carol", UNLIST))
        line = next(line for line in owned.rows("audit") if line.action == "add-owner")
        assert (line.feed, line.subject, line.details) == ("default", "ACME.Widgets", {"owner": "Gadgets"})

    def test_who_owns_it_already_is_no_change(self, owned):
        before = owned.snapshot()
        do(owned, add_owner, "alice")
        assert owned.snapshot() == before

    def test_it_answers_an_invitation(self, owned):
        do(owned, invite_owner, "bob")
        do(owned, add_owner, "bob")
        assert owned.rows("invitations") == []

    def test_what_is_not_there_is_refused(self, owned):
        with owned.refusing(NoSuchId):
            do(owned, add_owner, "bob", ABSENT)
        with owned.refusing(NoSuchFeed):
            do(owned, add_owner, "bob", feed="other")
        with owned.refusing(NoSuchAccount):
            do(owned, add_owner, "nobody")

    def test_an_owner_may_not_do_it_unasked(self, owned):
        with owned.refusing(NotAllowed, match="Only an administrator"):
            do(owned, add_owner, "bob", actor=owned.actor("alice", ADMIN))


class TestInvite:
    def test_an_owner_invites_and_who_accepts_owns_it(self, owned):
        assert do(owned, invite_owner, "bob", actor=owned.actor("alice", ADMIN))
        assert owners_of(owned) == ["alice"]
        with owned.refusing(NotAllowed):
            owned.push(nupkg(version="2.0.0"), actor=owned.actor("bob", PUSH))
        do(owned, accept_invitation, "bob", actor=owned.actor("bob", READ, key_id=None))
        assert owners_of(owned) == ["alice", "bob"]
        owned.push(nupkg(version="2.0.0"), actor=owned.actor("bob", PUSH))
        said = [(line.actor, line.action) for line in owned.rows("audit") if line.details == {"owner": "bob"}]
        assert said == [("alice", "invite-owner"), ("bob", "accept-invitation")]

    def test_who_declines_owns_nothing_and_is_not_invited_any_more(self, owned):
        do(owned, invite_owner, "bob")
        do(owned, decline_invitation, "bob", actor=owned.actor("bob", ADMIN))
        assert owners_of(owned) == ["alice"]
        with owned.refusing(NotInvited, match="bob is not invited to own ACME.Widgets"):
            do(owned, accept_invitation, "bob")

    def test_who_is_invited_or_owns_it_already_is_not_invited_again(self, owned):
        assert do(owned, invite_owner, "bob")
        before = owned.snapshot()
        assert not do(owned, invite_owner, "bob")
        assert not do(owned, invite_owner, "alice")
        assert owned.snapshot() == before

    @pytest.mark.parametrize("answer", [accept_invitation, decline_invitation])
    def test_a_team_answers_by_its_members(self, owned, answer):
        do(owned, invite_owner, "gadgets")
        for name in ("alice", "bob"):
            with owned.refusing(NotAllowed):
                do(owned, answer, "gadgets", actor=owned.actor(name, ADMIN))
        with owned.refusing(NotAllowed):
            do(owned, answer, "gadgets", actor=owned.actor("carol", PUSH))
        for limits in ({"feeds": frozenset({"default"})}, {"globs": ("ACME.*",)}):
            with owned.refusing(NotAllowed):
                do(owned, answer, "gadgets", actor=owned.actor("carol", ADMIN, **limits))
        do(owned, answer, "gadgets", actor=owned.actor("carol", ADMIN))
        assert owned.rows("invitations") == []

    @pytest.mark.parametrize("verb", [invite_owner, remove_owner])
    def test_only_owners_change_owners_and_only_with_a_key_for_it(self, owned, verb):
        with owned.refusing(NotAllowed, match="does not belong to an owner"):
            do(owned, verb, "bob", actor=owned.actor("bob", ADMIN))
        with owned.refusing(NotAllowed, match="not change owners here. Use one with the right 'admin' for this feed"):
            do(owned, verb, "bob", actor=owned.actor("alice", PUSH))
        with owned.refusing(NotAllowed, match="not change owners here"):
            do(owned, verb, "bob", actor=owned.actor("alice", ADMIN, feeds=frozenset({"other"})))
        with owned.refusing(NotAllowed, match="does not cover the id"):
            do(owned, verb, "bob", actor=owned.actor("alice", ADMIN, globs=("Other.*",)))

    @pytest.mark.parametrize("verb", [invite_owner, remove_owner])
    def test_on_a_feed_that_one_may_not_read_anothers_id_is_none(self, owned, verb):
        owned.add_account("eve")
        owned.change_feed("default", {"read": "authenticated"})
        for package_id in (WIDGETS, ABSENT):
            with owned.refusing(NoSuchId, match=f"has no package {package_id}"):
                do(owned, verb, "bob", package_id, actor=owned.actor("eve", ADMIN))


class TestNamesInRefusals:
    """A refusal because an id has owners names them, to callers who find them on the feed anyway."""

    PUSHES = nupkg(version="2.0.0")

    def attempts(self, services, name):
        """Every verb that an owner alone may do, as somebody else."""
        actor = services.actor(name, PUSH, UNLIST, ADMIN, READ)
        yield lambda: services.push(self.PUSHES, actor=actor)
        yield lambda: services.unlist("ACME.Widgets", "1.0.0", actor=actor)
        yield lambda: do(services, invite_owner, "bob", actor=actor)
        yield lambda: do(services, remove_owner, "alice", actor=actor)

    def test_they_are_named_with_the_teams(self, owned):
        do(owned, add_owner, "Gadgets")
        for attempt in self.attempts(owned, "bob"):
            with owned.refusing(NotAllowed, match=r"does not belong to an owner .* Its owners: alice, Gadgets\.$"):
                attempt()

    def test_many_are_counted(self, owned):
        for number in range(6):
            owned.add_account(f"more-{number}")
            do(owned, add_owner, f"more-{number}")
        for attempt in self.attempts(owned, "bob"):
            with owned.refusing(NotAllowed, match=r"Its owners: alice, more-0, more-1, more-2, more-3, 2 more\.$"):
                attempt()

    def test_a_reader_of_a_private_feed_is_told(self, owned):
        owned.change_feed("default", {"read": "authenticated"})
        with owned.refusing(NotAllowed, match="Its owners: alice"):
            owned.push(self.PUSHES, actor=owned.actor("bob", PUSH, READ))

    def test_a_key_that_may_not_read_the_private_feed_is_not(self, owned):
        owned.change_feed("default", {"read": "authenticated"})
        with owned.refusing(NotAllowed) as refused:
            owned.push(self.PUSHES, actor=owned.actor("bob", PUSH))
        assert "alice" not in str(refused.value)

    def test_nobody_is_named_where_administrators_own_it(self, owned):
        owned.push(nupkg("Acme.Nobodys"))
        with owned.refusing(NotAllowed, match="or use another id.$"):
            owned.push(nupkg("Acme.Nobodys", "2.0.0"), actor=owned.actor("bob", PUSH, READ))


class TestRemoveOwner:
    def test_the_last_one_stays_whoever_asks(self, owned):
        for actor in (owned.actor("alice", ADMIN), None):
            wishes = {} if actor is None else {"actor": actor}
            with owned.refusing(LastOwner, match="alice is the last owner of ACME.Widgets"):
                do(owned, remove_owner, "alice", **wishes)

    def test_with_another_one_it_goes_and_may_do_nothing_from_then_on(self, owned):
        do(owned, add_owner, "bob")
        before = owned.rows("access")
        do(owned, remove_owner, "alice", actor=owned.actor("bob", ADMIN))
        assert owners_of(owned) == ["bob"]
        assert owned.rows("access") != before
        with owned.refusing(NotAllowed, match="does not belong to an owner"):
            owned.push(nupkg(version="2.0.0"), actor=owned.actor("alice", PUSH))
        with owned.refusing(LastOwner):
            do(owned, remove_owner, "bob")

    def test_the_invitations_he_made_go_with_him_and_no_others(self, owned):
        owned.add_account("dave")
        do(owned, add_owner, "bob")
        do(owned, invite_owner, "carol", actor=owned.actor("alice", ADMIN))
        do(owned, invite_owner, "dave", actor=owned.actor("bob", ADMIN))
        do(owned, remove_owner, "alice", actor=owned.actor("bob", ADMIN))
        with owned.refusing(NotInvited, match="carol is not invited"):
            do(owned, accept_invitation, "carol", actor=owned.actor("carol", ADMIN))
        do(owned, accept_invitation, "dave", actor=owned.actor("dave", ADMIN))
        assert owners_of(owned) == ["bob", "dave"]

    def test_those_that_a_team_made_by_its_members_go_with_the_team(self, owned):
        do(owned, add_owner, "gadgets")
        do(owned, invite_owner, "bob", actor=owned.actor("carol", ADMIN))
        do(owned, remove_owner, "gadgets", actor=owned.actor("alice", ADMIN))
        assert owned.rows("invitations") == []

    def test_who_is_none_cannot_go_nor_one_who_is_invited(self, owned):
        do(owned, invite_owner, "bob")
        for name in ("bob", "gadgets"):
            with owned.refusing(NotAnOwner, match="does not own ACME.Widgets"):
                do(owned, remove_owner, name)

    def test_what_is_not_there_is_refused(self, owned):
        with owned.refusing(NoSuchId):
            do(owned, remove_owner, "alice", ABSENT)
        with owned.refusing(NoSuchAccount):
            do(owned, remove_owner, "nobody")
