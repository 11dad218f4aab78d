"""A damaged database, of any kind: a sentence that says what is damaged and what to do, never a traceback, never a
server that tries for ever; "newer" and "older" are not mixed up; and nothing is removed."""

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.integrity import blob_files, rows
from tests.faults.processes import run_command
from tests.support.builders import nupkg
from tests.support.servers import free_port, start_server

PAGE = 4096
RESTORE, REBUILD = "from a backup", "rebuild --feed"


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder of a server that ended calmly, with some packages."""
    data = tmp_path_factory.mktemp("stock") / "data"
    server = start_server(data=data)
    try:
        for number in range(30):
            assert server.push(nupkg(f"Acme.P{number}")).status == 201
    finally:
        assert server.stop() == 0
    return data


@pytest.fixture
def data(stock, tmp_path):
    """The test's own copy of it."""
    return Path(shutil.copytree(stock, tmp_path / "data"))


def overwrite(path, start, content):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)


def cut(path, size):
    with path.open("r+b") as file:
        file.truncate(size if size >= 0 else path.stat().st_size + size)


def become(path, make):
    path.unlink()
    make(path)


def execute(path, *statements):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)


DAMAGES = {
    "no header": lambda path: overwrite(path, 0, bytes(100)),
    "no database": lambda path: path.write_text("This was one.\n" * 1000),
    "a few bytes": lambda path: cut(path, 10),
    "the header alone": lambda path: cut(path, 100),
    "one page": lambda path: cut(path, PAGE),
    "half": lambda path: cut(path, path.stat().st_size // PAGE // 2 * PAGE),
    "all but the last page": lambda path: cut(path, -PAGE),
    "pages of noise": lambda path: overwrite(path, PAGE, random.Random(1).randbytes(path.stat().st_size - PAGE)),
    "pages of zeros": lambda path: overwrite(path, PAGE, bytes(path.stat().st_size - PAGE)),
    "a folder": lambda path: become(path, Path.mkdir),
    "a link to nothing": lambda path: become(path, lambda link: link.symlink_to("/nowhere/motherlode.db")),
    "a pipe": lambda path: become(path, os.mkfifo),
    "no tables that anyone can read": lambda path: execute(
        path, "UPDATE sqlite_master SET sql = 'x' WHERE name = 'feeds'"
    ),
    "one table less": lambda path: execute(path, "DROP TABLE jobs"),
    "one column less": lambda path: execute(path, "ALTER TABLE keys RENAME COLUMN made_by TO made"),
    "no version": lambda path: execute(path, "DELETE FROM alembic_version"),
    "an odd version": lambda path: execute(path, "UPDATE alembic_version SET version_num = 'x'"),
    "two versions": lambda path: execute(path, "INSERT INTO alembic_version VALUES ('0001')"),
    "no history": lambda path: execute(path, "DELETE FROM meta"),
    "settings that are no JSON": lambda path: execute(path, "UPDATE feeds SET settings = '{'"),
    "a time that is none": lambda path: execute(path, "UPDATE feeds SET created_at = 'noon'"),
    "text that is none": lambda path: execute(path, "UPDATE feeds SET name = CAST(x'ff' AS TEXT)"),
    "another program's tables": lambda path: become(path, lambda new: execute(new, "CREATE TABLE t (x)")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_the_server_and_the_commands_end_with_a_sentence(data, damage):
    damage(data / "motherlode.db")
    for words in (("serve", "--port", str(free_port()), "--workers", "2"), ("gc",)):
        said = run_command(*words, "--data", str(data), is_refused=True)
        assert all(part in said for part in (str(data / "motherlode.db"), RESTORE, REBUILD)), said
        assert "Traceback" not in said
    assert len(blob_files(data)) == 30
    run_command("rebuild", "--feed", "default", "--data", str(data))
    assert len(rows(data, "SELECT * FROM entries")) == 30


@pytest.mark.parametrize(
    ("version", "of_commands", "of_server"),
    [("9999", "newer version", "newer version"), ("0001", "older version", "cannot be upgraded")],
)
def test_newer_and_older_are_not_mixed_up(data, version, of_commands, of_server):
    """The tables of the older one are not those of its version, so that the upgrade fails."""
    execute(data / "motherlode.db", f"UPDATE alembic_version SET version_num = '{version}'")
    assert of_commands in run_command("feed", "list", "--data", str(data), is_refused=True)
    said = run_command("serve", "--port", str(free_port()), "--data", str(data), is_refused=True)
    assert of_server in said
    assert "Traceback" not in said


@pytest.mark.parametrize("beside", ["-wal", "-shm"])
def test_noise_in_the_files_beside_it_does_no_harm(data, beside, serve):
    (data / f"motherlode.db{beside}").write_bytes(random.Random(1).randbytes(40_000))
    server = serve(data=data)
    assert server.get("/v3/flat/acme.p1/index.json").status == 200


def test_a_log_that_is_lost_with_what_was_pushed_is_noticed(data, serve):
    """The write-ahead log of a server that was killed holds what it acknowledged last."""
    server = serve(data=data)
    assert server.push(nupkg("Acme.Last")).status == 201
    run_command("unlist", "Acme.P1", "1.0.0", "--data", str(data))  # which also writes down how far they have come
    server.kill()
    (data / "motherlode.db-wal").write_bytes(b"")
    said = run_command("serve", "--port", str(free_port()), "--data", str(data), is_refused=True)
    assert "new-history --yes" in said


def test_damage_in_the_middle_of_serving_is_a_503_with_a_sentence_and_ends_no_worker(data, serve):
    server = serve(data=data)
    overwrite(data / "motherlode.db", PAGE, random.Random(1).randbytes((data / "motherlode.db").stat().st_size - PAGE))
    for path in ("/v3/registration/acme.p3/index.json", "/v3/flat/acme.p4/index.json"):
        answer = server.get(path)
        assert answer.status == 503
        problem = json.loads(answer.body)
        assert problem["code"] == "database-unusable"
        assert "administrator" in problem["detail"]
        assert str(data) not in problem["detail"]
    page = server.get("/packages/acme.p5", Accept="text/html")
    assert page.status == 503
    assert str(data).encode() not in page.body
    assert server.push(nupkg("Acme.New")).status == 503
    assert server.get("/health/live").status == 200
    log = (data.parent / "data.log").read_text()
    assert "is damaged" in log
    assert "Traceback" not in log
    assert len(blob_files(data)) == 30
    assert server.stop() == 0
