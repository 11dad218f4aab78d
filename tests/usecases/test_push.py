"""Push: accept one package, whole or not at all."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.domain.permissions import ADMIN, PUSH, PUSH_VERSION, UNLIST, Actor, RequestOrigin
from motherlode.domain.refusals import (
    AlreadyExists,
    Busy,
    InvalidPackage,
    NoSuchFeed,
    NotAllowed,
    PackageTooLarge,
    StorageFull,
)
from motherlode.nuget.validation.rule import Strictness
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from tests.support.builders import Member, flawless, hostile, nupkg
from tests.usecases.services import NOON, Services
from tests.usecases.statements import queries

PACKAGE = nupkg()
FLAWLESS = flawless()


def test_what_was_pushed_is_an_entry_a_content_a_blob_an_event_and_an_audit_line(services):
    sender = RequestOrigin("::1", "NuGet Command Line/6.0", "r1")
    pushed = services.push(PACKAGE, actor=Actor("key-1", frozenset({PUSH}), sender=sender, key_id="key-1"))
    assert str(pushed.identity) == "Acme.Widgets 1.0.0"
    entry = services.get("acme.widgets", "1.0.0")
    assert (entry.listed, entry.pushed_at, entry.revision, entry.size) == (True, NOON, 1, len(PACKAGE))
    assert entry.sha256 == hashlib.sha256(PACKAGE).digest()
    assert entry.sha512 == hashlib.sha512(PACKAGE).digest()
    assert services.shelf.blobs == {entry.blob: PACKAGE}
    [event] = services.rows("events")
    assert (event.kind, event.number, event.id_key, event.version_key) == ("published", 1, "acme.widgets", "1.0.0")
    line = services.rows("audit")[-1]
    assert (line.actor, line.action, line.feed, line.subject) == ("key-1", "push", "default", "Acme.Widgets 1.0.0")
    assert (line.address, line.client, line.request_id, line.key_id) == ("::1", "NuGet Command Line/6.0", "r1", "key-1")
    assert line.details == {"sha256": entry.sha256.hex(), "bytes": len(PACKAGE), "new_id": True}


def test_what_is_to_be_mended_is_told_as_sentences(services):
    without = services.push(nupkg(authors=" ")).warnings
    assert "The nuspec has no <authors>. Name the authors of the package." in without
    assert set(services.push(nupkg(version="2.0.0")).warnings) < set(without)


def test_a_package_without_any_flaw_is_taken_without_a_word(services):
    assert services.push(FLAWLESS).warnings == ()


class TestStrictness:
    """A feed takes or refuses as it is told at the moment of the commit."""

    def test_a_lenient_feed_takes_what_only_the_gallery_refuses_and_tells_why(self, services):
        services.create_feed("attic", {"strictness": "lenient"})
        with services.refusing(InvalidPackage, match="no <description>"):
            services.push(nupkg(description=""))
        told = services.push(nupkg(description=""), feed="attic").warnings
        assert any("no <description>" in sentence for sentence in told)

    def test_a_lenient_feed_takes_nothing_that_is_dangerous(self, services):
        services.create_feed("attic", {"strictness": "lenient"})
        with services.refusing(InvalidPackage):
            services.push(hostile(Member("../evil.dll", b"x")), feed="attic")

    def test_a_feed_that_became_strict_meanwhile_has_it_tried_again(self, services):
        services.create_feed("attic", {"strictness": "lenient"})
        with pytest.raises(Busy):
            services.push(
                nupkg(description=""),
                feed="attic",
                blobs=SlowBlobs(services, lambda: services.change_feed("attic", {"strictness": "gallery"})),
            )
        assert services.shelf.blobs == {}
        assert services.rows("entries") == []

    def test_what_the_caller_knows_of_the_feed_is_not_believed_when_it_is_no_longer_so(self, services):
        with services.refusing(Busy):
            services.push(nupkg(description=""), strictness=Strictness.LENIENT)


@pytest.mark.parametrize("settings", [{}, {"delete": "soft", "overwrite": "always"}], ids=["usual", "another"])
def test_deletions_and_locks_are_looked_at_without_a_statement_of_their_own(services, settings):
    """Of an id that is new, and of one that is there."""
    services.change_feed("default", settings)
    for version in ("1.0.0", "2.0.0"):
        with queries(services) as statements:
            services.push(nupkg(version=version))
        assert len(statements) <= 10


@pytest.mark.parametrize(
    ("first", "again"), [("1.0.0", "1.0"), ("1.0.0", "1.00.0.0"), ("1.0.0-RC", "1.0.0-rc"), ("1.0.0+a", "1.0.0+b")]
)
def test_a_version_is_taken_in_any_spelling_of_it(services, first, again):
    services.push(nupkg(version=first))
    with services.refusing(AlreadyExists, match="push it under a new version"):
        services.push(nupkg("ACME.WIDGETS", version=again, seed=1))


def test_an_unlisted_version_is_taken_too(services):
    services.push(PACKAGE)
    services.unlist("Acme.Widgets", "1.0.0")
    with services.refusing(AlreadyExists):
        services.push(PACKAGE)


def test_a_broken_package_is_refused(services):
    with services.refusing(InvalidPackage):
        services.push(b"no zip")


def test_a_feed_that_does_not_exist_takes_nothing(services):
    with services.refusing(NoSuchFeed):
        services.push(PACKAGE, feed="other")


@pytest.mark.parametrize(
    ("actor", "sentence"),
    [
        (Actor("k", frozenset({UNLIST})), "may not push"),
        (Actor("k", frozenset({PUSH}), globs=("Other.*",)), "does not cover the id Acme.Widgets"),
        (Actor("k", frozenset({PUSH}), feeds=frozenset({"other"})), "not valid for the feed 'default'"),
        (Actor("k", frozenset({PUSH_VERSION})), "is new here"),
    ],
    ids=["no right", "other ids", "other feeds", "new versions only"],
)
def test_a_key_pushes_only_what_it_covers(services, actor, sentence):
    with services.refusing(NotAllowed, match=sentence):
        services.push(PACKAGE, actor=actor)


def test_a_key_for_new_versions_pushes_them(services):
    services.push(PACKAGE)
    services.push(nupkg(version="1.1.0"), actor=Actor("k", frozenset({PUSH_VERSION})))
    assert services.find("acme.widgets", "1.1.0")


def test_an_id_is_new_on_each_feed_by_itself(services):
    services.push(PACKAGE)
    services.create_feed("other")
    with services.refusing(NotAllowed, match="is new here"):
        services.push(nupkg(version="1.1.0"), actor=Actor("k", frozenset({PUSH_VERSION})), feed="other")


def test_a_right_is_looked_at_before_existence(services):
    """Who may not push does not learn from it what is there."""
    services.push(PACKAGE)
    with services.refusing(NotAllowed):
        services.push(PACKAGE, actor=Actor("k", frozenset({PUSH}), globs=("Other.*",)))


def test_a_package_over_the_limit_of_its_feed_is_refused(services):
    services.change_feed("default", {"max_package_size": "10KB"})
    with services.refusing(PackageTooLarge):
        services.push(nupkg(payload_bytes=11_000))
    services.push(nupkg(payload_bytes=5_000))


def test_bytes_that_another_feed_holds_are_one_content_and_one_blob(services):
    services.create_feed("other")
    services.push(PACKAGE)
    services.push(PACKAGE, feed="other")
    first, second = services.get("acme.widgets", "1.0.0"), services.get("acme.widgets", "1.0.0", feed="other")
    assert (first.content_id, first.blob) == (second.content_id, second.blob)
    assert services.shelf.blobs == {first.blob: PACKAGE}
    assert len(services.rows("contents")) == 1
    assert len(services.rows("entries")) == 2


def test_nothing_is_left_to_sweep_after_a_push_or_a_refusal(services):
    services.create_feed("other")
    services.push(PACKAGE)
    services.push(PACKAGE, feed="other")
    with pytest.raises(AlreadyExists):
        services.push(nupkg(seed=1))
    services.blobs.close()
    assert services.shelf.left_notes == set()


class SlowBlobs(MemoryBlobs):
    """Blobs whose `put` comes back only after something else has happened."""

    def __init__(self, services: Services, meanwhile) -> None:
        super().__init__(services.shelf)
        self._meanwhile = meanwhile

    def put(self, spool) -> str:
        name = super().put(spool)
        self._meanwhile()
        return name


def test_a_blob_that_grew_older_than_an_hour_is_not_committed(services):
    """Whoever collects unnamed blobs may be after it."""
    slow = SlowBlobs(services, lambda: services.clock.pass_by(timedelta(hours=1, microseconds=1)))
    with services.refusing(Busy):
        services.push(PACKAGE, blobs=slow)
    slow = SlowBlobs(services, lambda: services.clock.pass_by(timedelta(hours=1)))
    services.push(PACKAGE, blobs=slow)
    assert services.get("acme.widgets", "1.0.0").pushed_at == services.clock.now()


def test_who_comes_second_while_the_blob_is_put_is_refused_and_its_blob_goes(services):
    winner = nupkg(seed=1)
    slow = SlowBlobs(services, lambda: services.push(winner))
    with pytest.raises(AlreadyExists):
        services.push(PACKAGE, blobs=slow)
    assert list(services.shelf.blobs.values()) == [winner]
    assert len(services.rows("contents")) == len(services.rows("events")) == 1


def test_a_limit_that_was_lowered_while_the_blob_was_put_binds(services):
    slow = SlowBlobs(services, lambda: services.change_feed("default", {"max_package_size": "1KB"}))
    with pytest.raises(PackageTooLarge):
        services.push(nupkg(payload_bytes=2_000), blobs=slow)
    assert services.shelf.blobs == {}
    assert services.rows("entries") == []


class FullBlobs(MemoryBlobs):
    """Blobs without room."""

    def put(self, spool) -> str:
        raise StorageFull


def test_a_store_without_room_refuses(services):
    with services.refusing(StorageFull):
        services.push(PACKAGE, blobs=FullBlobs(services.shelf))


def test_a_database_that_takes_no_write_in_time_refuses_and_keeps_nothing(services, tmp_path):
    hurried = Services(open_database(tmp_path / "motherlode.db", busy_timeout_s=0.01), services.clock, services.shelf)
    with services.db.write(), services.refusing(Busy):
        hurried.push(PACKAGE)
    hurried.push(PACKAGE)
    hurried.db.close()
    assert services.find("acme.widgets", "1.0.0")


@pytest.mark.parametrize("same_bytes", [False, True])
def test_of_pushes_of_one_version_at_once_exactly_one_is_taken(services, tmp_path, same_bytes):
    """On two connections, as two workers have them; the stored bytes are the winner's, and nothing else is stored."""
    beside = Services(open_database(tmp_path / "motherlode.db"), services.clock, services.shelf)
    start = threading.Barrier(8)

    def attempt(number):
        body = nupkg(seed=1 if same_bytes else number + 1)
        start.wait(timeout=60)
        try:
            (services, beside)[number % 2].push(body)
        except AlreadyExists:
            return None
        return body

    with ThreadPoolExecutor(8) as threads:
        taken = [body for body in threads.map(attempt, range(8)) if body]
    beside.db.close()
    assert len(taken) == 1
    assert services.shelf.blobs == {services.get("acme.widgets", "1.0.0").blob: taken[0]}
    assert [event.kind for event in services.rows("events")] == ["published"]
    assert len(services.rows("contents")) == 1


