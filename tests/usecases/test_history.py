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
from tests.support.builders import nupkg
from tests.usecases.deletions import collect
from tests.usecases.services import Services


def record(services):
    record_history(db=services.db, blobs=services.blobs, clock=services.clock)


def check(services, **wishes):
    check_history(db=services.db, blobs=services.blobs, **wishes)


def recorded(services):
    return json.loads(services.shelf.objects[HISTORY])


def back_up(services, target):
    with closing(sqlite3.connect(services.db.path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def become_another(services):
    with services.db.write() as tx:
        services.db.renew_history(tx)


@pytest.fixture
def beside(services, migrated, tmp_path):
    """Opens another database beside the packages of the house: by default one that never held a package."""
    opened = []

    def open_beside(copied=migrated):
        path = tmp_path / f"beside-{len(opened)}.db"
        opened.append(open_database(shutil.copy(copied, path)))
        return Services(opened[-1], services.clock, services.shelf)

    yield open_beside
    for database in opened:
        database.close()


@pytest.fixture
def older(services, beside, tmp_path):
    """A house with the database as it was before the second of two packages was pushed; both were recorded."""
    services.push(nupkg(version="1.0.0"))
    copy = tmp_path / "copy.db"
    back_up(services, copy)
    services.push(nupkg(version="2.0.0"))
    record(services)
    return beside(copy)


class TestRecord:
    """`history.json`: the history, the last line of the audit log, the time; never ahead of the database."""

    def test_it_says_how_far_the_database_has_come(self, services):
        services.push(nupkg())
        record(services)
        line = services.last_line()
        assert recorded(services) == {
            "history": services.db.history,
            "audit_line": line.id,
            "audit_hash": line.hash.hex(),
            "time": services.clock.now().isoformat(),
        }

    def test_where_nothing_happened_it_is_not_written_again(self, services):
        record(services)
        before = dict(services.shelf.objects)
        services.clock.pass_by(timedelta(hours=1))
        record(services)
        assert services.shelf.objects == before

    def test_it_follows(self, services):
        record(services)
        services.push(nupkg())
        record(services)
        assert recorded(services)["audit_line"] == services.last_line().id

    def test_a_database_that_is_behind_does_not_overwrite_it(self, older):
        before = dict(older.shelf.objects)
        with pytest.raises(DatabaseStale):
            record(older)
        assert older.shelf.objects == before

    def test_a_push_never_waits_for_it(self, services, monkeypatch):
        def fail(*_):
            raise StorageFull

        monkeypatch.setattr(services.blobs, "replace_object", fail)
        services.push(nupkg())
        assert HISTORY not in services.shelf.objects


class TestCheck:
    """Which databases are refused beside which packages."""

    def test_the_one_that_belongs_there_is_fine(self, services):
        services.push(nupkg())
        record(services)
        services.push(nupkg(version="2.0.0"))
        check(services)

    def test_packages_of_an_earlier_version_without_the_object_belong_to_the_database_that_holds_packages(
        self, services
    ):
        services.push(nupkg())
        check(services)
        record(services)
        check(services)

    @pytest.mark.parametrize("is_recorded", [True, False])
    def test_a_database_that_never_held_a_package_is_none_for_packages(self, services, beside, is_recorded):
        services.push(nupkg())
        if is_recorded:
            record(services)
        empty = beside()
        become_another(empty)
        with pytest.raises(DatabaseMissing, match="rebuild --feed"):
            check(empty)
        with pytest.raises(DatabaseMissing):
            record(empty)

    def test_where_no_package_is_left_a_new_database_begins_anew(self, services, beside):
        services.push(nupkg())
        record(services)
        services.shelf.blobs.clear()
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
        with pytest.raises(DatabaseStale, match=r"differs from the one that history\.json records"):
            check(older)

    def test_a_database_of_another_history_is_refused(self, services, beside, tmp_path):
        services.push(nupkg())
        record(services)
        back_up(services, tmp_path / "copy.db")
        other = beside(tmp_path / "copy.db")
        become_another(other)
        with pytest.raises(DatabaseStale, match="another history"):
            check(other)

    def test_one_that_is_older_than_its_search_index_is_refused(self, services):
        services.push(nupkg())
        feed_id = services.get("acme.widgets", "1.0.0").feed_id
        check(services, indexed={feed_id: 1})
        with pytest.raises(DatabaseStale, match="search index"):
            check(services, indexed={feed_id: 2})

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b"{}", b"null", b"[" * 100_000, b'{"history": 1, "audit_line": 1, "audit_hash": null}'],
    )
    def test_an_object_that_cannot_be_read_is_refused_and_left_alone(self, services, content):
        services.push(nupkg())
        services.shelf.objects[HISTORY] = content
        with pytest.raises(DatabaseStale, match=HISTORY):
            check(services)
        with pytest.raises(DatabaseStale):
            record(services)
        assert services.shelf.objects[HISTORY] == content

    @pytest.mark.parametrize(
        "field", [{"audit_hash": []}, {"audit_hash": {}}, {"audit_line": -(10**30)}, {"audit_line": 10**30}]
    )
    def test_so_is_one_of_this_history_with_a_field_that_nobody_writes(self, services, field):
        services.push(nupkg())
        record(services)
        services.shelf.objects[HISTORY] = json.dumps(recorded(services) | field).encode()
        for call in (check, record):
            with pytest.raises(DatabaseStale, match="is damaged"):
                call(services)

    def test_a_first_push_that_was_cut_off_is_no_package(self, services):
        with services.blobs.spool() as spool:
            spool.write(b"put, and never named")
            spool.finish()
            services.blobs.put(spool)
        check(services)
        services.blobs.close()
        check(services)
        assert len(sweep(db=services.db, blobs=services.blobs)) == 1


class TestWhileItIsRefused:
    """Nothing is removed, neither by a collector nor by a sweep."""

    @pytest.mark.parametrize("remove", [collect, lambda services: sweep(db=services.db, blobs=services.blobs)])
    def test_nothing_goes(self, older, remove):
        older.shelf.left_notes |= older.shelf.blobs.keys()
        before = dict(older.shelf.blobs)
        older.clock.pass_by(timedelta(days=1000))
        with older.refusing(DatabaseStale):
            remove(older)
        assert older.shelf.blobs == before


class TestNewHistory:
    def begin(self, services, **wishes):
        return services.do(begin_history, blobs=services.blobs, drop_index=lambda: None, **wishes)

    def test_the_older_state_is_the_one_that_counts_from_then_on(self, older):
        former = older.db.history
        new = self.begin(older)
        assert older.db.history == new != former
        check(older)
        assert recorded(older)["history"] == new
        line = older.last_line()
        assert (line.action, line.subject, line.details) == ("new-history", new, {"former": former})

    def test_the_newer_database_is_another_one_by_then(self, services, older):
        self.begin(older)
        with pytest.raises(DatabaseStale, match="another history"):
            check(services)

    def test_what_the_older_one_does_not_name_is_kept_in_quarantine(self, older):
        self.begin(older)
        older.clock.pass_by(timedelta(days=5))
        assert collect(older) == []
        assert len(older.shelf.blobs) == 2
        assert len(older.rows("unnamed")) == 1
