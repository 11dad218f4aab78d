"""Who may do what: rights and limits of an actor, roles of its holder, and whose an id is."""

from datetime import UTC, datetime, timedelta

import pytest

from motherlode.domain.accounts import PUBLISHER, READER
from motherlode.domain.permissions import (
    ADMIN,
    ALL_RIGHTS,
    DELETE,
    PUSH,
    PUSH_VERSION,
    READ,
    RIGHTS,
    UNKNOWN_ORIGIN,
    UNLIST,
    VERIFY,
    Actor,
    Holder,
    Ownership,
    RequestOrigin,
    check_covers,
    check_may_administer,
    check_may_delete,
    check_may_ever_push,
    check_may_ever_take_away,
    check_may_ever_unlist,
    check_may_ever_verify,
    check_may_manage_owners,
    check_may_push,
    check_may_unlist,
    check_owns,
    expiry_warning,
    is_visible,
    may_read,
)
from motherlode.domain.refusals import NotAllowed
from motherlode.nuget.ids import parse_package_id

WIDGETS = parse_package_id("Acme.Widgets")
NOON = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
NEW = Ownership(is_id_known=False, is_owned=False, is_own=False)
NOBODYS = Ownership(is_id_known=True, is_owned=False, is_own=False)
ANOTHERS = Ownership(is_id_known=True, is_owned=True, is_own=False)
OWN = Ownership(is_id_known=True, is_owned=True, is_own=True)
OWNERSHIPS = {"new": NEW, "nobody's": NOBODYS, "another's": ANOTHERS, "own": OWN}


def may(check, *args):
    try:
        check(*args)
    except NotAllowed:
        return False
    return True


def actor(*rights, **limits):
    """A key of nobody's."""
    return Actor("k", frozenset(rights), **limits)


def alice(*rights, role=None, is_administrator=False, owns_on=(), **limits):
    """A key of alice's, who has this role on the feed `default`."""
    roles = {"default": role} if role else {}
    holder = Holder(7, "alice", is_administrator, frozenset({7, 8}), roles, frozenset(owns_on))
    return Actor("alice", frozenset(rights), holder=holder, **limits)


@pytest.mark.parametrize("right", RIGHTS)
class TestRightsOfAKeyOfNobodys:
    def test_only_a_right_to_push_pushes_a_new_version(self, right):
        assert may(check_may_push, actor(right), "default", WIDGETS, NOBODYS) == (right in {PUSH, PUSH_VERSION, ADMIN})
        assert may(check_may_ever_push, actor(right), "default") == (right in {PUSH, PUSH_VERSION, ADMIN})

    def test_a_new_id_needs_more_than_the_right_to_push_versions(self, right):
        assert may(check_may_push, actor(right), "default", WIDGETS, NEW) == (right in {PUSH, ADMIN})

    def test_only_the_right_to_unlist_unlists(self, right):
        assert may(check_may_unlist, actor(right), "default", WIDGETS, NOBODYS) == (right in {UNLIST, ADMIN})
        assert may(check_may_ever_unlist, actor(right), "default") == (right in {UNLIST, ADMIN})

    def test_only_the_right_to_delete_deletes_and_that_to_unlist_comes_as_far_as_the_feeds_mode(self, right):
        assert may(check_may_delete, actor(right), "default", WIDGETS, NOBODYS) == (right in {DELETE, ADMIN})
        assert may(check_may_ever_take_away, actor(right), "default") == (right in {UNLIST, DELETE, ADMIN})

    def test_only_the_right_to_read_reads(self, right):
        assert may_read(actor(right), "default") == (right in {READ, ADMIN})

    def test_any_right_makes_a_private_feed_exist(self, right):
        assert is_visible(actor(right), "default")
        assert not is_visible(actor(right, feeds=frozenset({"other"})), "default")

    def test_only_admin_administers(self, right):
        assert may(check_may_administer, actor(right)) == (right == ADMIN)
        assert may(check_may_manage_owners, actor(right), "default", WIDGETS, NOBODYS) == (right == ADMIN)
        assert may(check_may_manage_owners, actor(right), "default", WIDGETS, ANOTHERS) == (right == ADMIN)

    def test_it_cannot_touch_what_somebody_owns_unless_it_is_an_administrators(self, right):
        assert may(check_may_push, actor(right), "default", WIDGETS, ANOTHERS) == (right == ADMIN)
        assert may(check_may_unlist, actor(right), "default", WIDGETS, ANOTHERS) == (right == ADMIN)
        assert may(check_may_delete, actor(right), "default", WIDGETS, ANOTHERS) == (right == ADMIN)


