"""Unlist and relist: one word changed, told to all who follow the catalog."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.domain.permissions import ADMIN, PUSH, READ, UNLIST, Actor
from motherlode.domain.refusals import NoSuchFeed, NoSuchVersion, NotAllowed
from motherlode.usecases.feeds.roles import grant_role
from tests.support.builders import nupkg
from tests.usecases.services import NOON

VERBS = ["unlist", "relist"]


@pytest.fixture
def stocked(services):
    """A house with one listed version, pushed at noon, an hour ago."""
    services.push(nupkg())
    services.clock.pass_by(timedelta(hours=1))
    return services


def test_unlisting_is_an_event_and_keeps_the_time_of_the_push(stocked):
    stocked.unlist("Acme.Widgets", "1.0.0")
    entry = stocked.get("acme.widgets", "1.0.0")
    assert (entry.listed, entry.pushed_at, entry.changed_at, entry.revision) == (False, NOON, stocked.clock.now(), 2)
    event = stocked.rows("events")[-1]
    assert (event.kind, event.number, event.details["listed"]) == ("unlisted", 2, False)
    line = stocked.rows("audit")[-1]
    assert (line.action, line.subject, line.actor) == ("unlist", "Acme.Widgets 1.0.0", "console")
    assert stocked.shelf.blobs[entry.blob] == nupkg()


def test_relisting_brings_back_what_was(stocked):
    before = stocked.get("acme.widgets", "1.0.0")
    stocked.unlist("Acme.Widgets", "1.0.0")
    stocked.relist("Acme.Widgets", "1.0.0")
    entry = stocked.get("acme.widgets", "1.0.0")
    assert (entry.listed, entry.pushed_at, entry.revision) == (True, before.pushed_at, 3)
    assert [event.kind for event in stocked.rows("events")] == ["published", "unlisted", "relisted"]


@pytest.mark.parametrize("spelling", ["1.0", "1.0.0.0", "1.00.0", "1.0.0+metadata"])
@pytest.mark.parametrize("written", ["acme.widgets", "ACME.WIDGETS"])
def test_any_casing_and_any_equal_spelling_names_the_version(stocked, written, spelling):
    stocked.unlist(written, spelling)
    assert not stocked.get("acme.widgets", "1.0.0").listed
    stocked.relist(written, spelling)
    assert stocked.get("acme.widgets", "1.0.0").listed


def test_what_is_so_already_is_no_refusal_and_no_event(stocked):
    before = stocked.snapshot()
    stocked.relist("Acme.Widgets", "1.0.0")
    assert stocked.snapshot() == before
    stocked.unlist("Acme.Widgets", "1.0.0")
    before = stocked.snapshot()
    stocked.unlist("Acme.Widgets", "1.0.0")
    assert stocked.snapshot() == before


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("package_id", "version"), [("Acme.Widgets", "2.0.0"), ("Other", "1.0.0")])
def test_what_is_not_there_is_refused(stocked, verb, package_id, version):
    with stocked.refusing(NoSuchVersion, match=f"{package_id} {version} does not exist"):
        getattr(stocked, verb)(package_id, version)


@pytest.mark.parametrize("verb", VERBS)
def test_each_feed_has_its_own(stocked, verb):
    stocked.create_feed("other")
    with stocked.refusing(NoSuchVersion):
        getattr(stocked, verb)("Acme.Widgets", "1.0.0", feed="other")
    with stocked.refusing(NoSuchFeed):
        getattr(stocked, verb)("Acme.Widgets", "1.0.0", feed="absent")


def test_a_version_unlisted_on_one_feed_is_listed_on_the_other(stocked):
    stocked.create_feed("other")
    stocked.push(nupkg(), feed="other")
    stocked.unlist("Acme.Widgets", "1.0.0", feed="other")
    assert stocked.get("acme.widgets", "1.0.0").listed
    assert not stocked.get("acme.widgets", "1.0.0", feed="other").listed


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "actor",
    [
        Actor("k", frozenset({PUSH})),
        Actor("k", frozenset({UNLIST}), globs=("Other.*",)),
        Actor("k", frozenset({UNLIST}), feeds=frozenset({"other"})),
    ],
    ids=["no right", "other ids", "other feeds"],
)
def test_a_key_changes_only_what_it_covers(stocked, verb, actor):
    """Also where nothing would be changed."""
    with stocked.refusing(NotAllowed):
        getattr(stocked, verb)("Acme.Widgets", "1.0.0", actor=actor)


@pytest.mark.parametrize("verb", VERBS)
class TestWhoMay:
    """Only owners (and administrators) unlist; what a caller may not see does not exist for him."""

    @pytest.fixture
    def owned(self, services):
        """A house whose one version is alice's; bob is a publisher too."""
        for name in ("alice", "bob"):
            services.add_account(name)
            services.do(grant_role, "default", name, "publisher")
        services.push(nupkg(), actor=services.actor("alice", PUSH))
        return services

    def test_its_owner_may(self, owned, verb):
        assert getattr(owned, verb)("Acme.Widgets", "1.0.0", actor=owned.actor("alice", UNLIST)) == ()

    def test_another_publisher_may_not(self, owned, verb):
        with owned.refusing(NotAllowed, match="does not belong to an owner"):
            getattr(owned, verb)("Acme.Widgets", "1.0.0", actor=owned.actor("bob", UNLIST))

    def test_nobodys_key_may_not_unless_it_is_an_administrators(self, owned, verb):
        with owned.refusing(NotAllowed, match="does not belong to an owner"):
            getattr(owned, verb)("Acme.Widgets", "1.0.0", actor=Actor("k", frozenset({UNLIST})))
        getattr(owned, verb)("Acme.Widgets", "1.0.0", actor=Actor("k", frozenset({ADMIN})))

    def test_what_a_key_does_not_cover_is_not_looked_for(self, owned, verb):
        actor = owned.actor("alice", UNLIST, globs=("Other.*",))
        for package_id in ("Acme.Widgets", "Acme.Absent"):
            with owned.refusing(NotAllowed, match=f"does not cover the id {package_id}"):
                getattr(owned, verb)(package_id, "1.0.0", actor=actor)

    def test_on_a_feed_that_one_may_not_read_anothers_version_is_none(self, owned, verb):
        owned.change_feed("default", {"read": "authenticated"})
        answers = []
        for package_id in ("Acme.Widgets", "Acme.Widgetz"):
            with pytest.raises(NoSuchVersion) as refused:
                getattr(owned, verb)(package_id, "1.0.0", actor=owned.actor("bob", UNLIST))
            answers.append(str(refused.value).replace(package_id, "…"))
        assert answers[0] == answers[1]
        with owned.refusing(NotAllowed):
            getattr(owned, verb)("Acme.Widgets", "1.0.0", actor=owned.actor("bob", UNLIST, READ))

    def test_a_key_that_ends_soon_says_so(self, owned, verb):
        ending = {"key_name": "ci", "expires_at": NOON + timedelta(days=3)}
        (warning,) = getattr(owned, verb)("Acme.Widgets", "1.0.0", actor=owned.actor("alice", UNLIST, **ending))
        assert "expires in 3 days" in warning


def test_of_many_at_once_one_changes_it(stocked):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: stocked.unlist("Acme.Widgets", "1.0.0"), range(8)))
    assert [event.kind for event in stocked.rows("events")] == ["published", "unlisted"]
    assert [line.action for line in stocked.rows("audit")].count("unlist") == 1


def test_the_log_never_goes_back_in_time_whatever_the_clock_does(stocked):
    stocked.clock.pass_by(-timedelta(days=1))
    stocked.unlist("Acme.Widgets", "1.0.0")
    first, second = stocked.rows("events")
    assert second.at == first.at == NOON
