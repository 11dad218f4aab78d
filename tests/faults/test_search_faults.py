"""Search when processes die and disks lie: what was acknowledged is found by whoever lives on."""

import http.client
import os
import random
import shutil
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.processes import ask_until, linux_only, run_command, workers
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, Server, clean_environment, start_server

pytestmark = linux_only

LOST = (http.client.HTTPException, ConnectionError)
WORKERS = 3


def found(server: Server, query: str = "") -> dict[str, list[str]]:
    """The ids that a search finds, and of each the versions it shows."""
    answer = json_of(server.get(f"/v3/search?q={query}&take=1000&prerelease=true&semVerLevel=2.0.0"))
    return {hit["id"]: [version["version"] for version in hit["versions"]] for hit in answer["data"]}


def ready_again(server: Server) -> bool:
    """Whether the server says that it is ready."""
    try:
        return server.get("/health/ready").status == 200
    except LOST:
        return False


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with indexed packages, of a server that ended calmly."""
    data = tmp_path_factory.mktemp("stock") / "data"
    server = start_server(data=data)
    try:
        for number in range(3):
            assert server.push(nupkg(f"Acme.N{number}")).status == 201
        assert len(found(server, "acme")) == 3
    finally:
        assert server.stop() == 0
    return data


@pytest.fixture
def stocked(stock: Path, tmp_path: Path) -> Path:
    """The test's own copy of it."""
    return Path(shutil.copytree(stock, tmp_path / "data"))


def index_files(data: Path) -> list[Path]:
    """The files of the index in use, the longest first."""
    folder = data / "search" / (data / "search" / "current").read_text()
    return sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: -path.stat().st_size)


@pytest.mark.parametrize("point", ["search-before-commit", "search-committed"])
def test_a_worker_that_dies_while_it_indexes_leaves_nothing_out(serve, stocked, point):
    server = serve(data=stocked, environment={"MOTHERLODE_CRASH_AT": point})
    assert server.push(nupkg("Acme.New")).status == 201
    with pytest.raises(LOST):
        found(server, "new")
    server.kill()
    assert found(serve(data=stocked), "acme").keys() == {"Acme.N0", "Acme.N1", "Acme.N2", "Acme.New"}


def test_a_reindex_that_dies_leaves_the_old_index_in_use_and_its_own_is_cleared_away(serve, stocked):
    before = (stocked / "search" / "current").read_text()
    command = [str(MOTHERLODE), "reindex", "--data", str(stocked)]
    environment = clean_environment(MOTHERLODE_CRASH_AT="search-built")
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (stocked / "search" / "current").read_text() == before
    server = serve(data=stocked)
    assert len(found(server, "acme")) == 3
    run_command("reindex", "--data", str(stocked))
    folders = [path.name for path in (stocked / "search").iterdir() if path.is_dir()]
    assert folders == [(stocked / "search" / "current").read_text()] != [before]
    assert len(found(server, "acme")) == 3


@pytest.mark.parametrize("harm", ["cut", "zeroed", "gone", "all gone"])
def test_a_damaged_index_is_built_anew_at_the_start(serve, stocked, harm):
    for path in index_files(stocked):
        if harm == "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        elif harm == "zeroed":
            path.write_bytes(bytes(path.stat().st_size))
        elif harm == "gone":
            path.unlink()
    if harm == "all gone":
        shutil.rmtree(stocked / "search")
    server = serve(data=stocked, workers=2)
    assert found(server, "acme").keys() == {"Acme.N0", "Acme.N1", "Acme.N2"}
    assert server.get("/health/ready").status == 200


def test_a_reindex_beside_a_running_server_loses_no_push(serve, stocked):
    server = serve(data=stocked, workers=2)
    done = threading.Event()

    def reindex():
        try:
            for _ in range(3):
                assert "indexed" in _output(stocked)
        finally:
            done.set()

    with ThreadPoolExecutor(1) as threads:
        reindexed = threads.submit(reindex)
        number = 0
        while not done.is_set():
            assert server.push(nupkg(f"Beside.N{number}")).status == 201
            number += 1
            assert len(found(server, "beside")) == number
        reindexed.result()
    assert len(found(server, "beside")) == number
    assert len(found(server, "acme")) == 3


def _output(data: Path) -> str:
    command = [str(MOTHERLODE), "reindex", "--data", str(data)]
    return subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_workers_killed_at_any_moment_leave_every_acknowledged_change_found(serve, tmp_path):
    """Two clients push and search, and each worker is killed once, as likely as not in the middle of a commit."""
    server = serve(data=tmp_path / "data", workers=WORKERS)
    chance = random.Random(20240506)
    stop = threading.Event()

    def push_and_search(name: str) -> set[str]:
        known: set[str] = set()
        number = 0
        while not stop.is_set():
            number += 1
            package_id = f"{name}.N{number}"
            try:
                if server.push(nupkg(package_id)).status == 201:
                    known.add(package_id)
                assert known <= found(server, name).keys()
            except LOST:
                continue
        return known

    with ThreadPoolExecutor(2) as threads:
        clients = {name: threads.submit(push_and_search, name) for name in ("Ann", "Bob")}
        try:
            for worker in workers(server.process.pid):
                _wait_for_changes(server, chance.randint(2, 6))
                before = set(workers(server.process.pid))
                os.kill(worker, signal.SIGKILL)
                ask_until(lambda old=before: set(workers(server.process.pid)) - old, what="a new worker")
                ask_until(lambda: ready_again(server), what="readiness")
        finally:
            stop.set()
        known = {name: client.result(timeout=60) for name, client in clients.items()}
    for name, ids in known.items():
        assert ids
        assert ids <= found(server, name).keys()


def _wait_for_changes(server: Server, count: int) -> None:
    """Until so many more packages are there."""

    def total() -> int:
        try:
            return int(json_of(server.get("/v3/search?take=0"))["totalHits"])
        except LOST:
            return 0

    before = ask_until(lambda: total() + 1, what="an answer")
    ask_until(lambda: total() + 1 >= before + count, what="pushes")
