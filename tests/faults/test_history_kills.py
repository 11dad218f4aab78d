"""kill -9 at every step of writing history.json, of `new-history` and of `rebuild`: no package goes, and it can be
repeated."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.crash_points import points_of
from tests.faults.integrity import assert_kept, assert_sound, blob_files, listed_states, rows, spooled_files
from tests.faults.processes import ending_with, linux_only, run_command
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment, free_port, start_server

pytestmark = linux_only

PACKAGES = {("Acme.Widgets", f"{number}.0.0"): nupkg(version=f"{number}.0.0") for number in (1, 2)}
RECORDING = points_of("history")


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder of a server that ended calmly with two packages, and its database before the second."""
    data = tmp_path_factory.mktemp("stock") / "data"
    for number, package in enumerate(PACKAGES.values()):
        server = start_server(data=data)
        try:
            assert server.push(package).status == 201
        finally:
            assert server.stop() == 0
        shutil.copy(data / "motherlode.db", data.parent / f"{number}.db")
    return data


@pytest.fixture
def stocked(stock, tmp_path):
    """The test's own copy of it."""
    return Path(shutil.copytree(stock, tmp_path / "data"))


def run_until(point, *words, data):
    """Let a command come to the point, which ends it."""
    command = [str(MOTHERLODE), *words, "--data", str(data)]
    environment = clean_environment(MOTHERLODE_CRASH_AT=point)
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == -9, done.stderr


def assert_refused_and_kept(data, *words):
    """The server does not start, says these words, and a collector removes nothing."""
    for command in (("serve", "--port", str(free_port())), ("gc",)):
        said = run_command(*command, "--data", str(data), is_refused=True)
        assert all(word in said for word in words), said
    assert len(blob_files(data)) == len(PACKAGES)


def recorded_line(data):
    return json.loads((data / "blobs" / "history.json").read_bytes())["audit_line"]


def last_line(data):
    return rows(data, "SELECT MAX(id) AS id FROM audit")[0]["id"]


def test_each_step_is_a_point():
    assert {"history-synced", "history-replaced"} <= set(RECORDING)
    assert {"new-history-before-commit", "new-history-committed"} <= set(points_of("new-history"))
    assert {"rebuild-published", "rebuild-recorded", "rebuild-set-aside", "rebuild-placed"} <= set(points_of("rebuild"))


@pytest.mark.parametrize("point", RECORDING)
def test_who_dies_while_it_is_written_leaves_the_old_one_or_the_new_one(serve, stocked, point):
    before = last_line(stocked)
    run_until(point, "unlist", "Acme.Widgets", "1.0.0", data=stocked)
    assert last_line(stocked) == before + 1
    assert recorded_line(stocked) == before + (point == "history-replaced")
    server = serve(data=stocked)
    assert listed_states(server, "Acme.Widgets") == {"1.0.0": False, "2.0.0": True}
    assert recorded_line(stocked) == before + 1
    assert spooled_files(stocked) == []
    assert_sound(stocked)


def test_it_is_never_ahead_of_the_database_of_a_server_that_was_killed(serve, stocked):
    server = serve(data=stocked, workers=2)
    for number in range(3, 20):
        assert server.push(nupkg(version=f"{number}.0.0")).status == 201
        assert recorded_line(stocked) <= last_line(stocked)
    with ending_with(server.process.pid):
        server.kill()
    assert recorded_line(stocked) <= last_line(stocked)
    again = serve(data=stocked)
    assert_kept(again, PACKAGES)
    assert_sound(stocked)


@pytest.mark.parametrize("point", [*points_of("new-history"), *RECORDING])
def test_a_new_history_that_was_cut_off_is_not_begun_and_can_be_repeated(serve, stock, stocked, point):
    shutil.copy(stock.parent / "0.db", stocked / "motherlode.db")
    run_until(point, "new-history", "--yes", data=stocked)
    if point != "history-replaced":
        assert_refused_and_kept(stocked, "new-history --yes")
        run_command("new-history", "--yes", "--data", str(stocked))
    server = serve(data=stocked)
    assert listed_states(server, "Acme.Widgets") == {"1.0.0": True}
    assert len(blob_files(stocked)) == len(PACKAGES)
    assert server.push(PACKAGES["Acme.Widgets", "2.0.0"]).status == 201
    assert_kept(server, PACKAGES)


@pytest.mark.parametrize("loss", [None, b"x" * 10_000], ids=["missing", "damaged"])
@pytest.mark.parametrize("point", [*points_of("rebuild"), *RECORDING])
def test_a_database_whose_making_was_cut_off_is_not_there_and_can_be_made(serve, stocked, point, loss):
    (stocked / "motherlode.db").unlink()
    if loss is not None:
        (stocked / "motherlode.db").write_bytes(loss)
    run_until(point, "rebuild", "--feed", "default", data=stocked)
    if point != "rebuild-placed":
        assert_refused_and_kept(stocked, "rebuild --feed")
        run_command("rebuild", "--feed", "default", "--data", str(stocked))
    assert not list(stocked.glob("motherlode.db.rebuilding*"))
    assert [path.read_bytes() for path in stocked.glob("motherlode.db.2*")] == ([] if loss is None else [loss])
    run_command("feed", "set", "default", "read=anonymous", "--data", str(stocked))
    server = serve(data=stocked)
    assert_kept(server, PACKAGES)
    assert_sound(stocked)
