"""kill -9 at every step of delete, replace, restore-version and gc: each is done or not, and can be repeated.

What was acknowledged and not taken away stays, byte for byte; a collector that died is followed by another.
"""

import http.client
import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.crash_points import points_of
from tests.faults.integrity import assert_kept, assert_sound, blob_files, download, listed_states, rows
from tests.faults.processes import ending_with, linux_only, run_command
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment, start_server

pytestmark = linux_only

KEPT = nupkg(version="1.0.0")
GONE = nupkg(version="2.0.0")
OLD = nupkg(version="3.0.0")
NEW = nupkg(version="3.0.0", seed=1)
ALL = {"1.0.0": True, "2.0.0": True, "3.0.0": True}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder of a server that ended calmly, with three versions, on a feed that lets all be replaced."""
    data = tmp_path_factory.mktemp("stock") / "data"
    server = start_server(data=data)
    try:
        for package in (KEPT, GONE, OLD):
            assert server.push(package).status == 201
    finally:
        assert server.stop() == 0
    run_command("feed", "set", "default", "overwrite=always", "--data", str(data))
    return data


@pytest.fixture
def stocked(stock, tmp_path):
    """The test's own copy of it."""
    return Path(shutil.copytree(stock, tmp_path / "data"))


def set_delete(data, mode):
    run_command("feed", "set", "default", f"delete={mode}", "--data", str(data))


def crash(serve, data, point, ask):
    """Let a server come to the point, which ends it; then end what is left of it, and start it anew."""
    server = serve(data=data, environment={"MOTHERLODE_CRASH_AT": point})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(server)
    with ending_with(server.process.pid):
        server.kill()
    return serve(data=data)


