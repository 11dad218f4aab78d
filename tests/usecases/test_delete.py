"""Delete, restore-version and locks: what the feed says, told to all who follow the catalog."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.domain.permissions import ADMIN, DELETE, PUSH, READ, UNLIST, Actor
from motherlode.domain.refusals import (
    AlreadyExists,
    IdLocked,
    NoSuchFeed,
    NoSuchId,
    NoSuchVersion,
    NotAllowed,
    NotFound,
    ReasonMissing,
    WasDeleted,
)
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import garbage
from motherlode.usecases.feeds.roles import grant_role
from motherlode.usecases.packages.delete import delete
from motherlode.usecases.packages.locking import lock_id, unlock_id
from motherlode.usecases.packages.restore_version import restore_version
from tests.support.builders import nupkg
from tests.usecases.services import NOON


def names(package_id, version):
    return parse_package_id(package_id), parse_version(version)


MODES = ("unlist", "soft", "hard")
WIDGETS = names("Acme.Widgets", "1.0.0")
THE_ID = WIDGETS[0]


@pytest.fixture
def stocked(services):
    """A house with one listed version, pushed at noon, an hour ago."""
    services.push(nupkg())
    services.clock.pass_by(timedelta(hours=1))
    return services


@pytest.fixture(params=["soft", "hard"])
def deleting(request, stocked):
    """The same, on a feed that deletes softly, and on one that deletes for good."""
    stocked.change_feed("default", {"delete": request.param})
    return stocked


@pytest.fixture
def soft(stocked):
    """The same, on a feed that deletes softly."""
    stocked.change_feed("default", {"delete": "soft"})
    return stocked


@pytest.fixture
def hard(stocked):
    """The same, on a feed that deletes for good."""
    stocked.change_feed("default", {"delete": "hard"})
    return stocked


class TestUnlisting:
    """`delete = unlist`: the version is hidden, and those who use it still restore it."""

    def test_it_is_an_unlist_that_says_so(self, stocked):
        (said,) = stocked.do(delete, *WIDGETS, feed="default")
        assert said == "Acme.Widgets 1.0.0 is unlisted. Clients that use it can still restore it."
        assert not stocked.get("acme.widgets", "1.0.0").listed
        assert [event.kind for event in stocked.rows("events")] == ["published", "unlisted"]
        assert stocked.last_line().action == "unlist"

    def test_what_is_unlisted_already_stays_so_and_is_no_event(self, stocked):
        stocked.unlist("Acme.Widgets", "1.0.0")
        before = stocked.snapshot()
        assert "is unlisted" in stocked.do(delete, *WIDGETS, feed="default")[0]
        assert stocked.snapshot() == before

    def test_it_takes_the_right_to_unlist(self, stocked):
        stocked.do(delete, *WIDGETS, feed="default", actor=Actor("k", frozenset({UNLIST})))
        with stocked.refusing(NotAllowed, match="Use one with the right 'unlist'"):
            stocked.do(delete, *WIDGETS, feed="default", actor=Actor("k", frozenset({DELETE})))

    def test_a_reason_that_nobody_asked_for_is_kept(self, stocked):
        stocked.do(delete, *WIDGETS, feed="default", reason=" wrong build ")
        assert stocked.last_line().reason == "wrong build"


class TestDeleting:
    """`delete = soft` and `hard`: the version is gone for readers."""

    def test_it_is_an_event_that_tells_what_was_there(self, deleting):
        before = deleting.get("acme.widgets", "1.0.0")
        deleting.do(delete, *WIDGETS, feed="default", reason="a secret in it")
        assert deleting.find("acme.widgets", "1.0.0") is None
        event, line = deleting.rows("events")[-1], deleting.last_line()
        mode = event.details["mode"]
        assert (event.kind, event.number, event.at) == ("deleted", 2, deleting.clock.now())
        assert event.details == {
            "id": "Acme.Widgets",
            "version": "1.0.0",
            "sha256": before.sha256.hex(),
            "listed": True,
            "pushed_at": NOON.isoformat(),
            "is_semver2": False,
            "mode": mode,
            "reason": "a secret in it",
        }
        assert (line.action, line.subject, line.reason) == ("delete", "Acme.Widgets 1.0.0", "a secret in it")
        assert line.details == {"mode": mode, "sha256": before.sha256.hex()}

    def test_the_package_and_its_owners_stay(self, deleting):
        deleting.add_account("alice")
        deleting.do(grant_role, "default", "alice", "publisher")
        deleting.push(nupkg("Other"), actor=deleting.actor("alice", PUSH))
        deleting.do(delete, *names("Other", "1.0.0"), feed="default", actor=deleting.actor("alice", DELETE))
        assert [row.id_key for row in deleting.rows("owners")] == ["other"]
        (package,) = (row for row in deleting.rows("packages") if row.id_key == "other")
        assert (package.revision, package.changed_at) == (3, deleting.clock.now())

    def test_a_second_time_there_is_nothing_to_delete(self, deleting):
        deleting.do(delete, *WIDGETS, feed="default")
        with deleting.refusing(NoSuchVersion):
            deleting.do(delete, *WIDGETS, feed="default")
        with deleting.refusing(NoSuchVersion):
            deleting.relist("Acme.Widgets", "1.0.0")
        with deleting.refusing(NoSuchVersion):
            deleting.unlist("Acme.Widgets", "1.0.0")

    def test_an_unlisted_version_can_be_deleted_and_a_listed_one_relisted(self, deleting):
        deleting.unlist("Acme.Widgets", "1.0.0")
        deleting.relist("Acme.Widgets", "1.0.0")
        deleting.unlist("Acme.Widgets", "1.0.0")
        deleting.do(delete, *WIDGETS, feed="default")
        assert deleting.rows("events")[-1].details["listed"] is False

    def test_another_feed_keeps_its_own(self, deleting):
        deleting.create_feed("other")
        deleting.push(nupkg(), feed="other")
        deleting.do(delete, *WIDGETS, feed="default")
        kept = deleting.get("acme.widgets", "1.0.0", feed="other")
        assert deleting.shelf.blobs[kept.blob] == nupkg()

    def test_other_versions_keep_their_places(self, deleting):
        for version in ("1.1.0", "2.0.0"):
            deleting.push(nupkg(version=version))
        deleting.do(delete, *names("Acme.Widgets", "1.1.0"), feed="default")
        assert {row.version_key for row in deleting.rows("entries")} == {"1.0.0", "2.0.0"}

    def test_a_right_is_missing_and_the_refusal_says_who_can_unlist(self, deleting):
        for actor in (Actor("k", frozenset({UNLIST})), Actor("k", frozenset({UNLIST, PUSH, READ}))):
            with deleting.refusing(
                NotAllowed, match=r"lacks the right 'delete'.*ask an administrator.*motherlode unlist"
            ):
                deleting.do(delete, *WIDGETS, feed="default", actor=actor)
        with deleting.refusing(NotAllowed, match="may not unlist or delete"):
            deleting.do(delete, *WIDGETS, feed="default", actor=Actor("k", frozenset({PUSH})))

    @pytest.mark.parametrize("right", [DELETE, ADMIN])
    def test_that_right_is_enough(self, deleting, right):
        deleting.do(delete, *WIDGETS, feed="default", actor=Actor("k", frozenset({right})))
        assert deleting.find("acme.widgets", "1.0.0") is None

    def test_a_key_that_ends_soon_says_so_behind_what_happened(self, deleting):
        ending = Actor("k", frozenset({DELETE}), key_name="ci", expires_at=deleting.clock.now() + timedelta(days=3))
        said = deleting.do(delete, *WIDGETS, feed="default", actor=ending)
        assert ("was deleted" in said[0], "expires in 3 days" in said[1]) == (True, True)

    def test_of_many_at_once_one_deletes_it(self, deleting):
        def attempt(_):
            try:
                return deleting.do(delete, *WIDGETS, feed="default")
            except NoSuchVersion:
                return None

        with ThreadPoolExecutor(8) as threads:
            assert sum(said is not None for said in threads.map(attempt, range(8))) == 1
        assert [event.kind for event in deleting.rows("events")] == ["published", "deleted"]


class TestWhoMay:
    """Only owners and administrators delete; what a caller may not see does not exist for him."""

    @pytest.fixture
    def owned(self, services):
        """A feed that deletes for good, whose one version is alice's; bob is a publisher too."""
        services.change_feed("default", {"delete": "hard"})
        for name in ("alice", "bob"):
            services.add_account(name)
            services.do(grant_role, "default", name, "publisher")
        services.push(nupkg(), actor=services.actor("alice", PUSH))
        return services

    def test_its_owner_may(self, owned):
        owned.do(delete, *WIDGETS, feed="default", actor=owned.actor("alice", DELETE))
        assert owned.rows("entries") == []

    def test_another_publisher_may_not(self, owned):
        for actor in (owned.actor("bob", DELETE), Actor("k", frozenset({DELETE}))):
            with owned.refusing(NotAllowed, match="does not belong to an owner"):
                owned.do(delete, *WIDGETS, feed="default", actor=actor)

    def test_what_a_key_does_not_cover_is_not_looked_for(self, owned):
        actor = owned.actor("alice", DELETE, globs=("Other.*",))
        for package_id in ("Acme.Widgets", "Acme.Absent"):
            with owned.refusing(NotAllowed, match=f"does not cover the id {package_id}"):
                owned.do(delete, *names(package_id, "1.0.0"), feed="default", actor=actor)

    def test_on_a_feed_that_one_may_not_read_anothers_version_is_none(self, owned):
        owned.change_feed("default", {"read": "authenticated"})
        answers = []
        for package_id in ("Acme.Widgets", "Acme.Widgetz"):
            with pytest.raises(NoSuchVersion) as refused:
                owned.do(delete, *names(package_id, "1.0.0"), feed="default", actor=owned.actor("bob", DELETE))
            answers.append(str(refused.value).replace(package_id, "…"))
        assert answers[0] == answers[1]

    def test_nothing_is_deleted_on_a_feed_that_is_not_there(self, owned):
        with owned.refusing(NoSuchFeed):
            owned.do(delete, *WIDGETS, feed="absent")