def test_pushes_of_the_same_bytes_to_many_feeds_at_once_share_one_blob(services):
    names = [f"feed-{number}" for number in range(6)]
    for name in names:
        services.create_feed(name)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda name: services.push(PACKAGE, feed=name), names))
    assert {services.get("acme.widgets", "1.0.0", feed=name).blob for name in names} == set(services.shelf.blobs)
    assert len(services.rows("contents")) == 1


def test_an_administrator_pushes_anything_anywhere(services):
    services.create_feed("other")
    services.push(PACKAGE, actor=Actor("k", frozenset({ADMIN})), feed="other")
    assert services.find("acme.widgets", "1.0.0", feed="other")


def test_most_refusals_end_before_a_blob_is_put(services):
    """The store has no room, and is not asked for any."""
    services.push(PACKAGE)
    with services.refusing(AlreadyExists):
        services.push(PACKAGE, blobs=FullBlobs(services.shelf))
    with services.refusing(NotAllowed):
        services.push(nupkg("Other"), actor=Actor("k", frozenset({UNLIST})), blobs=FullBlobs(services.shelf))


def test_a_database_that_cannot_grow_refuses_and_the_blob_goes(services):
    """SQLite itself says that it is full: its connection may use no further page."""
    with services.db.read() as tx:
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with services.refusing(StorageFull):
        services.push(nupkg(releaseNotes="a" * 30_000))
    with services.db.read() as tx:
        tx.exec_driver_sql("PRAGMA max_page_count = 4294967294")
    services.push(nupkg(releaseNotes="a" * 30_000))


