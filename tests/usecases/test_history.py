"""Packages know their database: one that is lost, or an older copy, is refused, and nothing is removed meanwhile."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from motherlode.domain.refusals import DatabaseMissing, DatabaseStale, StorageFull
from motherlode.store.data_folder import HISTORY
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.maintenance.history import check_history, record_history
from motherlode.usecases.maintenance.new_history import begin_history
from motherlode.usecases.maintenance.sweep import sweep
from tests.builders import nupkg
from tests.usecases.away import collect
from tests.usecases.house import House


def record(house):
    record_history(db=house.db, blobs=house.blobs, clock=house.clock)


def check(house, **wishes):
    check_history(db=house.db, blobs=house.blobs, **wishes)


def recorded(house):
    return json.loads(house.shelf.objects[HISTORY])


def back_up(house, target):
    with closing(sqlite3.connect(house.db.path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def become_another(house):
    with house.db.write() as tx:
        house.db.renew_history(tx)


@pytest.fixture
def beside(house, migrated, tmp_path):
    """Opens another database beside the packages of the house: by default one that never held a package."""
    opened = []

    def open_beside(copied=migrated):
        path = tmp_path / f"beside-{len(opened)}.db"
        opened.append(open_database(shutil.copy(copied, path)))
        return House(opened[-1], house.clock, house.shelf)

    yield open_beside
    for database in opened:
        database.close()


@pytest.fixture
def older(house, beside, tmp_path):
    """A house with the database as it was before the second of two packages was pushed; both were recorded."""
    house.push(nupkg(version="1.0.0"))
    copy = tmp_path / "copy.db"
    back_up(house, copy)
    house.push(nupkg(version="2.0.0"))
    record(house)
    return beside(copy)


class TestRecord:
    """`history.json`: the history, the last line of the audit log, the time; never ahead of the database."""

    def test_it_says_how_far_the_database_has_come(self, house):
        house.push(nupkg())
        record(house)
        line = house.last_line()
        assert recorded(house) == {
            "history": house.db.history,
            "audit_line": line.id,
            "audit_hash": line.hash.hex(),
            "time": house.clock.now().isoformat(),
        }

    def test_where_nothing_happened_it_is_not_written_again(self, house):
        record(house)
        before = dict(house.shelf.objects)
        house.clock.pass_by(timedelta(hours=1))
        record(house)
        assert house.shelf.objects == before

    def test_it_follows(self, house):
        record(house)
        house.push(nupkg())
        record(house)
        assert recorded(house)["audit_line"] == house.last_line().id

    def test_a_database_that_is_behind_does_not_overwrite_it(self, older):
        before = dict(older.shelf.objects)
        with pytest.raises(DatabaseStale):
            record(older)
        assert older.shelf.objects == before

    def test_a_push_never_waits_for_it(self, house, monkeypatch):
        def fail(*_):
            raise StorageFull

        monkeypatch.setattr(house.blobs, "replace_object", fail)
        house.push(nupkg())
        assert HISTORY not in house.shelf.objects


class TestCheck:
    """Which databases are refused beside which packages."""

    def test_the_one_that_belongs_there_is_fine(self, house):
        house.push(nupkg())
        record(house)
        house.push(nupkg(version="2.0.0"))
        check(house)

    def test_packages_of_an_earlier_version_without_the_object_belong_to_the_database_that_holds_packages(self, house):
        house.push(nupkg())
        check(house)
        record(house)
        check(house)

    @pytest.mark.parametrize("is_recorded", [True, False])
    def test_a_database_that_never_held_a_package_is_none_for_packages(self, house, beside, is_recorded):
        house.push(nupkg())
        if is_recorded:
            record(house)
        empty = beside()
        become_another(empty)
        with pytest.raises(DatabaseMissing, match="rebuild --feed"):
            check(empty)
        with pytest.raises(DatabaseMissing):
            record(empty)

    def test_where_no_package_is_left_a_new_database_begins_anew(self, house, beside):
        house.push(nupkg())
        record(house)
        house.shelf.blobs.clear()
        empty = beside()
        become_another(empty)
        check(empty)
        record(empty)
        assert recorded(empty)["history"] == empty.db.history

    def test_an_older_copy_is_refused(self, older):
        with pytest.raises(DatabaseStale, match=r"new-history --yes"):
            check(older)

    def test_an_older_copy_that_went_on_is_refused_too(self, older):
        """Its audit log is as long by now, and says something else."""
        for number in range(3):
            older.push(nupkg("Other", version=f"{number}.0.0"))
        with pytest.raises(DatabaseStale, match="another one than was written down"):
            check(older)

    def test_a_database_of_another_history_is_refused(self, house, beside, tmp_path):
        house.push(nupkg())
        record(house)
        back_up(house, tmp_path / "copy.db")
        other = beside(tmp_path / "copy.db")
        become_another(other)
        with pytest.raises(DatabaseStale, match="another history"):
            check(other)

    def test_one_that_is_older_than_its_search_index_is_refused(self, house):
        house.push(nupkg())
        feed_id = house.get("acme.widgets", "1.0.0").feed_id
        check(house, indexed={feed_id: 1})
        with pytest.raises(DatabaseStale, match="search index"):
            check(house, indexed={feed_id: 2})

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b"{}", b"null", b"[" * 100_000, b'{"history": 1, "audit_line": 1, "audit_hash": null}'],
    )
    def test_an_object_that_cannot_be_read_is_refused_and_left_alone(self, house, content):
        house.push(nupkg())
        house.shelf.objects[HISTORY] = content
        with pytest.raises(DatabaseStale, match=HISTORY):
            check(house)
        with pytest.raises(DatabaseStale):
            record(house)
        assert house.shelf.objects[HISTORY] == content

    @pytest.mark.parametrize(
        "field", [{"audit_hash": []}, {"audit_hash": {}}, {"audit_line": -(10**30)}, {"audit_line": 10**30}]
    )
    def test_so_is_one_of_this_history_with_a_field_that_nobody_writes(self, house, field):
        house.push(nupkg())
        record(house)
        house.shelf.objects[HISTORY] = json.dumps(recorded(house) | field).encode()
        for call in (check, record):
            with pytest.raises(DatabaseStale, match="is damaged"):
                call(house)

    def test_a_first_push_that_was_cut_off_is_no_package(self, house):
        with house.blobs.spool() as spool:
            spool.write(b"put, and never named")
            spool.finish()
            house.blobs.put(spool)
        check(house)
        house.blobs.close()
        check(house)
        assert len(sweep(db=house.db, blobs=house.blobs)) == 1


class TestWhileItIsRefused:
    """Nothing is removed, neither by a collector nor by a sweep."""

    @pytest.mark.parametrize("remove", [collect, lambda house: sweep(db=house.db, blobs=house.blobs)])
    def test_nothing_goes(self, older, remove):
        older.shelf.left_notes |= older.shelf.blobs.keys()
        before = dict(older.shelf.blobs)
        older.clock.pass_by(timedelta(days=1000))
        with older.refusing(DatabaseStale):
            remove(older)
        assert older.shelf.blobs == before


class TestNewHistory:
    def begin(self, house, **wishes):
        return house.do(begin_history, blobs=house.blobs, drop_index=lambda: None, **wishes)

    def test_the_older_state_is_the_one_that_counts_from_then_on(self, older):
        former = older.db.history
        new = self.begin(older)
        assert older.db.history == new != former
        check(older)
        assert recorded(older)["history"] == new
        line = older.last_line()
        assert (line.action, line.subject, line.details) == ("new-history", new, {"former": former})

    def test_the_newer_database_is_another_one_by_then(self, house, older):
        self.begin(older)
        with pytest.raises(DatabaseStale, match="another history"):
            check(house)

    def test_what_the_older_one_does_not_name_is_kept_in_quarantine(self, older):
        self.begin(older)
        older.clock.pass_by(timedelta(days=5))
        assert collect(older) == []
        assert len(older.shelf.blobs) == 2
        assert len(older.rows("unnamed")) == 1
