"""Migrations: the tables they make are the ones of the schema, whoever runs them and however often."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from motherlode.domain.refusals import Refusal
from motherlode.store import feeds, migrations
from motherlode.store.accounts import api_keys, permissions_version
from motherlode.store.audit import log as audit
from motherlode.store.database import schema
from motherlode.store.database.sqlite import open_database
from motherlode.store.packages import contents

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BATCH = 1000
"""So many lines of the audit log are migrated at once."""
OBJECTS = text("SELECT type, name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version' ORDER BY type, name")


def objects_of(tx):
    """What a database is made of; columns and constraints in no order, for a migration may name them in another."""
    return [
        (row.type, row.name, sorted(part.strip(" \t") for part in re.split(r"[,\n]", row.sql or "") if part.strip()))
        for row in tx.execute(OBJECTS)
    ]


def test_migrations_make_the_tables_of_the_schema(db):
    engine = create_engine("sqlite://")
    with engine.connect() as expected, db.read() as tx:
        schema.metadata.create_all(expected)
        assert objects_of(tx) == objects_of(expected)
    engine.dispose()


def test_the_schema_names_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", next(iter(migrations.__path__)))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_a_new_database_is_not_current_until_it_was_upgraded(tmp_path):
    database = open_database(tmp_path / "motherlode.db", create=True)
    assert not database.is_current()
    database.upgrade()
    assert database.is_current()
    database.close()


def test_a_second_upgrade_changes_nothing(db):
    before = (db.history, db.head_check())
    db.upgrade()
    assert (db.history, db.head_check()) == before


def test_each_database_has_a_history_of_its_own_and_keeps_it(tmp_path):
    histories = []
    for name in ("a", "b", "a"):
        database = open_database(tmp_path / name, create=True)
        database.upgrade()
        histories.append(database.history)
        database.close()
    assert histories[0] == histories[2] != histories[1]


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    """The upgrade is one unit of work: here the table that the last step writes is there in another form."""
    database = open_database(tmp_path / "motherlode.db", create=True)
    with database.write() as tx:
        tx.execute(text("CREATE TABLE audit (id INTEGER)"))
    with pytest.raises(Exception, match="audit"):
        database.upgrade()
    with database.read() as tx:
        assert [row.name for row in tx.execute(OBJECTS)] == ["audit"]
    database.close()


@pytest.fixture
def of_version_1(tmp_path):
    """A database as the first version of the program left it: two keys, and an audit log with gaps in its numbers."""
    config = Config()
    config.set_main_option("script_location", next(iter(migrations.__path__)))
    database = open_database(tmp_path / "old.db", create=True)
    with database.write() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
        for number in (1, 2):
            key = f"'key-{number}', 'ci', x'0{number}', '[\"push\"]', '[\"*\"]', NULL, 5, NULL, {number}"
            tx.exec_driver_sql(f"INSERT INTO keys VALUES ({key})")
        said = ("push", "default", "Zoë", "::1", None, '{"a": [1,2]}')
        lines = [(number * 3, number, ("key-2", "console")[number % 2], *said) for number in range(2 * BATCH + 2)]
        tx.exec_driver_sql("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)
    yield database
    database.close()


def test_a_database_of_version_1_becomes_the_same_as_a_new_one_and_keeps_its_keys(of_version_1, db):
    of_version_1.upgrade()
    assert of_version_1.is_current()
    with of_version_1.read() as old, db.read() as new:
        assert objects_of(old) == objects_of(new)
        assert permissions_version.number(old) == permissions_version.number(new)
        found = [(key.id, key.hash, key.kind, key.account_id) for key in api_keys.read_all(old)]
    assert found == [("key-1", b"\x01", api_keys.API, None), ("key-2", b"\x02", api_keys.API, None)]


@pytest.fixture
def of_version_2(tmp_path):
    """A database as the second version of the program left it, with a package."""
    config = Config()
    config.set_main_option("script_location", next(iter(migrations.__path__)))
    database = open_database(tmp_path / "old.db", create=True)
    with database.write() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0002")
        feed_id = feeds.add(tx, "default", {}, EPOCH).id
        tx.exec_driver_sql("INSERT INTO contents VALUES (1, x'01', x'02', 3, 'blob', 4, '{}', x'05')")
        entry = f"1, {feed_id}, 'a', '1.0.0', 'A', '1.0.0', x'06', 1, 1, 0, 0, 7, 8, 1"
        tx.exec_driver_sql(f"INSERT INTO entries VALUES ({entry})")
    yield database
    database.close()


def test_packages_of_version_2_were_read_by_no_reader_of_a_number(of_version_2, db):
    of_version_2.upgrade()
    with of_version_2.read() as old, db.read() as new:
        assert objects_of(old) == objects_of(new)
        assert contents.unread(old, 1, (), after=0, limit=10) == [1]


def test_an_audit_log_of_version_1_is_numbered_without_gaps_and_chained(of_version_1):
    of_version_1.upgrade()
    with of_version_1.write() as tx:
        lines = audit.since(tx, 0, 3 * BATCH)
        count = 2 * BATCH + 2
        assert [line.id for line in lines] == list(range(1, count + 1))
        assert [(line.at - EPOCH) // timedelta(microseconds=1) for line in lines] == list(range(count))
        assert [line.key_id for line in lines] == ["key-2", None] * (count // 2)
        assert [line.actor for line in lines] == ["key-2", "console"] * (count // 2)
        assert {(line.subject, line.address, str(line.details)) for line in lines} == {("Zoë", "::1", "{'a': [1, 2]}")}
        audit.append(tx, at=lines[-1].at, actor="console", action="push", feed=None, subject="a")
        assert audit.first_fault(tx) is None
        assert audit.tail(tx)[0] == count + 1


def test_a_database_of_a_newer_program_is_refused(db):
    with db.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not db.is_current()
    with pytest.raises(Refusal, match="newer version"):
        db.upgrade()


def test_threads_that_create_and_upgrade_at_once_end_with_one_database(tmp_path):
    def start(_):
        database = open_database(tmp_path / "motherlode.db", create=True)
        database.upgrade()
        history = database.history
        database.close()
        return history

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, range(8)))) == 1


def test_processes_that_create_and_upgrade_at_once_end_with_one_database(tmp_path):
    program = (
        "import pathlib, sys; from motherlode.store.database.sqlite import open_database;"
        "db = open_database(pathlib.Path(sys.argv[1]), create=True); db.upgrade(); print(db.history); db.close()"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path / "motherlode.db")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    answers = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(answers)) == 1