class TestForGood:
    """`delete = hard`: the number is free again, and the bytes go once no entry of any feed points to them."""

    def test_the_number_is_free_again_and_no_other_feeds_is(self, hard):
        assert "its version number is free again" in hard.do(delete, *WIDGETS, feed="default")[0]
        hard.push(nupkg(seed=1))
        entry = hard.get("acme.widgets", "1.0.0")
        assert (entry.revision, hard.shelf.blobs[entry.blob]) == (3, nupkg(seed=1))

    def test_it_cannot_be_brought_back(self, hard):
        hard.do(delete, *WIDGETS, feed="default")
        with hard.refusing(NoSuchVersion, match=r"A soft-deleted version Acme\.Widgets 1\.0\.0 does not exist"):
            hard.do(restore_version, *WIDGETS, feed="default")

    def test_what_was_unlisted_is_relisted_by_post_as_ever(self, hard):
        hard.unlist("Acme.Widgets", "1.0.0")
        hard.relist("Acme.Widgets", "1.0.0")
        assert hard.get("acme.widgets", "1.0.0").listed

    @pytest.mark.parametrize("reason", [None, "", "  "])
    def test_a_feed_that_demands_a_reason_is_given_one(self, hard, reason):
        hard.change_feed("default", {"delete_reason": "required"})
        with hard.refusing(ReasonMissing, match=r"X-Motherlode-Reason .*--reason"):
            hard.do(delete, *WIDGETS, feed="default", reason=reason)
        with hard.refusing(NotAllowed):
            hard.do(delete, *WIDGETS, feed="default", reason=reason, actor=Actor("k", frozenset({UNLIST})))
        with hard.refusing(NoSuchVersion):
            hard.do(delete, *names("Acme.Widgets", "9.0.0"), feed="default", reason=reason)
        hard.do(delete, *WIDGETS, feed="default", reason="a court says so")
        assert hard.last_line().reason == "a court says so"

    @pytest.mark.parametrize("mode", ["unlist", "soft"])
    def test_a_reason_is_demanded_for_nothing_else(self, stocked, mode):
        stocked.change_feed("default", {"delete": mode, "delete_reason": "required"})
        assert stocked.do(delete, *WIDGETS, feed="default")

    def test_a_long_reason_is_cut_and_what_drives_a_terminal_replaced(self, hard):
        hard.do(delete, *WIDGETS, feed="default", reason="a\x1b[31m" + "b" * 600)
        kept = hard.rows("events")[-1].details["reason"]
        assert (len(kept), kept.isprintable()) == (500, True)
        assert hard.last_line().reason == kept


