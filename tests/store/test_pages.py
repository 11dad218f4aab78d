"""What pages ask: versions at a glance, which ids are here, sums of downloads; and that none of it goes by the feed."""

from datetime import date, timedelta

import pytest

from motherlode.store import feeds
from motherlode.store.packages import downloads, listings
from motherlode.store.packages import versions as entries
from tests.store.rows import NOON, add_entry, publish
from tests.store.statements import noted

TODAY = date(2024, 5, 6)


@pytest.fixture
def stocked(db, feed):
    """A feed with versions of two ids, one of them unlisted, and another feed with one."""
    with db.write() as tx:
        other = feeds.add(tx, "other", {}, NOON)
        for name, version in (("Acme.A", "1.0.0"), ("acme.a", "1.10.0"), ("Acme.a", "1.2.0-rc"), ("Acme.B", "1.0.0")):
            publish(tx, feed.id, name, version)
        entries.set_listed(tx, entries.find(tx, feed.id, "acme.a", "1.10.0"), listed=False, at=NOON)
        add_entry(tx, other.id, "Acme.C")
    return feed


def hide(tx, feed_id, id_key, version_key):
    """Unlist a version."""
    entries.set_listed(tx, entries.find(tx, feed_id, id_key, version_key), listed=False, at=NOON)


def test_versions_are_told_the_highest_first_unlisted_ones_too(db, stocked):
    with db.read() as tx:
        versions = listings.versions_of(tx, stocked.id, "acme.a")
    assert [(each.id_written, each.version_key, each.is_listed, each.is_prerelease) for each in versions] == [
        ("acme.a", "1.10.0", False, False),
        ("Acme.a", "1.2.0-rc", True, True),
        ("Acme.A", "1.0.0", True, False),
    ]
    assert {each.pushed_at for each in versions} == {NOON}


def test_an_id_is_here_while_a_version_of_it_is_listed(db, stocked):
    asked = ["acme.a", "acme.b", "acme.c", "unknown"]
    with db.write() as tx:
        assert listings.find_here(tx, stocked.id, asked) == {"acme.a", "acme.b"}
        hide(tx, stocked.id, "acme.b", "1.0.0")
        assert listings.find_here(tx, stocked.id, asked) == {"acme.a"}
        assert listings.find_unlisted(tx, stocked.id, asked) == {"acme.b"}
        assert listings.find_unlisted(tx, stocked.id, []) == frozenset()
        assert listings.find_here(tx, stocked.id, []) == frozenset()


def test_ids_are_spelt_as_by_their_highest_listed_version(db, stocked):
    with db.write() as tx:
        assert listings.written_ids(tx, stocked.id, ["acme.a", "acme.c"]) == {"acme.a": "Acme.a"}
        hide(tx, stocked.id, "acme.a", "1.2.0-rc")
        assert listings.written_ids(tx, stocked.id, ["acme.a"]) == {"acme.a": "Acme.A"}


def test_downloads_are_summed_by_day_by_client_and_by_id(db, stocked):
    before = TODAY - timedelta(days=1)
    mine = stocked.id
    counts = {(mine, "acme.a", "1.0.0", TODAY): 2, (mine, "acme.a", "1.2.0-rc", TODAY): 3}
    counts |= {(mine, "acme.a", "1.0.0", before): 4, (mine, "acme.b", "1.0.0", TODAY): 6}
    clients = {(mine, TODAY, "Paket"): 5, (mine, TODAY, "curl"): 6, (mine, before, "Paket"): 4}
    with db.write() as tx:
        downloads.add(tx, counts, clients)
        assert downloads.days_of(tx, mine, "acme.a", before) == {before: 4, TODAY: 5}
        assert downloads.days_of(tx, mine, "acme.a", TODAY) == {TODAY: 5}
        assert downloads.days(tx, mine, before) == {before: 4, TODAY: 11}
        assert downloads.clients(tx, mine, TODAY) == [("curl", 6), ("Paket", 5)]
        assert list(downloads.iter_ranked(tx, mine, before, 1)) == [[("acme.a", 9)], [("acme.b", 6)]]
        assert list(downloads.iter_ranked(tx, mine, TODAY, 5)) == [[("acme.b", 6), ("acme.a", 5)]]
        assert downloads.sum_of_feed(tx, mine) == 15
        assert downloads.sum_of_feed(tx, mine + 1) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda tx, feed_id: listings.versions_of(tx, feed_id, "acme.a"),
        lambda tx, feed_id: listings.find_here(tx, feed_id, ["acme.a", "acme.b"]),
        lambda tx, feed_id: listings.written_ids(tx, feed_id, ["acme.a", "acme.b"]),
        lambda tx, feed_id: downloads.days_of(tx, feed_id, "acme.a", TODAY),
    ],
    ids=["versions_of", "find_here", "written_ids", "days_of"],
)
def test_what_the_page_of_a_package_asks_goes_by_its_id_alone(db, stocked, ask):
    """However large the feed is: each table is searched by feed and id, never by feed alone."""
    with db.read() as tx:
        with noted(tx) as statements:
            ask(tx, stocked.id)
        (statement,) = statements
        plan = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    tables = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
    assert tables
    assert all("feed_id=? AND id_key=?" in step for step in tables), plan
