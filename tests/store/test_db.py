"""The database file: units of work, head check, refusals."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, insert, select

from motherlode.domain.refusals import Busy, DatabaseUnusable, NoData, StorageFull
from motherlode.store.database import schema
from motherlode.store.database.sqlite import open_database


def add_meta(tx, name):
    tx.execute(insert(schema.meta), {"name": name, "value": ""})


def add_meta_and_raise(tx, error):
    add_meta(tx, "a")
    raise error


def count_meta(tx):
    return tx.execute(select(func.count()).select_from(schema.meta).where(schema.meta.c.value == "")).scalar_one()


def test_a_folder_without_a_database_is_refused_and_stays_as_it_is(tmp_path):
    with pytest.raises(NoData, match="contains no Motherlode data"):
        open_database(tmp_path / "motherlode.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path):
    path = tmp_path / "motherlode.db"
    path.write_bytes(b"x" * 4096)
    with pytest.raises(DatabaseUnusable, match="file is not a database"):
        open_database(path)
    assert path.read_bytes() == b"x" * 4096


def test_a_database_is_made_only_when_asked_for_and_nobody_else_may_read_it(tmp_path):
    path = tmp_path / "a ünusual%20?#name" / "motherlode.db"
    path.parent.mkdir()
    open_database(path, create=True).close()
    assert [file.name for file in path.parent.iterdir()] == ["motherlode.db"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_write_ahead_log_is_as_private_as_the_database(db):
    with db.write() as tx:
        add_meta(tx, "a")
    assert {file.stat().st_mode & 0o777 for file in db.path.parent.iterdir()} == {0o600}


def test_commits_are_durable_and_references_are_checked(db):
    """WAL with synchronous=FULL (2): the log is synced at every commit."""
    with db.read() as tx:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        assert [tx.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas] == ["wal", 2, 1]


def test_what_a_unit_of_work_wrote_is_there_once_it_is_over(db, other):
    with db.write() as tx:
        add_meta(tx, "a")
        with other.read() as reader:
            assert count_meta(reader) == 0
    with other.read() as reader:
        assert count_meta(reader) == 1


def test_an_exception_undoes_the_whole_unit_of_work(db):
    with pytest.raises(KeyboardInterrupt), db.write() as tx:
        add_meta_and_raise(tx, KeyboardInterrupt)
    with db.write() as tx:
        assert count_meta(tx) == 0


def test_a_read_sees_one_moment(db, other):
    with db.read() as tx:
        assert count_meta(tx) == 0
        with other.write() as writer:
            add_meta(writer, "a")
        assert count_meta(tx) == 0


def test_what_a_read_writes_is_dropped(db):
    with db.read() as tx:
        add_meta(tx, "a")
    with db.read() as tx:
        assert count_meta(tx) == 0


def test_the_head_check_changes_with_each_commit_of_this_process(db):
    numbers = [db.head_check()]
    for name in "abc":
        with db.write() as tx:
            add_meta(tx, name)
        numbers.append(db.head_check())
    assert len(set(numbers)) == 4


def test_the_head_check_changes_with_each_commit_of_another(db, other):
    before = db.head_check()
    with other.write() as tx:
        add_meta(tx, "a")
    assert db.head_check() != before


def test_the_head_check_stays_the_same_while_nobody_commits(db, other):
    before = db.head_check()
    with other.read() as tx:
        count_meta(tx)
    with pytest.raises(ZeroDivisionError), other.write() as tx:
        add_meta_and_raise(tx, ZeroDivisionError)
    assert db.head_check() == before


def test_the_head_check_may_run_on_any_thread(db):
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(db.head_check).result() == db.head_check()


def test_a_write_that_never_gets_the_lock_is_refused_as_busy(db, other):
    with db.write(), pytest.raises(Busy), other.write() as tx:
        add_meta(tx, "a")


def test_a_thread_that_never_gets_its_turn_is_refused_as_busy(other):
    holds, release = threading.Event(), threading.Event()

    def hold():
        with other.write():
            holds.set()
            release.wait(10)

    with ThreadPoolExecutor(1) as threads:
        holder = threads.submit(hold)
        holds.wait(10)
        with pytest.raises(Busy), other.write():
            pass
        release.set()
        holder.result()


def test_a_full_disk_is_refused_as_such_and_stores_nothing(db):
    def write_beyond_the_room():
        with db.write() as tx:
            tx.exec_driver_sql("PRAGMA max_page_count = 1")
            tx.execute(insert(schema.meta), {"name": "large", "value": "x" * 1_000_000})

    with pytest.raises(StorageFull):
        write_beyond_the_room()
    with db.read() as tx:
        assert tx.execute(select(schema.meta).filter_by(name="large")).first() is None


def test_forty_threads_read_at_once(db):
    everybody = threading.Barrier(40, timeout=30)

    def read(_):
        with db.read() as tx:
            count_meta(tx)
            everybody.wait()
            return count_meta(tx)

    with ThreadPoolExecutor(40) as threads:
        assert list(threads.map(read, range(40))) == [0] * 40


def test_threads_that_write_at_once_all_get_their_turn(db, path):
    other = open_database(path)

    def write(number):
        with (db, other)[number % 2].write() as tx:
            add_meta(tx, f"name {number}")

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(write, range(60)))
    with other.read() as tx:
        assert count_meta(tx) == 60
    other.close()


def test_opening_a_database_does_not_import_alembic():
    """A worker imports anew, and only the process that upgrades needs migrations."""
    program = "import sys, motherlode.store.database.sqlite; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
