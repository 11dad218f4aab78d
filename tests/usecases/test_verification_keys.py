"""Verification keys: made by whoever may push an id, good for one question within a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.domain.accounts import PUBLISHER
from motherlode.domain.ids import parse_package_id
from motherlode.domain.policy import ADMIN, PUSH, PUSH_VERSION, READ, UNLIST, VERIFY, Actor
from motherlode.domain.refusals import KeyRefused, NoSuchFeed, NoSuchId, NoSuchVersion, NotAllowed
from motherlode.domain.versions import parse_version
from motherlode.usecases.add_owner import add_owner
from motherlode.usecases.create_key import create_key
from motherlode.usecases.create_verification_key import create_verification_key
from motherlode.usecases.grant_role import grant_role
from motherlode.usecases.identify import identify_key
from motherlode.usecases.remove_owner import remove_owner
from motherlode.usecases.verify_key import verify_key
from tests.builders import nupkg

WIDGETS = parse_package_id("Acme.Widgets")
GADGETS = parse_package_id("Acme.Gadgets")
ONE = parse_version("1.0")


@pytest.fixture
def owned(house):
    """A house whose Acme.Widgets is alice's and whose Acme.Gadgets is bob's."""
    for name, package_id in (("alice", "Acme.Widgets"), ("bob", "Acme.Gadgets")):
        house.add_account(name)
        house.do(grant_role, "default", name, PUBLISHER)
        house.push(nupkg(package_id), actor=house.actor(name, PUSH))
    return house


def make(house, actor, package_id=WIDGETS, feed="default"):
    return house.do(create_verification_key, package_id, actor=actor, feed=feed)


def who(house, key):
    identified = identify_key(key.secret.encode(), bootstrap=None, db=house.db, clock=house.clock)
    assert identified is not None
    assert identified.why_not is None
    return identified.actor


def verify(house, actor, package_id=WIDGETS, version=ONE, feed="default"):
    house.do(verify_key, package_id, version, actor=actor, feed=feed)


def verification_keys(house):
    return [row for row in house.rows("keys") if row.kind == "verification"]


class TestCreate:
    def test_it_is_for_one_id_on_one_feed_and_for_a_day(self, owned):
        key = make(owned, owned.actor("alice", PUSH))
        actor = who(owned, key)
        assert (actor.rights, actor.globs, actor.feeds) == ({VERIFY}, ("Acme.Widgets",), {"default"})
        assert actor.holder.name == "alice"
        assert key.expires_at == owned.clock.now() + timedelta(days=1)
        line = owned.last_line()
        assert (line.actor, line.action, line.subject) == ("alice", "create-verification-key", "Acme.Widgets")
        assert key.secret not in repr(owned.snapshot())
        assert key.secret not in repr(key)

    def test_whether_the_package_is_there_is_not_asked(self, owned):
        assert make(owned, owned.actor("alice", PUSH_VERSION), parse_package_id("Acme.Absent"))

    def test_those_that_have_ended_go_on_the_way(self, owned):
        make(owned, owned.actor("alice", PUSH))
        owned.clock.pass_by(timedelta(days=1, microseconds=1))
        key = make(owned, owned.actor("alice", PUSH))
        assert [row.id for row in verification_keys(owned)] == [who(owned, key).key_id]

    @pytest.mark.parametrize(
        "limits", [{"globs": ("Other.*",)}, {"feeds": frozenset({"other"})}], ids=["other ids", "other feeds"]
    )
    def test_a_key_that_may_not_push_the_id_makes_none(self, owned, limits):
        with owned.refusing(NotAllowed):
            make(owned, owned.actor("alice", PUSH, **limits))

    def test_nor_does_one_without_the_right_or_a_verification_key(self, owned):
        key = make(owned, owned.actor("alice", PUSH))
        for actor in (owned.actor("alice", UNLIST, READ), who(owned, key)):
            with owned.refusing(NotAllowed):
                make(owned, actor)

    def test_a_key_of_nobodys_is_judged_at_once(self, owned):
        """Nobody is left to ask later."""
        with owned.refusing(NotAllowed, match="belongs to its owners"):
            make(owned, Actor("k", frozenset({PUSH})))
        verify(owned, who(owned, make(owned, Actor("k", frozenset({ADMIN})))))

    def test_a_feed_that_is_not_there_is_refused(self, owned):
        with owned.refusing(NoSuchFeed):
            make(owned, Actor("k", frozenset({PUSH})), feed="other")


class TestVerify:
    @pytest.mark.parametrize("version", [None, ONE])
    def test_a_good_one_is_gone_after_one_use(self, owned, version):
        actor = who(owned, make(owned, owned.actor("alice", PUSH)))
        verify(owned, actor, version=version)
        assert verification_keys(owned) == []
        line = owned.last_line()
        assert (line.actor, line.action, line.reason) == ("alice", "verify", None)
        with owned.refusing(KeyRefused):
            verify(owned, actor, version=version)

    def test_of_many_uses_at_once_one_is_answered(self, owned):
        actor = who(owned, make(owned, owned.actor("alice", PUSH)))

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
            (parse_package_id("Acme.Absent"), None, NotAllowed),
        ],
        ids=["no such version", "another id", "an id that is not there"],
    )
    def test_it_is_gone_after_one_use_whatever_the_answer(self, owned, package_id, version, refusal):
        actor = who(owned, make(owned, owned.actor("alice", PUSH)))
        with pytest.raises(refusal):
            verify(owned, actor, package_id, version)
        assert verification_keys(owned) == []
        line = owned.last_line()
        assert (line.action, line.reason) == ("verify", refusal.code)

    def test_an_id_that_is_not_there_is_told(self, owned):
        absent = parse_package_id("Acme.Absent")
        with pytest.raises(NoSuchId):
            verify(owned, who(owned, make(owned, owned.actor("alice", PUSH), absent)), absent, None)

    def test_what_counts_is_what_its_holder_may_when_it_is_used(self, owned):
        actor = who(owned, make(owned, owned.actor("alice", PUSH)))
        owned.do(add_owner, WIDGETS, "bob", feed="default")
        owned.do(remove_owner, WIDGETS, "alice", feed="default")
        holder = owned.actor("alice", VERIFY).holder
        with pytest.raises(NotAllowed, match="belongs to its owners"):
            verify(owned, Actor("alice", actor.rights, actor.globs, actor.feeds, key_id=actor.key_id, holder=holder))

    def test_a_key_that_may_push_can_be_asked_about_and_stays(self, owned):
        key = owned.do(create_key, "ci", owner="alice", rights=(PUSH,), lifetime=None)
        for _ in range(2):
            verify(owned, who(owned, key))
        with pytest.raises(NotAllowed, match="belongs to its owners"):
            verify(owned, who(owned, key), GADGETS)

    def test_on_a_feed_that_one_may_not_read_anothers_id_is_none(self, owned):
        owned.change_feed("default", {"read": "authenticated"})
        with pytest.raises(NoSuchVersion):
            verify(owned, owned.actor("alice", PUSH), GADGETS)
        with pytest.raises(NotAllowed):
            verify(owned, owned.actor("alice", PUSH, READ), GADGETS)