def crash_command(data, point, *words):
    """Let a command come to the point, which ends it."""
    done = subprocess.run(
        [str(MOTHERLODE), *words, "--data", str(data)],
        capture_output=True,
        env=clean_environment(MOTHERLODE_CRASH_AT=point),
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def write(data, statement):
    with closing(sqlite3.connect(data / "motherlode.db", timeout=30)) as connection, connection:
        connection.execute(statement)


def assert_whole(server, states, packages):
    assert_sound(server.data)
    assert listed_states(server, "Acme.Widgets") == states
    assert_kept(server, {("Acme.Widgets", version): body for version, body in packages.items()})


@pytest.mark.parametrize("mode", ["soft", "hard"])
@pytest.mark.parametrize("point", points_of("delete"))
def test_a_delete_that_dies_is_done_or_not_and_can_be_repeated(serve, stocked, point, mode):
    set_delete(stocked, mode)
    server = crash(serve, stocked, point, lambda server: server.change("DELETE", "acme.widgets", "2.0"))
    is_done = point == "delete-committed"
    left = {version: listed for version, listed in ALL.items() if version != "2.0.0"}
    assert_whole(server, left if is_done else ALL, {"1.0.0": KEPT, "3.0.0": OLD} | ({} if is_done else {"2.0.0": GONE}))
    assert server.change("DELETE", "Acme.Widgets", "2.0.0").status == (404 if is_done else 204)
    assert_whole(server, left, {"1.0.0": KEPT, "3.0.0": OLD})


@pytest.mark.parametrize("point", points_of("replace"))
def test_a_replacement_that_dies_leaves_the_old_package_or_the_new_one_and_can_be_repeated(serve, stocked, point):
    server = crash(serve, stocked, point, lambda server: server.push(NEW))
    is_done = point == "replace-committed"
    assert_whole(server, ALL, {"1.0.0": KEPT, "2.0.0": GONE, "3.0.0": NEW if is_done else OLD})
    assert server.push(NEW).status == 201
    assert_whole(server, ALL, {"1.0.0": KEPT, "2.0.0": GONE, "3.0.0": NEW})


@pytest.mark.parametrize("point", points_of("restore-version"))
def test_a_version_whose_restoring_dies_is_back_or_not_and_can_be_restored(serve, stocked, point):
    set_delete(stocked, "soft")
    words = ("restore-version", "Acme.Widgets", "2.0.0")
    run_command("delete", *words[1:], "--data", str(stocked))
    crash_command(stocked, point, *words)
    server = serve(data=stocked)
    is_done = point == "restore-version-committed"
    before = {version: listed for version, listed in ALL.items() if version != "2.0.0"}
    assert_whole(server, ALL if is_done else before, {"1.0.0": KEPT, "3.0.0": OLD})
    run_command(*words, "--data", str(stocked), is_refused=is_done)
    assert_whole(server, ALL, {"1.0.0": KEPT, "2.0.0": GONE, "3.0.0": OLD})


@pytest.fixture
def littered(stocked):
    """A folder with something to do for each step of a collector, and one version that is to stay.

    2.0.0 was deleted softly, long ago; 3.0.0 was deleted for good just now; the bytes it had before are garbage whose
    readers are through; of two files that nobody ever named one was noted long ago, and one is new to the collector.
    """
    folder = str(stocked)
    put_unnamed(stocked, "0")
    replacement = stocked.parent / "replacement.nupkg"
    replacement.write_bytes(NEW)
    run_command("push", str(replacement), "--data", folder)
    run_command("gc", "--data", folder)
    set_delete(stocked, "soft")
    run_command("delete", "Acme.Widgets", "2.0.0", "--data", folder)
    set_delete(stocked, "hard")
    run_command("delete", "Acme.Widgets", "3.0.0", "--data", folder)
    write(stocked, "UPDATE deletions SET deleted_at = 0")
    write(stocked, "UPDATE garbage SET at = 0")
    write(stocked, "UPDATE unnamed SET since = 0")
    put_unnamed(stocked, "1")
    assert len(blob_files(stocked)) == 6
    return stocked


def put_unnamed(data, digit):
    """A file that no row names, older than any push."""
    unnamed = data / "blobs" / "ab" / f"{'ab' * 32}-{digit * 16}"
    unnamed.parent.mkdir(exist_ok=True)
    unnamed.write_bytes(b"nobody's")
    os.utime(unnamed, (0, 0))


@pytest.mark.parametrize("point", points_of("gc"))
def test_a_collector_that_dies_is_followed_by_another_which_goes_on(serve, littered, point):
    crash_command(littered, point, "gc")
    server = serve(data=littered)
    assert_kept(server, {("Acme.Widgets", "1.0.0"): KEPT})
    assert server.push(nupkg(version="4.0.0")).status == 201
    run_command("gc", "--data", str(littered))
    assert len(rows(littered, "SELECT * FROM unnamed")) == 1
    write(littered, "UPDATE garbage SET at = 0")
    write(littered, "UPDATE unnamed SET since = 0")
    run_command("gc", "--data", str(littered))
    assert rows(littered, "SELECT * FROM unnamed") == []
    assert_whole(server, {"1.0.0": True, "4.0.0": True}, {"1.0.0": KEPT, "4.0.0": nupkg(version="4.0.0")})
    assert rows(littered, "SELECT * FROM garbage") == []
    assert [row["content_id"] for row in rows(littered, "SELECT content_id FROM deletions")] == [None]
    assert {row["blob"] for row in rows(littered, "SELECT blob FROM contents")} == set(blob_files(littered))
    assert len(blob_files(littered)) == 2
    assert server.push(GONE).status == 409


def test_bytes_that_are_pushed_again_while_a_collector_is_dead_half_way_are_kept(serve, littered):
    """It died when the row of these bytes was gone and their file was not: they come back under another name."""
    crash_command(littered, "gc-unused-committed", "gc")
    server = serve(data=littered)
    assert server.push(NEW).status == 201
    for _ in range(2):  # of which the first only notes the files that nobody names
        write(littered, "UPDATE garbage SET at = 0")
        write(littered, "UPDATE unnamed SET since = 0")
        run_command("gc", "--data", str(littered))
    assert download(server, "Acme.Widgets", "3.0.0") == NEW
    assert_whole(server, {"1.0.0": True, "3.0.0": True}, {"1.0.0": KEPT, "3.0.0": NEW})
