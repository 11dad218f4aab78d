"""`gc`, `jobs` and `verify` as a user types them."""

import json
import sqlite3
from contextlib import closing

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.jobs.runner import Runner
from motherlode.jobs.table import KINDS
from motherlode.usecases.packages.push import push
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.cli.running import run
from tests.support.builders import nupkg

PACKAGE = nupkg("Acme.A", payload_bytes=1000)
AN_HOUR_AGO = "(strftime('%s', 'now') - 3601) * 1000000"


@pytest.fixture
def data(tmp_path):
    """The data folder of a server that ran once, with a package, its jobs and its search index."""
    folder = tmp_path / "data"
    services = prepare_house(load_settings({}, data=folder))
    with services.blobs.spool() as spool:
        spool.write(PACKAGE)
        spool.finish()
        push(
            spool,
            CONSOLE,
            feed="default",
            db=services.db,
            clock=services.clock,
            blobs=services.blobs,
            limits=services.limits,
        )
    services.searching.rebuild()
    assert not Runner(services, KINDS).run_next()
    services.close()
    return folder


def change(data, statement):
    with closing(sqlite3.connect(data / "motherlode.db")) as connection, connection:
        connection.execute(statement)


def blobs(data):
    return [file.name for file in (data / "blobs").glob("*/*") if file.is_file()]


class TestGc:
    def test_where_nothing_is_left_over_nothing_goes(self, data):
        done = run("gc", "--data", data)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "Items removed: 0. Bytes freed: 0.\n"

    def test_a_version_that_was_deleted_for_good_loses_its_bytes_in_two_steps_a_line_each(self, data):
        (blob,) = blobs(data)
        change(data, "UPDATE feeds SET settings = json_set(settings, '$.delete', 'hard')")
        assert run("delete", "Acme.A", "1.0.0", "--data", data).returncode == 0
        dry = run("gc", "--dry-run", "--data", data)
        assert dry.stderr == "Items that would be removed: 1. Bytes that would be freed: 0.\n"
        first = run("gc", "--data", data)
        assert first.stdout == dry.stdout == f"{blob}: content that no version uses any more\n"
        assert "gc removes them once storage.reader_grace (1:00:00) is over." in first.stderr
        assert blobs(data) == [blob]
        change(data, f"UPDATE garbage SET at = {AN_HOUR_AGO}")
        second = run("gc", "--json", "--data", data)
        assert json.loads(second.stdout) == {"kind": "blob", "name": blob, "bytes": len(PACKAGE)}
        assert second.stderr == f"Items removed: 1. Bytes freed: {len(PACKAGE)}.\n"
        assert blobs(data) == []
        assert run("verify", "--data", data).returncode == 0

    def test_the_readers_grace_is_a_setting(self, data):
        change(data, "UPDATE feeds SET settings = json_set(settings, '$.delete', 'hard')")
        assert run("delete", "Acme.A", "1.0.0", "--data", data).returncode == 0
        run("gc", "--data", data)
        change(data, f"UPDATE garbage SET at = {AN_HOUR_AGO}")
        assert run("gc", "--data", data, MOTHERLODE_STORAGE_READER_GRACE="2h").stdout == ""
        assert run("gc", "--data", data, MOTHERLODE_STORAGE_READER_GRACE="30m").stdout != ""

    def test_what_a_dead_process_left_of_an_upload_goes(self, data):
        spool = data / "spool" / "0123456789abcdef"
        spool.mkdir(parents=True)
        (spool / "fedcba9876543210.part").write_bytes(b"half a body")
        dry = run("gc", "--dry-run", "--data", data)
        assert spool.exists()
        done = run("gc", "--data", data)
        assert dry.stdout == done.stdout == "fedcba9876543210.part: left over from an interrupted upload\n"
        assert not spool.exists()


class TestJobs:
    def test_what_comes_round_is_listed_with_its_time(self, data):
        done = run("jobs", "--data", data)
        assert done.returncode == 0, done.stderr
        head, *lines = done.stdout.splitlines()
        assert head.split() == ["ID", "KIND", "STATE", "DUE_AT", "ATTEMPTS", "WORKER", "DONE_AT", "ERROR"]
        assert [line.split()[1:3] for line in lines] == [
            ["gc", "waiting"],
            ["purge-keys", "waiting"],
            ["purge-sessions", "waiting"],
        ]

    def test_a_machine_reads_all_of_it(self, data):
        change(data, "UPDATE jobs SET error = 'no luck', done_at = due_at, attempts = 5 WHERE kind = 'gc'")
        first, second, _ = json.loads(run("jobs", "--json", "--data", data).stdout)
        assert (first["kind"], first["state"], first["error"], first["attempts"]) == ("gc", "failed", "no luck", 5)
        assert (second["id"], second["state"], second["worker"]) == (2, "waiting", None)
        assert set(first) == set(second)


class TestVerifySearch:
    """The search index against the versions that are listed."""

    def test_one_that_is_in_step_is_well_and_one_that_is_behind_is_brought_up_to_date(self, data):
        assert run("verify", "--data", data).returncode == 0
        assert run("unlist", "Acme.A", "1.0.0", "--data", data).returncode == 0
        done = run("verify", "--data", data)
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entries SET listed = 0",
            "UPDATE contents SET facts = json_set(facts, '$.version', '1.0.1')",
            "UPDATE entries SET is_prerelease = 1",
        ],
    )
    def test_one_that_shows_another_listing_is_told_with_what_to_do(self, data, statement):
        change(data, statement)
        done = run("verify", "--data", data)
        assert done.returncode == 1
        told = "search index: acme.a on default does not match the listed versions: run 'motherlode reindex'"
        assert told in done.stdout.splitlines()

    def test_one_that_is_damaged_is_told(self, data):
        for file in (data / "search").rglob("*.store"):
            file.write_bytes(bytes(reversed(file.read_bytes())))
        done = run("verify", "--data", data)
        assert done.returncode == 1
        assert done.stdout.startswith("search index: ")
        assert "run 'motherlode reindex'" in done.stdout
        assert run("reindex", "--data", data).returncode == 0
        assert run("verify", "--data", data).returncode == 0

    def test_where_there_is_none_nothing_differs(self, data):
        (data / "search" / "current").unlink()
        assert run("verify", "--data", data).returncode == 0