CHECKS = {
    "ever push": check_may_ever_push,
    "push": lambda who, feed: check_may_push(who, feed, WIDGETS, NEW),
    "ever unlist": check_may_ever_unlist,
    "unlist": lambda who, feed: check_may_unlist(who, feed, WIDGETS, NOBODYS),
    "ever take away": check_may_ever_take_away,
    "delete": lambda who, feed: check_may_delete(who, feed, WIDGETS, NOBODYS),
    "ever verify": check_may_ever_verify,
}
OWNERS_CHECK = {"owners": lambda who, feed: check_may_manage_owners(who, feed, WIDGETS, OWN)}
CARRIED = {ADMIN: ALL_RIGHTS, PUSH: {PUSH, PUSH_VERSION}}
"""What comes with a right beside itself: whoever may push what is new may push what is newer."""
OF_IDS = {
    "push": lambda who: check_may_push(who, "default", WIDGETS, OWN),
    "unlist": lambda who: check_may_unlist(who, "default", WIDGETS, OWN),
    "delete": lambda who: check_may_delete(who, "default", WIDGETS, OWN),
    "owners": lambda who: check_may_manage_owners(who, "default", WIDGETS, OWN),
    "covers": lambda who: check_covers(who, WIDGETS),
}
LIMITS = (
    {"feeds": frozenset({"default"})},
    {"feeds": frozenset()},
    {"globs": ("Acme.*",)},
    {"globs": ()},
    {"feeds": frozenset({"default"}), "globs": ("Acme.*",)},
)
KEYS = {
    "nobody's": actor,
    "an administrator's": lambda *rights, **limits: alice(*rights, is_administrator=True, **limits),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
class TestLimitsOfAKey:
    """Feeds and globs bind every key, an administrator's too."""

    @pytest.mark.parametrize("check", (CHECKS | OWNERS_CHECK).values(), ids=CHECKS | OWNERS_CHECK)
    def test_a_key_acts_only_on_its_feeds(self, key, check):
        limited = key(ADMIN, feeds=frozenset({"other"}))
        assert may(check, limited, "other")
        assert not may(check, limited, "default")
        assert not may(check, key(ADMIN, feeds=frozenset()), "default")
        assert may(check, key(ADMIN, feeds=None), "default")

    def test_a_key_reads_and_sees_only_its_feeds(self, key):
        limited = key(ADMIN, feeds=frozenset({"other"}))
        assert [may_read(limited, feed) for feed in ("other", "default")] == [True, False]
        assert [is_visible(limited, feed) for feed in ("other", "default")] == [True, False]

    @pytest.mark.parametrize("check", OF_IDS.values(), ids=OF_IDS)
    def test_a_key_acts_only_on_ids_that_one_of_its_globs_matches(self, key, check):
        assert may(check, key(ADMIN, globs=("Other.*", "Acme.*")))
        assert not may(check, key(ADMIN, globs=("Other.*", "Acme")))
        assert not may(check, key(ADMIN, globs=()))

    def test_a_key_for_some_feeds_or_ids_alone_does_not_administer_the_server(self, key):
        assert may(check_may_administer, key(ADMIN))
        assert may(check_may_administer, key(ADMIN, globs=("Acme.*", "*")))
        for limits in LIMITS:
            assert not may(check_may_administer, key(ADMIN, **limits))
        with pytest.raises(
            NotAllowed, match=r"Only an administrator may do this\. If you use an API key, it must cover all"
        ):
            check_may_administer(key(ADMIN, feeds=frozenset({"default"})))

    def test_it_is_limited_unless_it_is_for_all_feeds_and_ids(self, key):
        assert not key(PUSH).is_limited
        assert not key(PUSH, globs=("Acme.*", "*")).is_limited
        assert all(key(PUSH, **limits).is_limited for limits in LIMITS)


class TestHolders:
    """A key never can do more than its holder."""

    ROLES = (None, READER, PUBLISHER)

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("owns_on", [(), ("default",), ("other",)])
    @pytest.mark.parametrize("right", RIGHTS)
    def test_it_has_the_rights_that_key_and_holder_have_both(self, role, owns_on, right):
        of_role = {None: set(), READER: {READ}, PUBLISHER: {*RIGHTS, VERIFY} - {ADMIN}}[role]
        of_owner = {READ, PUSH_VERSION, UNLIST, DELETE, VERIFY} if "default" in owns_on else set()
        carried = CARRIED.get(right, {right})
        assert alice(right, role=role, owns_on=owns_on).rights_on("default") == carried & (of_role | of_owner)

    @pytest.mark.parametrize("right", RIGHTS)
    def test_an_administrators_key_has_what_it_carries_on_every_feed(self, right):
        carried = CARRIED.get(right, {right})
        assert alice(right, is_administrator=True).rights_on("any") == carried

    def test_an_owner_without_a_role_pushes_new_versions_of_his_id_with_a_default_key_and_no_new_id(self):
        key = alice(PUSH, UNLIST, READ, owns_on=("default",))
        assert key.rights_on("default") == {PUSH_VERSION, UNLIST, READ}
        assert may(check_may_ever_push, key, "default")
        assert may(check_may_push, key, "default", WIDGETS, OWN)
        assert not may(check_may_push, key, "default", WIDGETS, NEW)
        assert not may(check_may_push, key, "default", WIDGETS, ANOTHERS)
        assert key.rights_on("other") == frozenset()

    def test_a_right_to_push_versions_is_none_to_push_what_is_new(self):
        assert alice(PUSH_VERSION, role=PUBLISHER).rights_on("default") == {PUSH_VERSION}

    def test_a_role_is_of_one_feed(self):
        assert alice(ADMIN, role=PUBLISHER).rights_on("other") == frozenset()

    def test_a_role_that_nobody_knows_gives_nothing(self):
        assert alice(ADMIN, role="emperor").rights_on("default") == frozenset()

    def test_admin_makes_no_administrator_of_its_holder(self):
        key = alice(ADMIN, role=PUBLISHER)
        assert not key.is_administrator
        assert not may(check_may_administer, key)
        assert not may(check_may_push, key, "default", WIDGETS, ANOTHERS)

    def test_an_administrator_needs_a_key_with_admin_to_administer(self):
        assert may(check_may_administer, alice(ADMIN, is_administrator=True))
        assert not may(check_may_administer, alice(PUSH, READ, is_administrator=True))

    def test_a_reader_reads_and_does_nothing_else(self):
        key = alice(ADMIN, role=READER)
        assert may_read(key, "default")
        assert not any(may(check, key, "default") for check in CHECKS.values())

    def test_who_has_no_role_sees_no_feed(self):
        assert not is_visible(alice(ADMIN), "default")
        assert not may_read(alice(ADMIN), "default")

    def test_who_signed_in_with_a_password_reads_and_pushes_nothing(self):
        signed_in = alice(READ, role=PUBLISHER)
        assert may_read(signed_in, "default")
        assert not any(may(check, signed_in, "default") for check in CHECKS.values())

    def test_its_accounts_are_its_holders_and_his_teams(self):
        assert alice(PUSH).account_ids == {7, 8}
        assert actor(ADMIN).account_ids == frozenset()


class TestOwners:
    """Only owners and administrators push versions of an id and unlist them."""

    @pytest.mark.parametrize("ownership", OWNERSHIPS.values(), ids=OWNERSHIPS)
    @pytest.mark.parametrize(
        ("who", "touches"),
        [
            (actor(PUSH, UNLIST), [NEW, NOBODYS]),
            (actor(ADMIN), [NEW, NOBODYS, ANOTHERS, OWN]),
            (alice(PUSH, UNLIST, role=PUBLISHER), [NEW, OWN]),
            (alice(ADMIN, role=PUBLISHER), [NEW, OWN]),
            (alice(PUSH, UNLIST, is_administrator=True), [NEW, NOBODYS, ANOTHERS, OWN]),
            (alice(PUSH, UNLIST, role=READER), []),
            (alice(PUSH, PUSH_VERSION, UNLIST, owns_on=("default",)), [OWN]),
            (alice(ADMIN), []),
        ],
        ids=[
            "nobody's",
            "nobody's admin",
            "publisher",
            "publisher's admin",
            "administrator",
            "reader",
            "owner",
            "stranger",
        ],
    )
    def test_who_may_push_what(self, who, touches, ownership):
        # What nobody's key may do to an id of its own is no question: it has none.
        if ownership is OWN and who.holder is None:
            ownership = ANOTHERS
        assert may(check_may_push, who, "default", WIDGETS, ownership) == (ownership in touches)
        if ownership.is_id_known:
            assert may(check_may_unlist, who, "default", WIDGETS, ownership) == (ownership in touches)

    def test_an_id_without_an_owner_is_told_from_one_with(self):
        with pytest.raises(
            NotAllowed, match=r"Acme\.Widgets has no owner on this feed, so only administrators may change it"
        ):
            check_owns(alice(PUSH, role=PUBLISHER), WIDGETS, NOBODYS)
        with pytest.raises(NotAllowed, match=r"not belong to an owner of Acme\.Widgets\. Ask to become an owner"):
            check_owns(alice(PUSH, role=PUBLISHER), WIDGETS, ANOTHERS)

    def test_owners_are_managed_by_owners_and_administrators_with_a_key_for_it(self):
        def may_manage(who, ownership):
            return may(check_may_manage_owners, who, "default", WIDGETS, ownership)

        assert may_manage(alice(ADMIN), OWN)
        assert may_manage(alice(ADMIN, feeds=frozenset({"default"}), globs=("Acme.*",)), OWN)
        assert may_manage(alice(ADMIN, is_administrator=True), ANOTHERS)
        assert not may_manage(alice(ADMIN, role=PUBLISHER), ANOTHERS)
        assert not may_manage(alice(ADMIN, role=PUBLISHER), NOBODYS)
        for key in (alice(PUSH, role=PUBLISHER), alice(ADMIN, feeds=frozenset({"other"}))):
            with pytest.raises(
                NotAllowed, match=r"not change owners here\. Use one with the right 'admin' for this feed"
            ):
                check_may_manage_owners(key, "default", WIDGETS, OWN)


class TestVerification:
    def test_a_verification_key_verifies_and_does_nothing_else(self):
        key = alice(VERIFY, role=PUBLISHER, feeds=frozenset({"default"}))
        assert [name for name, check in CHECKS.items() if may(check, key, "default")] == ["ever verify"]
        assert not may_read(key, "default")
        assert not may(check_may_manage_owners, key, "default", WIDGETS, OWN)

    def test_its_feed_exists_for_it_as_long_as_its_holder_may_push_there(self):
        for role, owns_on, sees in ((PUBLISHER, (), True), (None, ("default",), True), (READER, (), False)):
            key = alice(VERIFY, role=role, owns_on=owns_on, feeds=frozenset({"default"}))
            assert is_visible(key, "default") is sees

    def test_it_verifies_on_its_feed_alone(self):
        key = alice(VERIFY, role=PUBLISHER, feeds=frozenset({"default"}))
        assert not may(check_may_ever_verify, key, "other")
        assert not is_visible(key, "other")

    @pytest.mark.parametrize("right", RIGHTS)
    def test_any_key_that_may_push_verifies(self, right):
        assert may(check_may_ever_verify, actor(right), "default") == (right in {PUSH, PUSH_VERSION, ADMIN})

    def test_no_key_can_be_asked_to_carry_that_right(self):
        assert VERIFY not in RIGHTS


def test_an_actor_without_rights_may_nothing():
    for nobody in (actor(), alice(role=PUBLISHER, owns_on=("default",)), alice(is_administrator=True)):
        assert not any(may(check, nobody, "default") for check in CHECKS.values())
        assert not is_visible(nobody, "default")
        assert not may(check_may_administer, nobody)
        assert not may(check_may_manage_owners, nobody, "default", WIDGETS, OWN)


def test_a_refusal_says_what_is_lacking_and_what_to_do():
    with pytest.raises(NotAllowed, match=r"Acme\.Widgets is new here\. Use one with the right 'push'"):
        check_may_push(actor(PUSH_VERSION), "default", WIDGETS, NEW)
    with pytest.raises(NotAllowed, match=r"not valid for the feed 'default'\. Use one that is"):
        check_may_ever_unlist(actor(UNLIST, feeds=frozenset()), "default")
    with pytest.raises(
        NotAllowed, match=r"does not cover the id Acme\.Widgets, only Fabrikam\.\*, A\. Use one that covers it"
    ):
        check_may_unlist(actor(UNLIST, globs=("Fabrikam.*", "A")), "default", WIDGETS, OWN)
    with pytest.raises(
        NotAllowed, match=r"alice may not push on the feed 'default'\. Ask an administrator for the role"
    ):
        check_may_ever_push(alice(PUSH, role=READER), "default")
    with pytest.raises(NotAllowed, match=r"This API key may not push\. Use one with the right 'push'"):
        check_may_ever_push(alice(READ, role=PUBLISHER), "default")


class TestExpiryWarning:
    """Ten days before the end a push carries a warning."""

    def warning(self, left):
        key = actor(PUSH, key_id="key-0123456789ab", key_name="ci", expires_at=NOON + left)
        return expiry_warning(key, NOON)

    def test_there_is_none_while_there_is_time_or_no_end(self):
        assert self.warning(timedelta(days=10, microseconds=1)) is None
        assert self.warning(timedelta(days=90)) is None
        assert expiry_warning(actor(PUSH), NOON) is None

    @pytest.mark.parametrize(
        ("left", "sentence"),
        [
            (timedelta(days=10), "expires in 10 days, on 2024-05-16"),
            (timedelta(days=9, hours=23), "expires in 9 days, on 2024-05-16"),
            (timedelta(days=1), "expires in 1 day, on 2024-05-07"),
            (timedelta(hours=23), "expires in less than a day, on 2024-05-07"),
            (timedelta(0), "expires in less than a day, on 2024-05-06"),
            (timedelta(days=-3), "expires in less than a day, on 2024-05-03"),
        ],
    )
    def test_it_says_when_and_what_to_do(self, left, sentence):
        warning = self.warning(left)
        assert f"The API key 'ci' (key-0123456789ab) {sentence}: replace it" in warning
        assert "'key rotate key-0123456789ab'" in warning

    def test_it_is_one_line_of_ascii_when_the_name_is(self):
        assert self.warning(timedelta(0)).isascii()
        assert "\n" not in self.warning(timedelta(0))


def test_an_actor_sent_by_another_request_is_the_same_actor():
    sender = RequestOrigin("192.0.2.1", "NuGet xplat/7.0", "r1")
    key = alice(PUSH, role=PUBLISHER)
    assert key.sender == UNKNOWN_ORIGIN
    assert key.sent_by(sender).sender == sender
    assert key.sent_by(sender).sent_by(UNKNOWN_ORIGIN) == key
