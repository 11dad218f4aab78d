"""A database that is lost, older or another user's: what `serve` and the commands say, and that packages stay."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import assert_refused, run
from tests.faults.integrity import assert_sound, blob_files, listed_states, rows
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment, free_port, start_server

FIRST, SECOND = nupkg(version="1.0.0"), nupkg(version="2.0.0")
is_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may act as another user"
)
OTHER_USER = 12345


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder of a server that ended calmly, with two packages, and a copy of its database from between them."""
    data = tmp_path_factory.mktemp("stock") / "data"
    for number, package in enumerate((FIRST, SECOND)):
        server = start_server(data=data)
        try:
            assert server.push(package).status == 201
            assert server.get("/v3/search?q=acme").status == 200
        finally:
            assert server.stop() == 0
        shutil.copy(data / "motherlode.db", data.parent / f"{number}.db")
    return data


@pytest.fixture
def data(stock, tmp_path):
    """The test's own copy of it."""
    return Path(shutil.copytree(stock, tmp_path / "data"))


@pytest.fixture
def older(stock, data):
    """With the copy put back."""
    shutil.copy(stock.parent / "0.db", data / "motherlode.db")
    return data


def serve(data, **environment):
    return run("serve", "--port", free_port(), "--data", data, **environment)


def age_blobs(data):
    for file in blob_files(data).values():
        os.utime(file, (0, 0))


def tree(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not path.name.startswith("motherlode.db-") and "run" not in path.parts
    }


def recorded(data):
    return json.loads((data / "blobs" / "history.json").read_text())


class TestRecord:
    def test_a_server_that_ended_and_each_command_wrote_down_how_far_the_database_has_come(self, data):
        def last_line():
            return rows(data, "SELECT MAX(id) AS id FROM audit")[0]["id"]

        assert recorded(data)["audit_line"] == last_line()
        assert run("unlist", "Acme.Widgets", "1.0.0", "--data", data).returncode == 0
        assert recorded(data)["audit_line"] == last_line()

    def test_a_server_writes_it_while_it_runs(self, data, request):
        (data / "blobs" / "history.json").unlink()
        server = start_server(data=data)
        request.addfinalizer(server.stop)
        assert recorded(data)["history"] == rows(data, "SELECT value FROM meta WHERE name = 'history'")[0]["value"]

    def test_data_of_an_earlier_version_go_on_being_opened(self, data, request):
        """It wrote no history, and knew no quarantine."""
        (data / "blobs" / "history.json").unlink()
        with closing(sqlite3.connect(data / "motherlode.db")) as connection, connection:
            for table in ("unnamed", "former_feeds"):
                connection.execute(f"DROP TABLE {table}")
            connection.execute("ALTER TABLE accounts DROP COLUMN deleted_at")
            connection.execute("UPDATE alembic_version SET version_num = '0005'")
        server = start_server(data=data)
        request.addfinalizer(server.stop)
        assert listed_states(server, "Acme.Widgets") == {"1.0.0": True, "2.0.0": True}
        assert recorded(data)["audit_line"] > 0


class TestMissing:
    """No database, or an empty one, beside packages."""

    @pytest.fixture(params=["missing", "empty", "begun-anew", "without-history-json"])
    def lost(self, request, data, tmp_path):
        (data / "motherlode.db").unlink()
        if request.param == "empty":
            (data / "motherlode.db").touch()
        elif request.param == "begun-anew":  # as earlier versions did without a word
            server = start_server(data=tmp_path / "new")
            assert server.stop() == 0
            shutil.copy(tmp_path / "new" / "motherlode.db", data / "motherlode.db")
        elif request.param == "without-history-json":
            (data / "blobs" / "history.json").unlink()
        age_blobs(data)
        return data

    def test_serve_refuses_says_what_to_do_and_changes_nothing(self, lost):
        before = tree(lost)
        assert_refused(serve(lost), "missing or empty", "backup", "rebuild --feed", "--data")
        assert_refused(serve(lost, MOTHERLODE_SERVER_WORKERS="2"), "missing or empty")
        assert tree(lost) == before

    def test_gc_removes_nothing_and_says_why(self, lost):
        for words in (["gc"], ["gc", "--dry-run"]):
            assert_refused(run(*words, "--data", lost), "missing or empty", "rebuild --feed")
        assert len(blob_files(lost)) == 2

    def test_a_folder_without_packages_is_begun(self, tmp_path, request):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "motherlode.db").touch()
        server = start_server(data=tmp_path / "data")
        request.addfinalizer(server.stop)
        assert server.push(FIRST).status == 201


