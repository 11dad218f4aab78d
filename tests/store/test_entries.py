"""Contents and entries: bytes once, identities once per feed, versions in their order."""

import hashlib
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.domain.refusals import AlreadyExists
from motherlode.store import feeds
from motherlode.store.packages import contents, versions
from tests.store.rows import NOON, add_content, add_entry, identity
from tests.store.statements import noted

ASCENDING = ["0.9", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-Beta", "1.0.0", "1.0.0.1", "1.2", "1.10.0"]


def test_the_same_bytes_are_stored_once(db):
    with db.write() as tx:
        first = add_content(tx, b"same", blob="first")
        second = add_content(tx, b"same", blob="second")
        assert second == first
        assert (contents.is_named(tx, "first"), contents.is_named(tx, "second")) == (True, False)


def test_a_content_keeps_what_it_was_given(db):
    with db.write() as tx:
        content = add_content(tx, b"body")
    assert content.sha256 == hashlib.sha256(b"body").digest()
    assert content.sha512 == hashlib.sha512(b"body").digest()
    assert (content.size, content.facts) == (4, {"id": "Acme.Widgets", "authors": "Zoë"})


def test_an_entry_is_found_as_it_was_added(db, feed):
    with db.write() as tx:
        content = add_content(tx)
        added = versions.add(tx, feed.id, identity("Acme.W", "1.0-RC+x"), content, is_semver2=True, at=NOON)
    assert (added.id_key, added.version_key) == ("acme.w", "1.0.0-rc")
    assert (added.id_written, added.version_written) == ("Acme.W", "1.0-RC+x")
    assert (added.listed, added.is_prerelease, added.is_semver2, added.revision) == (True, True, True, 1)
    assert added.pushed_at == added.changed_at == NOON
    assert (added.content_id, added.sha256, added.sha512) == (content.id, content.sha256, content.sha512)
    assert (added.size, added.blob, added.facts) == (content.size, content.blob, content.facts)
    with db.read() as tx:
        assert versions.find(tx, feed.id, "acme.w", "1.0.0-rc") == added
        assert versions.find_nuspec(tx, feed.id, "acme.w", "1.0.0-rc") == b"<package />"


@pytest.mark.parametrize("spelling", ["1.0.0", "1.0", "01.0.0.0", "1.0.0+build"])
def test_an_id_and_version_is_there_once_in_any_spelling(db, feed, spelling):
    with db.write() as tx:
        add_entry(tx, feed.id, "Acme.Widgets", "1.0.0")
        with pytest.raises(AlreadyExists, match=r"acme\.WIDGETS 1\.0\.0"):
            add_entry(tx, feed.id, "acme.WIDGETS", spelling)
        assert versions.version_keys(tx, feed.id, "acme.widgets") == ["1.0.0"]


def test_another_feed_may_hold_the_same_version_and_shares_its_content(db, feed):
    with db.write() as tx:
        second = feeds.add(tx, "second", {}, NOON)
        here, there = add_entry(tx, feed.id), add_entry(tx, second.id)
    assert here.content_id == there.content_id
    assert here.feed_id != there.feed_id


def test_what_is_not_there_is_not_found(db, feed):
    with db.write() as tx:
        add_entry(tx, feed.id, "Acme.Widgets", "1.0.0")
        assert versions.find(tx, feed.id, "acme.widgets", "2.0.0") is None
        assert versions.find(tx, feed.id, "acme", "1.0.0") is None
        assert versions.find(tx, feed.id + 1, "acme.widgets", "1.0.0") is None
        assert versions.find_nuspec(tx, feed.id, "acme.widgets", "2.0.0") is None
        assert versions.of_package(tx, feed.id, "acme") == []
        assert versions.version_keys(tx, feed.id, "acme") == []


def test_versions_come_in_the_order_of_versions(db, feed):
    shuffled = random.Random(1).sample(ASCENDING, len(ASCENDING))
    with db.write() as tx:
        for version in shuffled:
            add_entry(tx, feed.id, "Acme.Widgets", version)
        assert [entry.version_written for entry in versions.of_package(tx, feed.id, "acme.widgets")] == ASCENDING
        keys = [identity(version=version).version.key for version in ASCENDING]
        assert versions.version_keys(tx, feed.id, "acme.widgets") == keys


def test_what_lies_between_two_versions_below_and_above(db, feed):
    bounds = [identity(version=version).version for version in ("1.0.0-alpha.2", "1.0.0")]
    with db.write() as tx:
        of_id = tx, feed.id, "acme.widgets"
        for version in ASCENDING:
            add_entry(tx, feed.id, "Acme.Widgets", version)
        inside = ["1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-Beta", "1.0.0"]
        assert [entry.version_written for entry in versions.between(*of_id, *bounds)] == inside
        assert versions.between(*of_id, *reversed(bounds)) == []
        assert [versions.count_below(*of_id, bound) for bound in bounds] == [2, 5]
        highest = identity(version=ASCENDING[-1]).version
        assert [versions.is_any_above(*of_id, bound) for bound in (*bounds, highest)] == [True, True, False]


def test_those_who_know_no_semver2_are_told_of_the_others_alone(db, feed):
    one, two = (identity(version=version) for version in ("1.0.0", "2.0.0"))
    with db.write() as tx:
        of_id = tx, feed.id, "acme.widgets"
        versions.add(tx, feed.id, one, add_content(tx, b"1"), is_semver2=False, at=NOON)
        versions.add(tx, feed.id, two, add_content(tx, b"2"), is_semver2=True, at=NOON + timedelta(hours=1))
        for with_semver2, expected in ((True, ["1.0.0", "2.0.0"]), (False, ["1.0.0"])):
            found = versions.between(*of_id, one.version, two.version, with_semver2=with_semver2)
            assert [entry.version_key for entry in found] == expected
            assert versions.version_keys(*of_id, with_semver2=with_semver2) == expected
            assert versions.count(*of_id, with_semver2=with_semver2) == len(expected)
            changes = [(entry.version_key, entry.revision, entry.changed_at) for entry in found]
            assert versions.commits(*of_id, with_semver2=with_semver2) == changes
            assert versions.last_change(*of_id, with_semver2=with_semver2) == found[-1].changed_at
            assert versions.is_any_above(*of_id, one.version, with_semver2=with_semver2) == with_semver2
        assert versions.last_change(tx, feed.id, "acme") is None


def test_the_list_of_versions_is_read_from_the_index_alone(db, feed):
    with db.read() as tx:
        plan = tx.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT version_key FROM entries WHERE feed_id = 1 AND id_key = 'a'"
            " ORDER BY sort_key, version_key"
        ).all()
    assert [row.detail for row in plan] == [
        "SEARCH entries USING COVERING INDEX ix_entries_feed_id_id_key_sort_key_version_key (feed_id=? AND id_key=?)"
    ]


