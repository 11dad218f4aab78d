"""Replacing: a push in place of a version that is there, where the feed lets it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.domain.permissions import ADMIN, DELETE, PUSH, PUSH_VERSION, UNLIST, Actor
from motherlode.domain.refusals import AlreadyExists, NotAllowed, PackageTooLarge, StorageFull
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.packages import downloads
from motherlode.usecases.feeds.roles import grant_role
from tests.support.builders import nupkg
from tests.usecases.services import NOON

OLD, NEW = nupkg(), nupkg(seed=1)
STABLE, BETA = "1.0.0", "1.0.0-beta"
KEPT = ("id", "feed_id", "id_key", "version_key", "listed", "is_prerelease")


@pytest.fixture
def stocked(services):
    """A feed on which everything can be replaced, with one version that was pushed at noon, an hour ago."""
    services.change_feed("default", {"overwrite": "always"})
    services.push(OLD)
    services.clock.pass_by(timedelta(hours=1))
    return services


def test_the_new_bytes_take_the_place_of_the_old_in_one_event(stocked):
    before = stocked.get("acme.widgets", "1.0.0")
    said, *_ = stocked.push(NEW).warnings
    assert said.startswith("Acme.Widgets 1.0.0 was replaced. Clients that have cached the old package keep it")
    after = stocked.get("acme.widgets", "1.0.0")
    assert [getattr(after, name) for name in KEPT] == [getattr(before, name) for name in KEPT]
    assert (after.pushed_at, after.changed_at, after.revision) == (stocked.clock.now(), stocked.clock.now(), 2)
    assert (after.size, stocked.shelf.blobs[after.blob]) == (len(NEW), NEW)
    event = stocked.rows("events")[-1]
    assert (event.kind, event.number, event.details["sha256"]) == ("replaced", 2, after.sha256.hex())
    line = stocked.last_line()
    assert (line.action, line.subject) == ("replace", "Acme.Widgets 1.0.0")
    assert line.details == {
        "sha256": after.sha256.hex(),
        "bytes": len(NEW),
        "replaced": before.sha256.hex(),
    }


def test_the_old_bytes_stay_for_those_who_read_them(stocked):
    old = stocked.get("acme.widgets", "1.0.0")
    with stocked.blobs.open(old.blob) as reading:
        first = reading.read(10)
        stocked.push(NEW)
        assert first + reading.read() == OLD
    assert stocked.shelf.blobs[old.blob] == OLD


def test_what_the_package_says_of_itself_is_what_the_new_one_says(stocked):
    stocked.push(nupkg("ACME.widgets", "1.0+build.2", dependencies={"Other": "1.0.0-a.b"}, description="New."))
    entry = stocked.get("acme.widgets", "1.0.0")
    assert (entry.id_written, entry.version_written) == ("ACME.widgets", "1.0+build.2")
    assert (entry.is_semver2, entry.facts["description"]) == (True, "New.")


def test_an_unlisted_version_stays_unlisted_and_that_is_said(stocked):
    stocked.unlist("Acme.Widgets", "1.0.0")
    assert stocked.push(NEW).warnings[0].endswith("It stays unlisted.")
    entry = stocked.get("acme.widgets", "1.0.0")
    assert (entry.listed, entry.pushed_at) == (False, stocked.clock.now())
    stocked.relist("Acme.Widgets", "1.0.0")
    assert stocked.get("acme.widgets", "1.0.0").pushed_at == stocked.clock.now()


def test_downloads_stay(stocked):
    feed_id = stocked.get("acme.widgets", "1.0.0").feed_id
    with stocked.db.write() as tx:
        downloads.add(tx, {(feed_id, "acme.widgets", "1.0.0", NOON.date()): 7}, {})
    before = (stocked.rows("downloads"), stocked.rows("totals"))
    stocked.push(NEW)
    assert (stocked.rows("downloads"), stocked.rows("totals")) == before


@pytest.mark.parametrize("listed", [True, False])
def test_the_same_bytes_again_change_nothing_and_that_is_said(stocked, listed):
    if not listed:
        stocked.unlist("Acme.Widgets", "1.0.0")
    before = stocked.snapshot()
    assert stocked.push(OLD).warnings[:1] == (
        "Acme.Widgets 1.0.0 already exists with the same content. Nothing was changed.",
    )
    assert stocked.snapshot() == before


def test_the_same_bytes_are_not_even_put(stocked):
    """The store has no room, and is not asked for any."""

    class FullBlobs(MemoryBlobs):
        def put(self, spool) -> str:
            raise StorageFull

    stocked.push(OLD, blobs=FullBlobs(stocked.shelf))
    with stocked.refusing(StorageFull):
        stocked.push(NEW, blobs=FullBlobs(stocked.shelf))


@pytest.mark.parametrize("version", [STABLE, BETA])
@pytest.mark.parametrize("overwrite", ["never", "prerelease", "always"])
def test_what_the_feed_does_not_let_be_replaced_is_refused_with_the_same_bytes_too(services, overwrite, version):
    services.push(nupkg(version=version))
    services.change_feed("default", {"overwrite": overwrite})
    if overwrite == "always" or (overwrite == "prerelease" and version == BETA):
        services.push(nupkg(version=version, seed=1))
        assert services.last_line().action == "replace"
    else:
        for seed in (0, 1):
            with services.refusing(AlreadyExists):
                services.push(nupkg(version=version, seed=seed))


class TestWhoMay:
    """Replacing needs the right and the ownership that a new version needs."""

    @pytest.fixture
    def owned(self, services):
        """A version that is alice's; bob is a publisher too."""
        services.change_feed("default", {"overwrite": "always"})
        for name in ("alice", "bob"):
            services.add_account(name)
            services.do(grant_role, "default", name, "publisher")
        services.push(OLD, actor=services.actor("alice", PUSH))
        return services

    @pytest.mark.parametrize("right", [PUSH, PUSH_VERSION])
    def test_its_owner_may(self, owned, right):
        owned.push(NEW, actor=owned.actor("alice", right))
        assert owned.last_line().action == "replace"
        assert len(owned.rows("owners")) == 1

    @pytest.mark.parametrize("seed", [0, 1], ids=["the same bytes", "others"])
    def test_nobody_else_may(self, owned, seed):
        package = nupkg(seed=seed)
        with owned.refusing(NotAllowed, match="does not belong to an owner"):
            owned.push(package, actor=owned.actor("bob", PUSH))
        with owned.refusing(NotAllowed, match="may not push"):
            owned.push(package, actor=owned.actor("alice", UNLIST, DELETE))
        with owned.refusing(NotAllowed, match="does not cover"):
            owned.push(package, actor=owned.actor("alice", PUSH, globs=("Other",)))

    def test_an_administrator_may(self, owned):
        owned.push(NEW, actor=Actor("k", frozenset({ADMIN})))
        assert owned.last_line().action == "replace"


