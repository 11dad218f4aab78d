"""Verification keys: made by whoever may push an id, good for one question within a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.domain.accounts import PUBLISHER
from motherlode.domain.permissions import ADMIN, PUSH, PUSH_VERSION, READ, UNLIST, VERIFY, Actor, check_may_administer
from motherlode.domain.refusals import KeyRefused, NoSuchFeed, NoSuchId, NoSuchVersion, NotAllowed
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.usecases.accounts.accounts import disable_account
from motherlode.usecases.feeds.roles import grant_role
from motherlode.usecases.keys.api_keys import create_key, revoke_key
from motherlode.usecases.keys.verification_keys import MOST_OPEN, create_verification_key, verify_key
from motherlode.usecases.packages.owners import add_owner, remove_owner
from motherlode.usecases.sign_in.identify import BOOTSTRAP, CONSOLE, identify_key
from tests.support.builders import nupkg

WIDGETS = parse_package_id("Acme.Widgets")
GADGETS = parse_package_id("Acme.Gadgets")
ABSENT = parse_package_id("Acme.Absent")
ONE = parse_version("1.0")


@pytest.fixture
def owned(services):
    """A house whose Acme.Widgets is alice's and whose Acme.Gadgets is bob's."""
    for name, package_id in (("alice", "Acme.Widgets"), ("bob", "Acme.Gadgets")):
        services.add_account(name)
        services.do(grant_role, "default", name, PUBLISHER)
        services.push(nupkg(package_id), actor=services.actor(name, PUSH))
    return services


def make(services, actor, package_id=WIDGETS, feed="default"):
    return services.do(create_verification_key, package_id, actor=actor, feed=feed)


def who(services, key):
    identified = identify_key(key.secret.encode(), bootstrap=None, db=services.db, clock=services.clock)
    assert identified is not None
    assert identified.rejection_reason is None
    return identified.actor


def holding(services, owner, *rights, **limits):
    """Who acts with a new key of that account, or of nobody."""
    key = services.do(create_key, "ci", owner=owner, rights=rights, lifetime=limits.pop("lifetime", None), **limits)
    return who(services, key)


def verify(services, actor, package_id=WIDGETS, version=ONE, feed="default"):
    services.do(verify_key, package_id, version, actor=actor, feed=feed)


def verification_keys(services):
    return [row for row in services.rows("keys") if row.kind == "verification"]


class TestCreate:
    def test_it_is_for_one_id_on_one_feed_and_for_a_day(self, owned):
        key = make(owned, holding(owned, "alice", PUSH))
        actor = who(owned, key)
        assert (actor.rights, actor.globs, actor.feeds) == ({VERIFY}, ("Acme.Widgets",), {"default"})
        assert actor.holder.name == "alice"
        assert verification_keys(owned)[0].made_by == owned.last_line().key_id
        assert key.expires_at == owned.clock.now() + timedelta(days=1)
        line = owned.last_line()
        assert (line.actor, line.action, line.subject) == ("alice", "create-verification-key", "Acme.Widgets")
        assert key.secret not in repr(owned.snapshot())
        assert key.secret not in repr(key)

    def test_whether_the_package_is_there_is_not_asked(self, owned):
        assert make(owned, owned.actor("alice", PUSH_VERSION), ABSENT)

    def test_those_that_have_ended_go_on_the_way(self, owned):
        make(owned, holding(owned, "alice", PUSH))
        owned.clock.pass_by(timedelta(days=1, microseconds=1))
        key = make(owned, holding(owned, "alice", PUSH))
        assert [row.id for row in verification_keys(owned)] == [who(owned, key).key_id]

    @pytest.mark.parametrize(
        "limits", [{"globs": ("Other.*",)}, {"feeds": frozenset({"other"})}], ids=["other ids", "other feeds"]
    )
    def test_a_key_that_may_not_push_the_id_makes_none(self, owned, limits):
        with owned.refusing(NotAllowed):
            make(owned, owned.actor("alice", PUSH, **limits))

    def test_nor_does_one_without_the_right_or_a_verification_key(self, owned):
        key = make(owned, holding(owned, "alice", PUSH))
        for actor in (owned.actor("alice", UNLIST, READ), who(owned, key)):
            with owned.refusing(NotAllowed):
                make(owned, actor)

    def test_so_many_of_one_maker_are_kept_and_the_oldest_make_room(self, owned):
        alice, bob = holding(owned, "alice", PUSH), holding(owned, "bob", PUSH)
        of_bob = make(owned, bob, GADGETS)
        made = []
        for _ in range(MOST_OPEN + 2):
            owned.clock.pass_by(timedelta(seconds=1))
            made.append(make(owned, alice))
        assert len(verification_keys(owned)) == MOST_OPEN + 1
        for gone in made[:2]:
            assert identify_key(gone.secret.encode(), bootstrap=None, db=owned.db, clock=owned.clock) is None
        for kept in (made[2], made[-1]):
            verify(owned, who(owned, kept))
        verify(owned, who(owned, of_bob), GADGETS)

    def test_a_feed_that_is_not_there_is_refused(self, owned):
        with owned.refusing(NoSuchFeed):
            make(owned, Actor("k", frozenset({PUSH})), feed="other")


class TestVerify:
    @pytest.mark.parametrize("version", [None, ONE])
    def test_a_good_one_is_gone_after_one_use(self, owned, version):
        actor = who(owned, make(owned, holding(owned, "alice", PUSH)))
        verify(owned, actor, version=version)
        assert verification_keys(owned) == []
        line = owned.last_line()
        assert (line.actor, line.action, line.reason) == ("alice", "verify", None)
        with owned.refusing(KeyRefused):
            verify(owned, actor, version=version)

    def test_of_many_uses_at_once_one_is_answered(self, owned):
        actor = who(owned, make(owned, holding(owned, "alice", PUSH)))

        def is_answered(_):
            try:
                verify(owned, actor)
            except KeyRefused:
                return False
            return True

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(is_answered, range(4))) == [False, False, False, True]

    @pytest.mark.parametrize(
        ("package_id", "version", "refusal"),
        [
            (WIDGETS, parse_version("9.0"), NoSuchVersion),
            (GADGETS, ONE, NotAllowed),
            (ABSENT, None, NotAllowed),
        ],
        ids=["no such version", "another id", "an id that is not there"],
    )
    def test_it_is_gone_after_one_use_whatever_the_answer(self, owned, package_id, version, refusal):
        actor = who(owned, make(owned, holding(owned, "alice", PUSH)))
        with pytest.raises(refusal):
            verify(owned, actor, package_id, version)
        assert verification_keys(owned) == []
        line = owned.last_line()
        assert (line.action, line.reason) == ("verify", refusal.code)

    def test_an_id_that_is_not_there_is_told(self, owned):
        with pytest.raises(NoSuchId):
            verify(owned, who(owned, make(owned, holding(owned, "alice", PUSH), ABSENT)), ABSENT, None)

    def test_a_key_that_may_push_can_be_asked_about_and_nothing_is_written_down(self, owned):
        key = holding(owned, "alice", PUSH)
        before = owned.snapshot()
        verify(owned, key)
        with pytest.raises(NotAllowed, match="does not belong to an owner"):
            verify(owned, key, GADGETS)
        with pytest.raises(NoSuchVersion):
            verify(owned, key, version=parse_version("9.0"))
        assert owned.snapshot() == before

    def test_its_use_binds_nobody_to_be_judged_anew(self, owned):
        actor = who(owned, make(owned, holding(owned, "alice", PUSH)))
        before = owned.rows("access")
        verify(owned, actor)
        assert owned.rows("access") == before

    def test_on_a_feed_that_one_may_not_read_anothers_id_is_none(self, owned):
        owned.change_feed("default", {"read": "authenticated"})
        with pytest.raises(NoSuchVersion):
            verify(owned, owned.actor("alice", PUSH), GADGETS)
        with pytest.raises(NotAllowed):
            verify(owned, owned.actor("alice", PUSH, READ), GADGETS)


class TestMaker:
    """A verification key is judged at its use by what the key that asked for it may then."""

    def rejection_reason(self, services, key):
        return identify_key(key.secret.encode(), bootstrap=None, db=services.db, clock=services.clock).rejection_reason

    def test_what_counts_is_what_its_holder_may_when_it_is_used(self, owned):
        key = make(owned, holding(owned, "alice", PUSH))
        owned.do(add_owner, WIDGETS, "bob", feed="default")
        owned.do(remove_owner, WIDGETS, "alice", feed="default")
        with pytest.raises(NotAllowed, match="does not belong to an owner"):
            verify(owned, who(owned, key))

    @pytest.mark.parametrize("owner", ["alice", None])
    def test_it_ends_with_a_maker_that_is_revoked(self, owned, owner):
        maker, other = holding(owned, owner, ADMIN), holding(owned, owner, ADMIN)
        key, of_other = make(owned, maker), make(owned, other)
        owned.do(revoke_key, maker.key_id)
        assert self.rejection_reason(owned, key) == "the key that asked for it has ended"
        verify(owned, who(owned, of_other))

    @pytest.mark.parametrize("owner", ["alice", None])
    def test_it_ends_with_a_maker_that_expires(self, owned, owner):
        key = make(owned, holding(owned, owner, ADMIN, lifetime=timedelta(hours=1)))
        owned.clock.pass_by(timedelta(hours=1) - timedelta(microseconds=1))
        assert self.rejection_reason(owned, key) is None
        owned.clock.pass_by(timedelta(microseconds=1))
        assert self.rejection_reason(owned, key) == "the key that asked for it has ended"

    def test_one_that_has_ended_may_nothing(self, owned):
        maker = holding(owned, None, ADMIN)
        key = make(owned, maker)
        owned.do(revoke_key, maker.key_id)
        found = identify_key(key.secret.encode(), bootstrap=None, db=owned.db, clock=owned.clock)
        assert (found.actor.rights, found.actor.is_administrator) == (frozenset(), False)

    def test_it_is_no_good_while_its_makers_holder_is_disabled(self, owned):
        key = make(owned, holding(owned, "alice", PUSH))
        owned.do(disable_account, "alice")
        assert self.rejection_reason(owned, key) == "its holder is disabled"

    def test_nobodys_verifies_what_nobody_owns_until_somebody_does(self, owned):
        nobody = holding(owned, None, PUSH)
        with pytest.raises(NotAllowed, match="does not belong to an owner"):
            verify(owned, who(owned, make(owned, nobody)))
        owned.push(nupkg("Acme.Absent"), actor=nobody)
        first, second = make(owned, nobody, ABSENT), make(owned, nobody, ABSENT)
        verify(owned, who(owned, first), ABSENT)
        owned.do(add_owner, ABSENT, "alice", feed="default")
        with pytest.raises(NotAllowed, match="does not belong to an owner"):
            verify(owned, who(owned, second), ABSENT)

    def test_nobodys_with_admin_and_the_servers_own_verify_whatever_is_owned(self, owned):
        for maker in (holding(owned, None, ADMIN), BOOTSTRAP, CONSOLE):
            actor = who(owned, make(owned, maker))
            assert (actor.rights, actor.globs, actor.feeds) == ({VERIFY}, ("Acme.Widgets",), {"default"})
            with pytest.raises(NotAllowed):
                check_may_administer(actor)
            verify(owned, actor)
            assert owned.last_line().actor == (maker.key_id or maker.name)