def test_a_version_is_unlisted_and_relisted_and_keeps_when_it_was_pushed(db, feed):
    with db.write() as tx:
        entry = add_entry(tx, feed.id)
        for listed, at in ((False, NOON + timedelta(hours=1)), (True, NOON + timedelta(hours=2))):
            changed = versions.set_listed(tx, entry, listed=listed, at=at)
            assert (changed.listed, changed.changed_at, changed.pushed_at) == (listed, at, NOON)
            assert versions.find(tx, feed.id, entry.id_key, entry.version_key) == changed


class TestReadings:
    """Which contents a reader of some number has read."""

    def stock(self, db):
        """Two feeds: one version on the first, one on both, read by the first reader; one content on none."""
        with db.write() as tx:
            first, second = (feeds.add(tx, name, {}, NOON).id for name in ("first", "second"))
            one, both = add_entry(tx, first, version="1.0.0"), add_entry(tx, first, version="2.0.0")
            assert add_entry(tx, second, version="2.0.0").content_id == both.content_id
            add_content(tx, b"of no version")
        return first, second, one.content_id, both.content_id

    def unread(self, db, reading, feed_ids=()):
        with db.read() as tx:
            ids = contents.unread(tx, reading, feed_ids, after=0, limit=10)
            assert contents.count_unread(tx, reading, feed_ids) == len(ids)
            assert [contents.unread(tx, reading, feed_ids, after=i - 1, limit=1) for i in ids] == [[i] for i in ids]
        return ids

    def test_those_of_lower_numbers_are_unread(self, db):
        first, second, one, both = self.stock(db)
        assert self.unread(db, 1) == []
        assert self.unread(db, 2) == [one, both]
        assert (self.unread(db, 2, [first]), self.unread(db, 2, [second])) == ([one, both], [both])

    def test_they_are_marked_one_by_one(self, db):
        _, _, one, both = self.stock(db)
        with db.write() as tx:
            contents.mark_read(tx, [both], 3)
            contents.mark_read(tx, [], 3)
        assert self.unread(db, 3) == [one]

    def test_they_are_forgotten_together_or_by_feeds(self, db):
        _, second, one, both = self.stock(db)
        for feed_ids, expected in (([second], [both]), ([], [one, both])):
            with db.write() as tx:
                contents.forget_readings(tx, feed_ids)
            assert self.unread(db, 1) == expected

    def test_the_same_bytes_pushed_again_keep_the_number_of_what_is_stored(self, db):
        """For the facts are those of the first push."""
        _, _, one, _ = self.stock(db)
        with db.write() as tx:
            contents.mark_read(tx, [one], 0)
            add_content(tx, b"Acme.Widgets 1.0.0", blob="another")
        assert self.unread(db, 1) == [one]

    def test_the_next_ones_are_found_in_narrow_indexes(self, db):
        with db.read() as tx:
            with noted(tx) as statements:
                contents.unread(tx, 1, (), after=5, limit=50)
            (statement,) = statements
            plan = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
        assert any("COVERING INDEX ix_entries_content_id (content_id>" in step for step in plan), plan
        assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan), plan


