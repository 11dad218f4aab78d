"""`audit` and `verify`: who did what, and whether all of it still is what it was."""

import json
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.packages.push import push
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.cli.running import run
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment


def prepare(folder):
    """The data folder of a server that ran once, with a package, a user and a feed."""
    services = prepare_house(load_settings({}, data=folder))
    with services.blobs.spool() as spool:
        spool.write(nupkg("Acme.A"))
        spool.finish()
        rooms = {"db": services.db, "clock": services.clock}
        push(spool, CONSOLE, feed="default", blobs=services.blobs, limits=services.limits, **rooms)
    create_account("alice", CONSOLE, **rooms)
    create_feed("team", {}, CONSOLE, defaults=services.feed_defaults, **rooms)
    services.close()
    return folder


@pytest.fixture
def data(tmp_path):
    """Such a folder for one test."""
    return prepare(tmp_path / "data")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Such a folder for tests that only look at it."""
    return prepare(tmp_path_factory.mktemp("audit") / "data")


def audit(data, *options):
    """The lines that meet these options."""
    done = run("audit", "--json", *options, "--data", data)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


ALL = ["create-feed", "create-key", "push", "create-user", "create-feed"]


class TestAudit:
    def test_lines_come_newest_last_and_say_who_did_what(self, shared):
        lines = audit(shared)
        assert [line["action"] for line in lines] == ALL
        assert [line["id"] for line in lines] == [1, 2, 3, 4, 5]
        push = lines[2]
        assert (push["actor"], push["subject"], push["feed"]) == ("console", "Acme.A 1.0.0", "default")
        assert {"at", "key", "address", "client", "request_id", "details", "reason", "hash"} <= set(push)
        shown = run("audit", "--data", shared).stdout.splitlines()
        assert [line.split()[2] for line in shown] == ALL

    @pytest.mark.parametrize(
        ("options", "actions"),
        [
            (("--action", "push"), ["push"]),
            (("--feed", "team"), ["create-feed"]),
            (("--subject", "acme.*"), ["push"]),
            (("--subject", "alice", "--actor", "console"), ["create-user"]),
            (("--key", "key-000000000000"), []),
            (("--since", "1d"), ALL),
            (("--since", "2020-01-31", "--until", "2020-02-01T12:00:00Z"), []),
            (("--limit", "2"), ALL[-2:]),
        ],
        ids=" ".join,
    )
    def test_options_narrow_them(self, shared, options, actions):
        assert [line["action"] for line in audit(shared, *options)] == actions

    def test_follow_goes_on_with_what_comes_and_ends_calmly(self, data):
        command = [str(MOTHERLODE), "audit", "--follow", "--json", "--action", "create-user", "--data", str(data)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        ) as following:
            assert following.stdout is not None
            assert following.stderr is not None
            try:
                assert json.loads(following.stdout.readline())["subject"] == "alice"
                assert run("team", "create", "bobs", "--data", data).returncode == 0
                assert run("user", "add", "bob", "--data", data).returncode == 0
                assert json.loads(following.stdout.readline())["subject"] == "bob"
                following.send_signal(signal.SIGINT)
                assert following.wait(timeout=30) == 0
                assert (following.stdout.read(), following.stderr.read()) == ("", "")
            finally:
                following.kill()


class TestVerify:
    def blob_of(self, data):
        (blob,) = (path for path in data.rglob("*") if path.is_file() and path.read_bytes() == nupkg("Acme.A"))
        return blob

    def test_where_all_is_well_it_prints_the_head_to_note_down(self, data):
        done = run("verify", "--data", data)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"audit head 5:{audit(data)[-1]['hash']}\n"
        size = len(nupkg("Acme.A"))
        assert done.stderr.splitlines() == [
            f"read {size} of {size} bytes",
            "Checked packages: 1, events: 1, audit log lines: 5.",
            "No differences found.",
        ]
        assert run("user", "add", "bob", "--data", data).returncode == 0
        head = done.stdout.split()[-1]
        assert run("verify", "--audit-head", head, "--data", data).returncode == 0

    @pytest.mark.parametrize(
        "damage", ["hash = 'abc'", "hash = CAST(x'ff' AS TEXT)", "at = 'noon'", "details = '{'", "hash = NULL"]
    )
    def test_whatever_was_done_to_the_log_it_is_a_sentence_and_no_traceback(self, data, damage):
        head = run("verify", "--data", data).stdout.split()[-1]
        with closing(sqlite3.connect(next(data.glob("*.db")))) as database, database:
            database.execute(f"UPDATE audit SET {damage} WHERE id = 5")
        for noted_down in ((), ("--audit-head", head), ("--audit-head", f"5:{'0' * 64}")):
            done = run("verify", *noted_down, "--data", data)
            assert done.returncode == 1
            assert "Traceback" not in done.stderr
            *differences, last = done.stdout.splitlines()
            is_hash_changed = damage.startswith("hash")
            if is_hash_changed:
                assert "line 5 of its audit log differs from the one that history.json records" in differences.pop(0)
            first, *others = differences
            assert first.startswith("audit log: line 5 ")
            assert first.endswith("; the lines after it cannot be trusted")
            assert others in ([], ["audit log: line 5 does not match the given audit head, or is missing"])
            assert last.startswith("audit head 5:")
            assert f"Differences found: {is_hash_changed + 1 + len(others)}." in done.stderr

    def test_what_differs_is_a_line_each_and_ends_with_1(self, data):
        blob = self.blob_of(data)
        blob.chmod(0o600)
        blob.write_bytes(b"something else")
        done = run("verify", "--audit-head", f"5:{'0' * 64}", "--data", data)
        assert done.returncode == 1
        package, head, last = done.stdout.splitlines()
        assert package.startswith("Acme.A 1.0.0 on default: its blob ")
        assert head == "audit log: line 5 does not match the given audit head, or is missing"
        assert last.startswith("audit head 5:")
        assert "Differences found: 2." in done.stderr

    def test_a_machine_is_given_one_object(self, data):
        well = run("verify", "--json", "--data", data)
        assert (well.returncode, json.loads(well.stdout)) == (
            0,
            {
                "is_intact": True,
                "packages": 1,
                "events": 1,
                "audit_lines": 5,
                "audit_head": f"5:{audit(data)[-1]['hash']}",
                "differences": [],
            },
        )
        self.blob_of(data).unlink()
        done = run("verify", "--json", "--data", data)
        told = json.loads(done.stdout)
        assert (done.returncode, told["is_intact"]) == (1, False)
        assert ["is missing" in sentence for sentence in told["differences"]] == [True]