class TestOlder:
    """An older copy of the database."""

    @pytest.mark.parametrize("left", ["all", "history.json", "search"])
    def test_serve_refuses_and_names_the_choices(self, older, left):
        """Either of history and index is enough to find out."""
        if left == "history.json":
            shutil.rmtree(older / "search")
        elif left == "search":
            (older / "blobs" / "history.json").unlink()
        before = tree(older)
        assert_refused(serve(older), "older", "Restore the newer database", "new-history --yes")
        assert tree(older) == before

    def test_gc_and_the_sweep_remove_nothing(self, older):
        age_blobs(older)
        note = older / "spool" / "0123456789abcdef" / max(blob_files(older))
        note.parent.mkdir(parents=True)
        note.touch()
        assert_refused(run("gc", "--data", older), "older", "new-history --yes")
        assert_refused(serve(older), "older")
        assert len(blob_files(older)) == 2
        assert note.exists()

    def test_verify_says_which_blobs_have_no_row(self, older):
        (unnamed,) = (name for name, file in blob_files(older).items() if file.read_bytes() == SECOND)
        done = run("verify", "--data", older)
        assert done.returncode == 1
        assert f"the blob {unnamed} is not referenced by the database" in done.stdout
        assert "new-history --yes" in done.stdout

    def test_other_commands_go_on_and_warn(self, older):
        done = run("feed", "list", "--data", older)
        assert (done.returncode, done.stdout) == (0, "default\n")
        assert "warning: " in done.stderr
        assert "new-history --yes" in done.stderr

    def test_the_newer_one_put_back_is_served(self, stock, older, request):
        assert serve(older).returncode == 1
        shutil.copy(stock.parent / "1.db", older / "motherlode.db")
        server = start_server(data=older)
        request.addfinalizer(server.stop)
        assert listed_states(server, "Acme.Widgets") == {"1.0.0": True, "2.0.0": True}

    def test_new_history_asks_first(self, older):
        before = tree(older)
        assert_refused(run("new-history", "--data", older), "--yes", "Nothing was changed")
        assert tree(older) == before

    def test_after_new_history_the_older_state_is_served_and_files_wait_in_quarantine(self, older, request):
        assert run("new-history", "--yes", "--data", older).returncode == 0
        age_blobs(older)
        done = run("gc", "--data", older)
        assert (done.returncode, done.stdout) == (0, "")
        assert "Files in blobs/ that the database does not refer to: 1." in done.stderr
        assert len(blob_files(older)) == 2
        with closing(sqlite3.connect(older / "motherlode.db")) as connection, connection:
            connection.execute("UPDATE unnamed SET since = since - 2000000")
        assert run("gc", "--data", older, MOTHERLODE_STORAGE_QUARANTINE="1h").stdout == ""
        collected = run("gc", "--data", older, MOTHERLODE_STORAGE_QUARANTINE="1s").stdout
        assert "file that the database does not reference" in collected
        server = start_server(data=older)
        request.addfinalizer(server.stop)
        assert listed_states(server, "Acme.Widgets") == {"1.0.0": True}
        assert server.push(SECOND).status == 201
        assert_sound(older)

    def test_beside_a_server_there_is_no_new_history(self, data, request):
        request.addfinalizer(start_server(data=data).stop)
        for words in (["new-history", "--yes"], ["rebuild", "--feed", "back"]):
            assert_refused(run(*words, "--data", data), "Another server is running")