def test_what_follows_from_the_bytes_is_replaced_in_all_entries_of_a_content_alone(db, feed):
    with db.write() as tx:
        second = feeds.add(tx, "second", {}, NOON)
        other = add_entry(tx, feed.id, "Other")
        here, there = add_entry(tx, feed.id, version="1.0.0"), add_entry(tx, second.id, version="1.0.0")
        today = identity("ACME.Widgets", "1.0+a")
        assert not versions.is_derived_otherwise(tx, here.content_id, identity(), is_semver2=False)
        assert versions.is_derived_otherwise(tx, here.content_id, today, is_semver2=True)
        versions.derive(tx, here.content_id, today, is_semver2=True)
        assert not versions.is_derived_otherwise(tx, here.content_id, today, is_semver2=True)
        found = versions.of_content(tx, here.content_id)
        assert [(entry.feed_id, entry.id) for entry in found] == [(feed.id, here.id), (second.id, there.id)]
        assert {(entry.id_written, entry.version_written) for entry in found} == {("ACME.Widgets", "1.0+a")}
        assert {(entry.id_key, entry.version_key, entry.is_semver2) for entry in found} == {
            ("acme.widgets", "1.0.0", True)
        }
        assert versions.of_content(tx, other.content_id) == [other]


def test_facts_and_nuspec_are_replaced_and_the_rest_of_a_content_stays(db):
    with db.write() as tx:
        content = add_content(tx)
        contents.derive(tx, content.id, nuspec=b"<new />", facts={"id": "New"})
        assert contents.find(tx, content.id) == replace(content, facts={"id": "New"})
        assert contents.find_nuspec(tx, content.id) == b"<new />"
        assert contents.find(tx, content.id + 1) is None
        assert contents.find_nuspec(tx, content.id + 1) is None
