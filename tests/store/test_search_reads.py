"""What search reads: versions that are listed, what changed since, counts of all days and of each batch."""

from datetime import date

import pytest

from motherlode.domain.accounts import TEAM
from motherlode.store import feeds
from motherlode.store.accounts import accounts, owners
from motherlode.store.packages import catalog, downloads
from motherlode.store.packages import versions as entries
from tests.store.rows import NOON, add_account, publish

MAY_1, MAY_2 = date(2024, 5, 1), date(2024, 5, 2)


@pytest.fixture
def stocked(db, feed):
    """A feed with three ids: of `a` two versions, pushed last and not in their order."""
    with db.write() as tx:
        for package_id, version in (("b", "1.0.0"), ("c", "1.0.0"), ("a", "2.0.0-rc"), ("a", "1.10.0"), ("a", "1.2.0")):
            publish(tx, feed.id, package_id, version)
    return feed


def test_changes_since_a_number_name_each_id_once_and_where_they_end(db, stocked):
    with db.read() as tx:
        assert catalog.changed_since(tx, stocked.id, 0, 100) == (5, ["b", "c", "a"])
        assert catalog.changed_since(tx, stocked.id, 1, 2) == (3, ["c", "a"])
        assert catalog.changed_since(tx, stocked.id, 5, 100) == (5, [])
        assert catalog.changed_since(tx, stocked.id + 1, 0, 100) == (0, [])


def test_all_ids_are_read_in_pages(db, stocked):
    with db.read() as tx:
        assert catalog.package_keys(tx, stocked.id, "", 2) == ["a", "b"]
        assert catalog.package_keys(tx, stocked.id, "b", 2) == ["c"]
        assert catalog.package_keys(tx, stocked.id, "c", 2) == []
        assert catalog.count_packages(tx) == 3


def test_listed_versions_ascend_and_lead_to_what_they_say(db, stocked):
    with db.write() as tx:
        unlisted = entries.find(tx, stocked.id, "a", "1.2.0")
        entries.set_listed(tx, unlisted, listed=False, at=NOON)
        gone = entries.find(tx, stocked.id, "b", "1.0.0")
        entries.set_listed(tx, gone, listed=False, at=NOON)
        listed = entries.listed_versions(tx, stocked.id, ["a", "b", "unknown"])
        assert {key: [version.version_key for version in versions] for key, versions in listed.items()} == {
            "a": ["1.10.0", "2.0.0-rc"]
        }
        latest = listed["a"][-1]
        assert (latest.is_prerelease, latest.pushed_at) == (True, NOON)
        facts = entries.facts(tx, [latest.content_id])
        assert facts == {latest.content_id: entries.find(tx, stocked.id, "a", "2.0.0-rc").facts}
        assert entries.facts(tx, []) == entries.listed_versions(tx, stocked.id, []) == {}


def test_what_accounts_own_is_told_by_name_and_of_one_feed(db, feed):
    with db.write() as tx:
        other = feeds.add(tx, "other", {}, NOON)
        alice, team = add_account(tx, "Alice"), add_account(tx, "Gadgets", TEAM)
        add_account(tx, "bob")
        for feed_id, id_key, account in ((1, "a", alice), (1, "b", alice), (1, "b", team), (2, "c", alice)):
            owners.add(tx, {1: feed.id, 2: other.id}[feed_id], id_key, account.id, NOON)
        accounts.set_disabled(tx, team.id, NOON)
        asked = ["alice", "gadgets", "bob", "nobody"]
        assert owners.ids_by_owner(tx, feed.id, asked) == {"alice": {"a", "b"}, "gadgets": {"b"}}
        assert owners.ids_by_owner(tx, other.id, asked) == {"alice": {"c"}}
        assert owners.ids_by_owner(tx, feed.id, []) == {}


def test_each_batch_of_counts_has_a_number_of_its_feed(db, feed):
    with db.write() as tx:
        other = feeds.add(tx, "other", {}, NOON)
    with db.write() as tx:
        downloads.add(tx, {(feed.id, "a", "1.0.0", MAY_1): 2, (feed.id, "b", "1.0.0", MAY_1): 1}, {})
    with db.write() as tx:
        downloads.add(tx, {(feed.id, "a", "1.0.0", MAY_2): 3, (feed.id, "a", "2.0.0", MAY_2): 4}, {})
    with db.write() as tx:
        downloads.add(tx, {(other.id, "a", "1.0.0", MAY_2): 5}, {})
    with db.read() as tx:
        assert (downloads.counted(tx, feed.id), downloads.counted(tx, other.id)) == (2, 1)
        assert {row.name: row.counted for row in feeds.read_all(tx)} == {"default": 2, "other": 1}
        assert sorted(downloads.changed_since(tx, feed.id, 0)) == ["a", "b"]
        assert downloads.changed_since(tx, feed.id, 1) == ["a"]
        assert downloads.changed_since(tx, feed.id, 2) == []
        assert len(downloads.changed_since(tx, feed.id, 0, 1)) == 1
        assert downloads.totals(tx, feed.id, ["a", "b", "c"]) == {"a": {"1.0.0": 5, "2.0.0": 4}, "b": {"1.0.0": 1}}
        assert downloads.total(tx, other.id, "a") == {"1.0.0": 5}