class TestSoftly:
    """`delete = soft`: the number stays taken, and an administrator can bring the version back."""

    def test_it_says_until_when(self, soft):
        soft.change_feed("default", {"soft_delete_keep": "30d"})
        (said,) = soft.do(delete, *WIDGETS, feed="default")
        assert said.endswith("An administrator can bring it back until 2024-06-05 ('motherlode restore-version').")

    @pytest.mark.parametrize("overwrite", ["never", "always"])
    @pytest.mark.parametrize("seed", [0, 1], ids=["the same bytes", "others"])
    def test_a_push_of_the_number_is_refused(self, soft, overwrite, seed):
        soft.change_feed("default", {"overwrite": overwrite})
        soft.do(delete, *WIDGETS, feed="default")
        for mode in MODES:
            soft.change_feed("default", {"delete": mode})
            with soft.refusing(WasDeleted, match="its version number cannot be used again"):
                soft.push(nupkg("ACME.WIDGETS", "1.0+x", seed=seed))

    @pytest.mark.parametrize("listed", [True, False])
    def test_it_comes_back_as_it_was(self, soft, listed):
        soft.push(nupkg("Acme.Odd", "1.0-RC.1+meta"))
        if not listed:
            soft.unlist("Acme.Odd", "1.0-rc.1")
        before = soft.get("acme.odd", "1.0.0-rc.1")
        soft.clock.pass_by(timedelta(days=7))
        soft.do(delete, *names("acme.odd", "1.0-rc.1"), feed="default")
        soft.clock.pass_by(timedelta(days=7))
        soft.do(restore_version, *names("ACME.ODD", "1.0.0-RC.1"), feed="default")
        after = soft.get("acme.odd", "1.0.0-rc.1")
        changed = ("id", "revision", "changed_at")
        assert {name: getattr(after, name) for name in after.__slots__ if name not in changed} == {
            name: getattr(before, name) for name in before.__slots__ if name not in changed
        }
        assert (after.revision, after.changed_at) == (before.revision + 2, soft.clock.now())
        assert soft.rows("deletions") == []
        event, line = soft.rows("events")[-1], soft.last_line()
        assert (event.kind, event.details["listed"]) == ("restored", listed)
        assert (line.action, line.subject) == ("restore-version", "Acme.Odd 1.0.0-RC.1")

    def test_it_lies_among_the_other_versions_as_before(self, soft):
        for version in ("2.0.0", "10.0.0", "9.0.0-beta"):
            soft.push(nupkg(version=version))
        order = [row.sort_key for row in soft.rows("entries")]
        for version in ("10.0.0", "9.0.0-beta"):
            soft.do(delete, *names("Acme.Widgets", version), feed="default")
            soft.do(restore_version, *names("Acme.Widgets", version), feed="default")
        assert sorted(row.sort_key for row in soft.rows("entries")) == sorted(order)

    def test_it_can_be_deleted_again(self, soft):
        for _ in range(2):
            soft.do(delete, *WIDGETS, feed="default")
            soft.do(restore_version, *WIDGETS, feed="default")
        kinds = [event.kind for event in soft.rows("events")]
        assert kinds == ["published", *["deleted", "restored"] * 2]

    def test_also_on_a_feed_that_deletes_for_good_by_now(self, soft):
        soft.do(delete, *WIDGETS, feed="default")
        soft.change_feed("default", {"delete": "hard"})
        soft.do(restore_version, *WIDGETS, feed="default")
        assert soft.find("acme.widgets", "1.0.0")

    def test_administrators_alone_bring_it_back(self, soft):
        soft.do(delete, *WIDGETS, feed="default")
        for rights in ({DELETE, UNLIST, PUSH}, {READ}):
            with soft.refusing(NotAllowed):
                soft.do(restore_version, *WIDGETS, feed="default", actor=Actor("k", frozenset(rights)))

    def test_what_was_not_deleted_cannot_be_brought_back(self, soft):
        for version in ("1.0.0", "9.0.0"):
            with soft.refusing(NoSuchVersion):
                soft.do(restore_version, *names("Acme.Widgets", version), feed="default")
        with soft.refusing(NoSuchFeed):
            soft.do(restore_version, *WIDGETS, feed="absent")

    def test_what_the_collector_let_go_of_is_gone_and_its_number_stays_taken(self, soft):
        soft.do(delete, *WIDGETS, feed="default")
        with soft.db.write() as tx:
            ends = {soft.clock.now(): [1]}
            assert [garbage.release_past(tx, past) for past in garbage.find_past(tx, ends)] == [True]
        with soft.refusing(NotFound, match="can no longer be restored"):
            soft.do(restore_version, *WIDGETS, feed="default")
        with soft.refusing(WasDeleted):
            soft.push(nupkg())

    def test_who_deleted_and_why_is_kept_with_it(self, soft):
        soft.do(delete, *WIDGETS, feed="default", reason="wrong build", actor=Actor("key-1", frozenset({DELETE})))
        (row,) = soft.rows("deletions")
        assert (row.deleted_by, row.reason, row.deleted_at) == ("key-1", "wrong build", soft.clock.now())
        assert row.content_id == soft.rows("contents")[0].id


