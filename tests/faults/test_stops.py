"""A calm stop: requests in flight are finished, and nothing that was counted is lost."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from time import monotonic, sleep

import pytest

from tests.faults.integrity import assert_kept, assert_sound, rows
from tests.faults.processes import END_TIMEOUT_S, ask_until, linux_only, workers
from tests.support.builders import nupkg
from tests.support.https import make_authority
from tests.support.servers import MOTHERLODE, clean_environment, form

DOWNLOADS = "SELECT id_key, version_key, sum(count) AS count FROM downloads GROUP BY id_key, version_key"
MOMENTS = 6
"""At how many times between its start and its panel a server is told to stop."""
BETWEEN_LOOPS = """
import asyncio, os, signal, threading, uvloop
from motherlode.web.stopping import WorkerStop

loop = uvloop.new_event_loop()
asyncio.set_event_loop(loop)
listening = threading.Event()
stop = WorkerStop(listening.is_set)
stop.finish_requests()
loop.add_signal_handler(signal.SIGTERM, loop.stop)
loop.run_until_complete(asyncio.sleep(0))
os.kill(os.getpid(), signal.SIGTERM)
listening.set()
loop.run_forever()
"""
NUPKG = "/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg"


def downloads(data):
    return {(row["id_key"], row["version_key"]): row["count"] for row in rows(data, DOWNLOADS)}


def test_a_push_that_is_under_way_when_the_server_is_told_to_stop_is_finished(serve, tmp_path):
    """Half of it is sent, SIGTERM, nobody new is let in, the other half: 201, and exit code 0."""
    server = serve(data=tmp_path / "data")
    package = nupkg(payload_bytes=6_000_000)
    with _half_pushed(server, package) as finish:
        server.process.send_signal(signal.SIGTERM)
        ask_until(lambda: not _is_accepting(server), what="the server to stop listening")
        assert finish() == b"201"
    assert server.process.wait(60) == 0
    restarted = serve(data=server.data)
    assert_sound(server.data)
    assert_kept(restarted, {("Acme.Widgets", "1.0.0"): package})


@linux_only
@pytest.mark.parametrize("count", [1, 2])
def test_a_push_is_finished_however_often_all_processes_are_told_to_stop(serve, tmp_path, count):
    """As `systemctl stop` tells them, and users who do not like to wait."""
    server = serve(data=tmp_path / "data", workers=count)
    package = nupkg(payload_bytes=6_000_000)
    with _half_pushed(server, package) as finish:
        for _ in range(100):
            _stop_all(server.process.pid)
        ask_until(lambda: not _is_accepting(server), what="the server to stop listening")
        assert finish() == b"201"
    assert server.process.wait(60) == 0


@linux_only
@pytest.mark.parametrize(("count", "https"), [(1, False), (2, False), (4, False), (2, True)])
def test_a_server_ends_calmly_whenever_it_is_told_to_stop(tmp_path, count, https):
    """From the first moment that it has workers until all of them serve, however often all processes are told."""
    issued = make_authority(tmp_path).issue("first") if https else None
    with _starting(tmp_path, count, issued) as process:
        started = monotonic()
        ask_until(process.stdout.readline, what="the panel")
        seconds = monotonic() - started
        _assert_ends_calmly(process, tmp_path)
    for moment in range(MOMENTS):
        with _starting(tmp_path, count, issued) as process:
            sleep(seconds * (moment + random.random()) / MOMENTS)
            _assert_ends_calmly(process, tmp_path)


@linux_only
@pytest.mark.parametrize("count", [1, 2])
def test_a_server_ends_calmly_while_its_workers_are_replaced(tmp_path, count):
    """As they are for a new certificate."""
    authority = make_authority(tmp_path)
    live = authority.issue("live")
    for moment in range(MOMENTS):
        with _starting(tmp_path, count, live) as process:
            ask_until(process.stdout.readline, what="the panel")
            former = set(workers(process.pid))
            started = monotonic()
            authority.issue("live")
            ask_until(lambda former=former, server=process.pid: set(workers(server)) - former, what="a new worker")
            sleep((monotonic() - started) * (moment + random.random()) / MOMENTS)
            _assert_ends_calmly(process, tmp_path)


@linux_only
def test_a_worker_that_is_told_to_stop_while_its_loop_does_not_run_stops_once_it_does():
    """The one moment that uvloop forgets signals in: between the application's start and the engine's."""
    done = subprocess.run([sys.executable, "-c", BETWEEN_LOOPS], timeout=END_TIMEOUT_S, check=False)
    assert done.returncode == 0


@contextmanager
def _starting(folder, count, issued):
    """A server that has at least one worker; nothing of it is left behind."""
    where = ("--data", folder / "data", "--port", "0", "--workers", count)
    environment = clean_environment(**(issued.settings if issued else {}))
    with (folder / "log").open("a") as log:
        command = [str(part) for part in (MOTHERLODE, "serve", *where)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
    try:
        ask_until(lambda: workers(process.pid), what="a worker")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _assert_ends_calmly(process, folder):
    deadline = monotonic() + END_TIMEOUT_S
    while process.poll() is None and monotonic() < deadline:
        _stop_all(process.pid)
    assert process.poll() == 0, (folder / "log").read_text()


def _stop_all(server):
    """Tell a server and each of its workers to stop."""
    for process_id in (server, *workers(server)):
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGTERM)


@contextmanager
def _half_pushed(server, package):
    """A push whose first half has come in, and what sends the other half and returns the status."""
    body, content_type = form(package)
    head = f"PUT /api/v2/package HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    head += f"X-NuGet-ApiKey: {server.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    with server.connect() as connection:

        def finish():
            connection.sendall(body[len(body) // 2 :])
            return connection.makefile("rb").readline().split()[1]

        connection.sendall(head.encode() + body[: len(body) // 2])
        ask_until(lambda: any((server.data / "spool").rglob("*.part")), what="the first half to come in")
        yield finish


def _is_accepting(server):
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("count", [1, 2])
def test_downloads_that_were_counted_are_written_at_a_calm_stop(serve, tmp_path, count):
    """By whichever worker answered."""
    server = serve(data=tmp_path / "data", workers=count)
    assert server.push(nupkg()).status == 201
    assert [server.get(NUPKG).status for _ in range(20)] == [200] * 20
    assert server.stop() == 0
    assert downloads(server.data) == {("acme.widgets", "1.0.0"): 20}


def test_counts_of_several_runs_add_up(serve, tmp_path):
    for runs in (1, 2):
        server = serve(data=tmp_path / "data")
        assert server.push(nupkg()).status == (201 if runs == 1 else 409)
        assert server.get(NUPKG).status == 200
        assert server.stop() == 0
        assert downloads(server.data) == {("acme.widgets", "1.0.0"): runs}


def test_a_download_is_a_whole_get_or_the_beginning_of_one(serve, tmp_path):
    """HEAD, an answer that the client has already, and further ranges are none."""
    server = serve(data=tmp_path / "data")
    assert server.push(nupkg()).status == 201
    tag = server.request("HEAD", NUPKG).header("ETag") or ""
    assert server.get(NUPKG, If_None_Match=tag).status == 304
    assert server.get(NUPKG, Range="bytes=10-").status == 206
    assert server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.nuspec").status == 200
    assert server.get(NUPKG, Range="bytes=0-9").status == 206
    assert server.stop() == 0
    assert downloads(server.data) == {("acme.widgets", "1.0.0"): 1}


def test_reads_write_nothing(serve, tmp_path):
    """While a test holds the only write lock, every kind of read is answered, and nothing is committed."""
    server = serve(data=tmp_path / "data")
    assert server.push(nupkg()).status == 201
    with closing(sqlite3.connect(server.data / "motherlode.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        paths = (
            NUPKG,
            "/v3/index.json",
            "/v3/flat/acme.widgets/index.json",
            "/v3/registration/acme.widgets/index.json",
        )
        assert [server.get(path).status for path in paths * 3] == [200] * 12
        assert server.change("DELETE", "Not.There", "1.0.0").status == 404
        writer.execute("ROLLBACK")
    assert server.stop() == 0
    assert downloads(server.data) == {("acme.widgets", "1.0.0"): 3}
