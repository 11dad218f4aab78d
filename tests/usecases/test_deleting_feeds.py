"""Deleting a feed: all of it goes at once, and neither its id, its events nor anybody's right to it comes back."""

from datetime import UTC, date, datetime

import pytest

from motherlode.domain.permissions import ADMIN, PUSH, Actor
from motherlode.domain.refusals import DefaultFeedKept, FeedNotEmpty, NoSuchFeed, NotAllowed
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.store.database import schema
from motherlode.store.packages import downloads
from motherlode.usecases.feeds.feeds import delete_feed
from motherlode.usecases.keys.api_keys import create_key
from motherlode.usecases.maintenance.gc import gc
from motherlode.usecases.packages.delete import delete
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.support.builders import nupkg
from tests.usecases.services import NOON, Services


def remove(services: Services, name: str = "team", *, with_packages: bool = False, actor=CONSOLE):
    return services.do(delete_feed, name, actor=actor, with_packages=with_packages)


def take_away(services: Services, version: str) -> None:
    services.do(delete, parse_package_id("Acme.Widgets"), parse_version(version), feed="team")


def make_key(services: Services, *names: str) -> str:
    return services.do(create_key, "k", rights=[PUSH], feeds=names or None, lifetime=None).id


def rows_of(services: Services, feed_id: int):
    """Every row that belongs to the feed, by table."""
    tables = [table for table in schema.metadata.sorted_tables if "feed_id" in table.c and table.name != "former_feeds"]
    with services.db.read() as tx:
        found = {table.name: tx.execute(table.select().where(table.c.feed_id == feed_id)).all() for table in tables}
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
def full(services):
    """A feed with something in each of its tables; its id."""
    feed = services.create_feed("team", {"delete": "soft"})
    owner = services.add_account("alice")
    for version in ("1.0.0", "2.0.0"):
        services.push(nupkg("Acme.Widgets", version), feed="team")
    take_away(services, "2.0.0")
    with services.db.write() as tx:
        day = date(2024, 5, 6)
        downloads.add(tx, {(feed.id, "acme.widgets", "1.0.0", day): 3}, {(feed.id, day, "dotnet"): 3})
        at = datetime(2024, 5, 6, tzinfo=UTC)
        tx.execute(schema.grants.insert(), {"feed_id": feed.id, "account_id": owner.id, "role": "reader"})
        tx.execute(schema.locks.insert(), {"feed_id": feed.id, "id_key": "acme.widgets", "at": at})
        who = {"feed_id": feed.id, "id_key": "acme.widgets", "account_id": owner.id}
        tx.execute(schema.owners.insert(), who | {"since": at})
        tx.execute(schema.invitations.insert(), who | {"invited_by": "console", "at": at})
    assert len(rows_of(services, feed.id)) == len({t for t in schema.metadata.sorted_tables if "feed_id" in t.c}) - 1
    return feed.id


def test_an_empty_feed_goes_and_the_log_says_so(services):
    feed = services.create_feed("team")
    assert remove(services).versions == 0
    assert rows_of(services, feed.id) == {}
    line = services.last_line()
    assert (line.action, line.feed, line.subject, line.details["feed_id"]) == ("delete-feed", "team", "team", feed.id)


def test_a_feed_with_versions_stays_unless_that_is_said(services, full):
    with services.refusing(FeedNotEmpty, match="versions: 2"):
        remove(services)
    assert remove(services, with_packages=True).versions == 2
    assert rows_of(services, full) == {}


def test_a_feed_with_nothing_but_what_can_be_brought_back_is_not_empty(services):
    services.create_feed("team", {"delete": "soft"})
    services.push(nupkg("Acme.Widgets"), feed="team")
    take_away(services, "1.0.0")
    with pytest.raises(FeedNotEmpty, match="versions: 1"):
        remove(services)


def test_bytes_that_no_other_feed_holds_are_collected(services):
    services.create_feed("team")
    shared, own = nupkg("Acme.Shared"), nupkg("Acme.Own")
    services.push(shared)
    services.push(shared, feed="team")
    services.push(own, feed="team")
    remove(services, with_packages=True)
    gone = []
    gc(
        db=services.db,
        blobs=services.blobs,
        clock=services.clock,
        reader_grace=services.clock.now() - NOON,
        report=gone.append,
    )
    assert [removed.kind for removed in gone] == ["content", "blob"]
    assert len(services.rows("contents")) == 1


def test_ids_and_events_are_never_used_again(services):
    first = services.create_feed("team")
    services.push(nupkg("Acme.Widgets"), feed="team")
    remove(services, with_packages=True)
    again = services.create_feed("team")
    assert again.id > first.id
    assert (again.head, rows_of(services, again.id).keys()) == (0, {"heads"})
    (former,) = services.rows("former_feeds")
    assert (former.feed_id, former.name, former.number) == (first.id, "team", 1)


def test_a_key_for_the_feed_is_no_good_on_a_later_one_of_that_name(services):
    for name in ("team", "other"):
        services.create_feed(name)
    alone, both, everywhere = make_key(services, "team"), make_key(services, "team", "other"), make_key(services)
    assert remove(services).revoked_keys == (alone,)
    keys = {row.id: row for row in services.rows("keys")}
    assert keys[alone].revoked_at is not None
    assert (keys[both].feeds, keys[both].revoked_at) == (["other"], None)
    assert (keys[everywhere].feeds, keys[everywhere].revoked_at) == (None, None)


def test_downloads_counted_for_a_feed_that_is_gone_hold_up_no_others(services, full):
    (default,) = (row for row in services.rows("feeds") if row.name == "default")
    remove(services, with_packages=True)
    day = date(2024, 5, 6)
    with services.db.write() as tx:
        counts = {(feed_id, "acme.widgets", "1.0.0", day): 1 for feed_id in (full, default.id)}
        downloads.add(tx, counts, {(feed_id, day, "dotnet"): 1 for feed_id in (full, default.id)})
    assert rows_of(services, full) == {}
    assert set(rows_of(services, default.id)) >= {"downloads", "totals", "client_downloads"}


@pytest.mark.parametrize(
    ("name", "refusal"), [("default", DefaultFeedKept), ("none", NoSuchFeed)], ids=["default", "none"]
)
def test_what_cannot_be_deleted_is_refused(services, name, refusal):
    with services.refusing(refusal):
        remove(services, name, with_packages=True)


def test_only_administrators_delete_feeds(services):
    services.create_feed("team")
    services.add_account("alice")
    for actor in (Actor("k", frozenset({PUSH})), services.actor("alice", ADMIN)):
        with services.refusing(NotAllowed, match="Only an administrator"):
            remove(services, actor=actor)
