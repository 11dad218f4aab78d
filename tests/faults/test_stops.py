"""A calm stop: requests in flight are finished, and nothing that was counted is lost."""

import signal
import sqlite3
from contextlib import closing

import pytest

from tests.builders import nupkg
from tests.faults.processes import ask_until
from tests.faults.wholeness import assert_kept, assert_sound, rows
from tests.servers import form

DOWNLOADS = "SELECT id_key, version_key, sum(count) AS count FROM downloads GROUP BY id_key, version_key"
NUPKG = "/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg"


def downloads(data):
    return {(row["id_key"], row["version_key"]): row["count"] for row in rows(data, DOWNLOADS)}


def test_a_push_that_is_under_way_when_the_server_is_told_to_stop_is_finished(serve, tmp_path):
    """Half of it is sent, SIGTERM, nobody new is let in, the other half: 201, and exit code 0."""
    server = serve(data=tmp_path / "data")
    package = nupkg(payload_bytes=6_000_000)
    body, content_type = form(package)
    head = f"PUT /api/v2/package HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    head += f"X-NuGet-ApiKey: {server.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
        ask_until(lambda: any((server.data / "spool").rglob("*.part")), what="the first half to come in")
        server.process.send_signal(signal.SIGTERM)
        ask_until(lambda: not _is_accepting(server), what="the server to stop listening")
        connection.sendall(body[len(body) // 2 :])
        assert connection.makefile("rb").readline().split()[1] == b"201"
    assert server.process.wait(60) == 0
    restarted = serve(data=server.data)
    assert_sound(server.data)
    assert_kept(restarted, {("Acme.Widgets", "1.0.0"): package})


def _is_accepting(server):
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("workers", [1, 2])
def test_downloads_that_were_counted_are_written_at_a_calm_stop(serve, tmp_path, workers):
    """By whichever worker answered."""
    server = serve(data=tmp_path / "data", workers=workers)
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