class TestRebuild:
    @pytest.mark.parametrize("loss", ["missing", "empty", "damaged", "folder"])
    def test_all_packages_are_back_on_one_feed_for_those_who_sign_in(self, data, loss, request):
        path = data / "motherlode.db"
        path.unlink()
        if loss == "folder":
            path.mkdir()
        elif loss != "missing":
            path.write_bytes(b"" if loss == "empty" else b"x" * 10_000)
        done = run("rebuild", "--feed", "back", "--data", data)
        assert done.returncode == 0, done.stderr
        assert "2 packages" in done.stdout
        assert all(word in done.stderr for word in ("owners", "deletions", "unlistings", "feeds"))
        assert ("previous database" in done.stderr) == (loss != "missing")
        assert run("verify", "--data", data).returncode == 0
        server = start_server(data=data)
        request.addfinalizer(server.stop)
        assert server.get("/feeds/back/v3/index.json").status == 401
        assert listed_states(server, "Acme.Widgets") == {}
        own = server.request("PUT", "/feeds/back/api/v2/package/", headers={"X-NuGet-ApiKey": server.key})
        assert own.status == 400
        assert_sound(data)
        assert {row["blob"] for row in rows(data, "SELECT blob FROM contents")} == set(blob_files(data))

    def test_of_two_files_with_one_id_and_version_the_newest_is_taken_and_the_other_named(self, data):
        (data / "motherlode.db").unlink()
        old, new = nupkg(version="3.0.0"), nupkg(version="3.0", seed=1)
        for package, at in ((old, 1_000), (new, 2_000)):
            put_file(data, package, at)
        put_file(data, b"no package", 3_000)
        (damaged,) = (file for file in blob_files(data).values() if file.read_bytes() == FIRST)
        damaged.write_bytes(SECOND)
        done = run("rebuild", "--feed", "default", "--data", data)
        assert done.returncode == 0, done.stderr
        assert "2 packages" in done.stdout
        told = {line.partition(":")[0]: line for line in done.stdout.splitlines()}
        assert name_of(data, old) in told
        assert name_of(data, b"no package") in told
        assert damaged.name in told
        assert name_of(data, new) not in told
        kept = {row["version_key"]: row["pushed_at"] for row in rows(data, "SELECT * FROM entries")}
        assert kept.keys() == {"2.0.0", "3.0.0"}
        assert kept["3.0.0"] == 2_000 * 1_000_000
        assert len(blob_files(data)) == 5

    def test_a_sound_database_that_knows_packages_is_not_replaced(self, data, older):
        before = tree(data)
        assert_refused(run("rebuild", "--feed", "back", "--data", data), "sound", "new-history --yes")
        assert tree(data) == before

    def test_a_database_of_a_newer_version_is_not_replaced(self, data):
        with closing(sqlite3.connect(data / "motherlode.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        assert_refused(run("rebuild", "--feed", "back", "--data", data), "newer version")

    def test_a_name_that_no_feed_can_have_changes_nothing(self, data):
        (data / "motherlode.db").unlink()
        before = tree(data)
        assert_refused(run("rebuild", "--feed", "No Feed", "--data", data), "No Feed")
        assert tree(data) == before

    def test_where_there_is_no_folder_none_is_made(self, tmp_path):
        assert_refused(
            run("rebuild", "--feed", "back", "--data", tmp_path / "data"), "The data folder", "does not exist"
        )
        assert not (tmp_path / "data").exists()


def put_file(data, content, at):
    """A blob as a push leaves it, written then."""
    digest = hashlib.sha256(content).hexdigest()
    file = data / "blobs" / digest[:2] / f"{digest}-{'0' * 16}"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (at, at))


def name_of(data, content):
    (name,) = (name for name, file in blob_files(data).items() if file.read_bytes() == content)
    return name


@is_root
class TestOtherUser:
    """Root after sudo, or anybody else: no file is made that the server could not read."""

    COMMANDS = (
        ["feed", "list"],
        ["push", "x.nupkg"],
        ["gc"],
        ["verify"],
        ["serve", "--port", "0"],
        ["rebuild", "--feed", "back"],
        ["new-history", "--yes"],
    )

    @pytest.fixture
    def warm(self, stock, tmp_path):
        """Data of root's."""
        return shutil.copytree(stock, tmp_path / "warm")

    @pytest.fixture
    def ours(self, stock):
        """A data folder of root's, in a folder that everybody may enter, which pytest's own are not."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            yield Path(shutil.copytree(stock, Path(folder) / "data"))

    @pytest.fixture
    def theirs(self, ours):
        """One of somebody else's."""
        for path in (ours, *ours.rglob("*")):
            os.chown(path, OTHER_USER, OTHER_USER)
        return ours

    @pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
    def test_root_is_told_the_command_to_type_and_makes_no_file(self, theirs, words, tmp_path):
        (tmp_path / "x.nupkg").write_bytes(nupkg(version="9.0.0"))
        done = subprocess.run(
            [str(MOTHERLODE), *words],
            cwd=tmp_path,
            env=clean_environment(MOTHERLODE_DATA=str(theirs)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert_refused(done, f"sudo -u '#{OTHER_USER}' ", f" {' '.join(words)} --data {theirs}")
        assert {path.stat().st_uid for path in theirs.rglob("*")} == {OTHER_USER}

    def test_an_empty_folder_of_somebody_else_is_not_begun_by_root(self, tmp_path):
        folder = tmp_path / "data"
        folder.mkdir()
        os.chown(folder, OTHER_USER, OTHER_USER)
        assert_refused(serve(folder), "sudo -u")
        assert list(folder.iterdir()) == []

    def test_another_user_is_told_too(self, ours, warm):
        """Who may not look into the folder, and who may, since its rights were loosened."""
        for mode in (0o700, 0o777):
            ours.chmod(mode)
            assert_refused(as_user("gc", "--data", str(ours), warm=warm), "sudo -u root ")

    def test_who_may_not_even_look_is_told_whom_to_be(self, ours, warm):
        ours.parent.chmod(0o700)
        assert_refused(as_user("gc", "--data", str(ours), warm=warm), "as the user that the server runs as")

    def test_the_owner_is_let_in(self, theirs, warm):
        done = as_user("feed", "list", "--data", str(theirs), warm=warm)
        assert (done.returncode, done.stdout) == (0, "default\n"), done.stderr
        assert {path.stat().st_uid for path in theirs.rglob("*")} == {OTHER_USER}

    @pytest.mark.parametrize("mode", [0o000, 0o200, 0o400])
    def test_a_database_that_its_owner_may_not_read_or_write_is_a_matter_of_rights(self, theirs, mode, warm):
        (theirs / "motherlode.db").chmod(mode)
        for words in (["feed", "list"], ["serve", "--port", "0"]):
            assert_refused(
                as_user(*words, "--data", str(theirs), warm=warm), "motherlode.db cannot be written", "permission"
            )


_AS_USER = f"""
import contextlib, encodings.idna, io, os, sys
import motherlode.cli.supervisor
from motherlode.cli.program import run

data, *words = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    for warming in (["feed", "list"], ["gc"]):
        with contextlib.suppress(SystemExit):
            run([*warming, "--data", data])
os.setgroups([])
os.setgid({OTHER_USER})
os.setuid({OTHER_USER})
sys.argv = ["motherlode", *words]
sys.exit(run(words))
"""


def as_user(*words, warm):
    """Run the program as somebody who is not root. It may lie where that user may not look, hence first does something
    else as root, on the data in `warm`: all that it needs is imported then."""
    return subprocess.run(
        [sys.executable, "-c", _AS_USER, str(warm), *words],
        cwd="/",
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
