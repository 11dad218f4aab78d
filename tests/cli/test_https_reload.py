"""New certificates while the server serves: which are taken, and that nobody who was being answered notices."""

import os
import shutil
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import wait_for, workers_of
from tests.support.builders import nupkg
from tests.support.https import P521, Authority, HttpsServer, Issued, log_of
from tests.support.servers import form

Serve = Callable[..., HttpsServer]


class TestNewFiles:
    """New files are taken while the server serves, and nobody who was being answered notices."""

    @pytest.fixture
    def live(self, tmp_path: Path, first: Issued) -> Issued:
        """Files that are about to change."""
        files = Issued(tmp_path / "live.pem", tmp_path / "live.key")
        put(files, first)
        return files

    @pytest.mark.parametrize("workers", [1, 2])
    def test_they_are_taken_by_every_worker_while_an_upload_goes_on(
        self, serve_https: Serve, live: Issued, second: Issued, workers: int
    ) -> None:
        server = serve_https(environment=live.settings, workers=workers)
        former = workers_of(server.process.pid)
        with server.connect_tls() as upload:
            rest = begin_push(server, upload)
            put(live, second)
            wait_for(lambda: "workers_replaced" in log_of(server))
            wait_for(lambda: {server.served_name() for _ in range(20)} == {"second"})
            upload.sendall(rest)
            assert upload.recv(100).startswith(b"HTTP/1.1 201")
        wait_for(lambda: not set(former) & set(workers_of(server.process.pid)))
        assert len(workers_of(server.process.pid)) == workers
        assert server.get("/v3/flat/acme.widgets/index.json").status == 200
        assert len(list((server.data / "run").glob("tls-*.pem"))) == 1
        assert server.stop() == 0
        assert "Unexpected" not in log_of(server)

    def test_new_connections_are_taken_all_the_time(self, serve_https: Serve, live: Issued, second: Issued) -> None:
        server = serve_https(environment=live.settings)
        put(live, second)
        while "workers_replaced" not in log_of(server):
            with server.connect():
                pass
        with server.connect():
            pass

    def test_links_that_are_swapped_are_followed(
        self, serve_https: Serve, first: Issued, second: Issued, tmp_path: Path
    ) -> None:
        """As secrets are mounted into containers, and as certbot keeps certificates."""
        for name, issued in (("..1", first), ("..2", second)):
            (tmp_path / name).mkdir()
            put(Issued(tmp_path / name / "tls.crt", tmp_path / name / "tls.key"), issued)
        (tmp_path / "..data").symlink_to("..1")
        mounted = Issued(tmp_path / "tls.crt", tmp_path / "tls.key")
        for file in (mounted.certificate, mounted.key):
            file.symlink_to(f"..data/{file.name}")
        server = serve_https(environment=mounted.settings)
        assert server.served_name() == "first"
        (tmp_path / "..new").symlink_to("..2")
        (tmp_path / "..new").rename(tmp_path / "..data")
        wait_for(lambda: server.served_name() == "second")

    def test_what_is_no_good_is_not_taken_and_what_comes_next_is(
        self, serve_https: Serve, live: Issued, second: Issued
    ) -> None:
        server = serve_https(environment=live.settings)
        workers = workers_of(server.process.pid)
        shutil.copy(second.certificate, live.certificate)
        wait_for(lambda: log_of(server).count("certificate_refused") == 1)
        assert "The previous certificate stays in use." in log_of(server)
        live.certificate.unlink()
        wait_for(lambda: log_of(server).count("certificate_refused") == 2)
        assert server.served_name() == "first"
        assert workers_of(server.process.pid) == workers
        put(live, second)
        wait_for(lambda: server.served_name() == "second")

    def test_a_worker_that_dies_while_the_files_are_no_good_is_replaced(self, serve_https: Serve, live: Issued) -> None:
        server = serve_https(environment=live.settings)
        live.key.write_text("none")
        wait_for(lambda: "certificate_refused" in log_of(server))
        [worker] = workers_of(server.process.pid)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: is_served(server))
        assert server.served_name() == "first"

    def test_a_key_of_a_kind_that_is_not_taken_leaves_the_workers_as_they_are(
        self, serve_https: Serve, authority: Authority, live: Issued, second: Issued
    ) -> None:
        server = serve_https(environment=live.settings)
        [worker] = workers_of(server.process.pid)
        put(live, authority.issue("p521-too", key=P521))
        wait_for(lambda: "workers_not_replaced" in log_of(server))
        assert workers_of(server.process.pid) == [worker]
        assert server.served_name() == "first"
        put(live, second)
        wait_for(lambda: server.served_name() == "second")

    def test_a_worker_that_dies_just_afterwards_does_not_end_the_server(
        self, serve_https: Serve, live: Issued, second: Issued
    ) -> None:
        """Two deaths within seconds would: a replacement is none."""
        server = serve_https(environment=live.settings)
        former = workers_of(server.process.pid)
        put(live, second)
        wait_for(lambda: "workers_replaced" in log_of(server) and not set(former) & set(workers_of(server.process.pid)))
        [worker] = workers_of(server.process.pid)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: is_served(server))
        assert server.served_name() == "second"

    def test_a_server_that_stops_waits_for_workers_that_were_replaced(
        self, serve_https: Serve, live: Issued, second: Issued
    ) -> None:
        server = serve_https(environment=live.settings)
        with server.connect_tls() as upload:
            rest = begin_push(server, upload)
            put(live, second)
            wait_for(lambda: "workers_replaced" in log_of(server))
            server.process.terminate()
            upload.sendall(rest)
            assert upload.recv(100).startswith(b"HTTP/1.1 201")
        assert server.stop() == 0


def put(files: Issued, new: Issued) -> None:
    """Replace both files, each in one step."""
    for source, target in ((new.certificate, files.certificate), (new.key, files.key)):
        draft = target.with_suffix(".new")
        shutil.copy(source, draft)
        draft.replace(target)


def begin_push(server: HttpsServer, connection: ssl.SSLSocket) -> bytes:
    """Send the beginning of a push that a worker surely has begun to read; returns the rest."""
    body, content_type = form(nupkg())
    head = (
        f"PUT /api/v2/package HTTP/1.1\r\nHost: x\r\nX-NuGet-ApiKey: {server.key}\r\nContent-Type: {content_type}\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100")
    connection.sendall(body[:100])
    return body[100:]


def is_served(server: HttpsServer) -> bool:
    """Whether somebody answers just now."""
    try:
        return server.get("/health/live").status == 200
    except OSError:
        return False