def test_a_replacement_is_judged_like_any_push(stocked):
    stocked.change_feed("default", {"max_package_size": "1KB"})
    with stocked.refusing(PackageTooLarge):
        stocked.push(nupkg(payload_bytes=5_000))


def test_feeds_that_share_a_content_are_replaced_each_by_itself(stocked):
    stocked.create_feed("other")
    stocked.push(OLD, feed="other")
    stocked.push(NEW)
    kept = stocked.get("acme.widgets", "1.0.0", feed="other")
    assert stocked.shelf.blobs[kept.blob] == OLD
    stocked.change_feed("other", {"overwrite": "always"})
    stocked.push(NEW, feed="other")
    assert stocked.get("acme.widgets", "1.0.0", feed="other").blob == stocked.get("acme.widgets", "1.0.0").blob


def test_the_old_bytes_can_come_back_as_a_replacement(stocked):
    first = stocked.get("acme.widgets", "1.0.0")
    stocked.push(NEW)
    stocked.push(OLD)
    again = stocked.get("acme.widgets", "1.0.0")
    assert (again.content_id, again.blob, again.revision) == (first.content_id, first.blob, 3)
    assert len(stocked.shelf.blobs) == 2


class SlowBlobs(MemoryBlobs):
    """Blobs whose `put` comes back only after something else has happened."""

    def __init__(self, services, meanwhile) -> None:
        super().__init__(services.shelf, services.clock)
        self._meanwhile = meanwhile

    def put(self, spool) -> str:
        name = super().put(spool)
        self._meanwhile()
        return name


def test_who_comes_with_the_same_bytes_meanwhile_is_the_one_that_replaces(stocked):
    stocked.push(NEW, blobs=SlowBlobs(stocked, lambda: stocked.push(NEW)))
    assert [event.kind for event in stocked.rows("events")] == ["published", "replaced"]
    assert sorted(stocked.shelf.blobs.values()) == sorted([OLD, NEW])


def test_a_version_that_is_pushed_meanwhile_is_replaced(services):
    services.change_feed("default", {"overwrite": "always"})
    services.push(NEW, blobs=SlowBlobs(services, lambda: services.push(OLD)))
    assert [event.kind for event in services.rows("events")] == ["published", "replaced"]
    assert services.shelf.blobs[services.get("acme.widgets", "1.0.0").blob] == NEW


def test_a_feed_that_replaces_nothing_any_more_refuses(stocked):
    slow = SlowBlobs(stocked, lambda: stocked.change_feed("default", {"overwrite": "never"}))
    with pytest.raises(AlreadyExists):
        stocked.push(NEW, blobs=slow)
    assert list(stocked.shelf.blobs.values()) == [OLD]


def test_of_many_at_once_each_is_an_event_and_the_last_one_is_there(stocked):
    start = threading.Barrier(6)

    def attempt(number):
        start.wait(timeout=60)
        stocked.push(nupkg(seed=number + 1))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(attempt, range(6)))
    events = stocked.rows("events")
    assert [event.kind for event in events] == ["published", *["replaced"] * 6]
    entry = stocked.get("acme.widgets", "1.0.0")
    assert (entry.revision, entry.sha256.hex()) == (7, events[-1].details["sha256"])
    assert len(stocked.shelf.blobs) == len(stocked.rows("contents")) == 7


def test_readers_see_one_package_or_the_other_and_never_parts_of_both(stocked):
    """Every look at the entry names bytes, size and hash of one and the same package."""
    packages = {len(body): body for body in (nupkg(payload_bytes=size) for size in range(100, 130))}
    done = threading.Event()

    def read():
        seen = 0
        while not done.is_set():
            entry = stocked.get("acme.widgets", "1.0.0")
            body = stocked.blobs.open(entry.blob).read()
            assert body in {OLD, packages.get(entry.size)}
            assert (len(body), stocked.shelf.blobs[entry.blob]) == (entry.size, body)
            seen += 1
        return seen

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        try:
            for body in packages.values():
                stocked.push(body)
        finally:
            done.set()
        assert all(reader.result() > 0 for reader in readers)