class TestOwners:
    """Who first pushes an id owns it on that feed; only owners (and administrators) push versions of it."""

    @pytest.fixture
    def alice(self, services):
        """A publisher."""
        services.add_account("alice")
        services.do(grant_role, "default", "alice", "publisher")
        return services.actor("alice", PUSH)

    @pytest.fixture
    def bob(self, services):
        """Another one."""
        services.add_account("bob")
        services.do(grant_role, "default", "bob", "publisher")
        return services.actor("bob", PUSH)

    def owners(self, services):
        return [(row.id_key, row.account_id) for row in services.rows("owners")]

    def test_who_pushes_a_new_id_owns_it(self, services, alice):
        services.push(PACKAGE, actor=alice)
        services.push(nupkg(version="2.0.0"), actor=alice)
        assert self.owners(services) == [("acme.widgets", alice.holder.id)]
        assert services.last_line().actor == "alice"

    def test_a_new_id_of_nobodys_key_is_nobodys(self, services):
        services.push(PACKAGE)
        services.push(nupkg("Other"), actor=Actor("key-1", frozenset({PUSH})))
        assert self.owners(services) == []

    def test_what_is_another_s_is_refused_and_stays_his(self, services, alice, bob):
        services.push(PACKAGE, actor=alice)
        with services.refusing(NotAllowed, match="does not belong to an owner of Acme.Widgets"):
            services.push(nupkg(version="2.0.0"), actor=bob)
        with services.refusing(NotAllowed, match="does not belong to an owner"):
            services.push(nupkg(version="2.0.0"), actor=Actor("key-1", frozenset({PUSH})))
        services.push(nupkg(version="2.0.0"), actor=Actor("key-1", frozenset({ADMIN})))
        assert self.owners(services) == [("acme.widgets", alice.holder.id)]

    def test_an_id_that_nobody_owns_is_the_administrators_and_nobodys_keys(self, services, alice):
        services.push(PACKAGE)
        with services.refusing(NotAllowed, match="has no owner on this feed"):
            services.push(nupkg(version="2.0.0"), actor=alice)
        services.push(nupkg(version="2.0.0"), actor=Actor("key-1", frozenset({PUSH})))
        services.add_account("root", role="administrator")
        services.push(nupkg(version="3.0.0"), actor=services.actor("root", PUSH))
        assert self.owners(services) == []

    def test_each_feed_has_its_own_owners(self, services, alice, bob):
        services.create_feed("other")
        services.do(grant_role, "other", "bob", "publisher")
        services.push(PACKAGE, actor=alice)
        services.push(PACKAGE, actor=services.actor("bob", PUSH), feed="other")
        assert sorted(account for _, account in self.owners(services)) == [alice.holder.id, bob.holder.id]

    def test_a_reader_pushes_nothing(self, services):
        services.add_account("carol")
        services.do(grant_role, "default", "carol", "reader")
        with services.refusing(NotAllowed, match="carol may not push on the feed 'default'"):
            services.push(PACKAGE, actor=services.actor("carol", PUSH))

    def test_an_owner_without_a_role_pushes_new_versions(self, services, alice):
        services.push(PACKAGE, actor=alice)
        services.do(withdraw_role, "default", "alice")
        services.push(nupkg(version="2.0.0"), actor=services.actor("alice", PUSH_VERSION))
        with services.refusing(NotAllowed):
            services.push(nupkg("Other"), actor=services.actor("alice", PUSH, PUSH_VERSION))

    def test_of_two_who_push_the_same_new_id_at_once_one_owns_it(self, services, alice, bob):
        slow = SlowBlobs(services, lambda: services.push(nupkg(version="2.0.0"), actor=bob))
        with pytest.raises(NotAllowed, match="does not belong to an owner"):
            services.push(PACKAGE, actor=alice, blobs=slow)
        assert self.owners(services) == [("acme.widgets", bob.holder.id)]
        assert len(services.shelf.blobs) == 1


def test_ten_days_before_its_end_a_key_says_so_before_what_is_to_be_mended(services):
    """Only so much fits into an answer, and the key ends first."""
    ending = Actor("k", frozenset({PUSH}), key_id="key-1", key_name="ci", expires_at=NOON + timedelta(days=10))
    warning, *others = services.push(PACKAGE, actor=ending).warnings
    assert "'ci' (key-1) expires in 10 days, on 2024-05-16" in warning
    assert others
    later = replace(ending, expires_at=NOON + timedelta(days=11))
    assert services.push(FLAWLESS, actor=later).warnings == ()