class TestLocked:
    """A locked id: nothing of it is pushed, listed, unlisted or taken away, by anybody, until it is unlocked."""

    @pytest.fixture(params=MODES)
    def locked(self, request, stocked):
        """One version that is deleted softly, one that is unlisted, and one that is listed; then the lock."""
        stocked.change_feed("default", {"delete": "soft", "overwrite": "always"})
        for version in ("0.5.0", "0.6.0"):
            stocked.push(nupkg(version=version))
        stocked.do(delete, *names("Acme.Widgets", "0.5.0"), feed="default")
        stocked.unlist("Acme.Widgets", "0.6.0")
        stocked.change_feed("default", {"delete": request.param})
        stocked.do(lock_id, THE_ID, feed="default", reason="taken over")
        return stocked

    @pytest.mark.parametrize("actor", [None, Actor("k", frozenset({ADMIN}))], ids=["console", "administrator's key"])
    def test_nothing_changes_it(self, locked, actor):
        wish = {} if actor is None else {"actor": actor}
        attempts = (
            lambda: locked.push(nupkg(version="2.0.0"), **wish),
            lambda: locked.push(nupkg(seed=1), **wish),
            lambda: locked.push(nupkg(), **wish),
            lambda: locked.unlist("Acme.Widgets", "1.0.0", **wish),
            lambda: locked.relist("Acme.Widgets", "0.6.0", **wish),
            lambda: locked.do(delete, *WIDGETS, feed="default", **wish),
            lambda: locked.do(restore_version, *names("Acme.Widgets", "0.5.0"), feed="default", **wish),
        )
        for attempt in attempts:
            with locked.refusing(IdLocked, match="Acme.Widgets is locked on this feed"):
                attempt()

    def test_who_may_not_change_it_anyway_does_not_hear_of_the_lock(self, locked):
        with locked.refusing(NotAllowed, match="does not cover"):
            locked.push(nupkg(version="2.0.0"), actor=Actor("k", frozenset({PUSH}), globs=("Other",)))

    def test_unlocked_it_changes_again(self, locked):
        locked.do(unlock_id, THE_ID, feed="default")
        assert locked.rows("locks") == []
        locked.push(nupkg(version="2.0.0"))
        assert locked.last_line().action == "push"

    def test_other_ids_and_other_feeds_are_free(self, locked):
        locked.create_feed("other")
        locked.push(nupkg(), feed="other")
        locked.push(nupkg("Acme.Widgets.More"))

    def test_it_is_written_down_once_with_its_reason(self, locked):
        line = locked.last_line()
        assert (line.action, line.subject, line.feed, line.reason) == ("lock", "Acme.Widgets", "default", "taken over")
        before = locked.snapshot()
        locked.do(lock_id, THE_ID, feed="default", reason="again")
        assert locked.snapshot() == before
        locked.do(unlock_id, THE_ID, feed="default")
        assert locked.last_line().action == "unlock"
        before = locked.snapshot()
        locked.do(unlock_id, THE_ID, feed="default")
        assert locked.snapshot() == before

    @pytest.mark.parametrize("verb", [lock_id, unlock_id])
    def test_administrators_alone_do_it_to_ids_that_are_there(self, stocked, verb):
        with stocked.refusing(NotAllowed):
            stocked.do(verb, THE_ID, feed="default", actor=Actor("k", frozenset({PUSH, UNLIST, DELETE})))
        with stocked.refusing(NoSuchId):
            stocked.do(verb, names("Acme.Absent", "1.0.0")[0], feed="default")
        with stocked.refusing(NoSuchFeed):
            stocked.do(verb, THE_ID, feed="absent")


class SlowDatabase(Database):
    """A database that is written to only after something else has happened."""

    def __init__(self, path, meanwhile):
        super().__init__(path, busy_timeout_s=30)
        self._meanwhile = meanwhile

    def write(self):
        self._meanwhile()
        return super().write()


def test_a_feed_that_was_changed_a_moment_ago_deletes_nothing_that_it_now_keeps(hard):
    """The way is looked up again where the change is made."""
    slow = SlowDatabase(hard.db.path, lambda: hard.change_feed("default", {"delete": "soft"}))
    (said,) = delete(*WIDGETS, Actor("k", frozenset({DELETE})), feed="default", db=slow, clock=hard.clock)
    slow.close()
    assert "bring it back" in said
    assert len(hard.rows("deletions")) == 1


@pytest.mark.parametrize("mode", MODES)
def test_the_refusals_of_a_push_stay_what_they_were(stocked, mode):
    stocked.change_feed("default", {"delete": mode})
    with stocked.refusing(AlreadyExists, match="already exists on this feed"):
        stocked.push(nupkg(seed=1))
