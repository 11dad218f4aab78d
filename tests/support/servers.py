"""Servers for tests: the real program in a process of its own, on a port of its own, spoken to over real sockets."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.leaks import is_leak

START_TIMEOUT_S = 60
MOTHERLODE = Path(sys.executable).with_name("motherlode")


@dataclass(slots=True)
class Answer:
    """What came back: `headers` keep their order and repetitions."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all_headers(self, name: str) -> list[str]:
        """All headers of that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(slots=True)
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    key: str
    panel: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return urlsplit(self.url).port or 0

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = self.open_connection()
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        shows_key = "create-verification-key" in path
        assert shows_key or not is_leak(repr(answer.headers).encode() + answer.body), "an answer holds a secret"
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """GET; header names with `_` for `-`."""
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def push(self, package: bytes, *, feed: str = "", key: str | None = None) -> Answer:
        """Push as dotnet does, in a form; `feed` is a path such as /feeds/other."""
        body, content_type = form(package)
        headers = {"Content-Type": content_type}
        sent_key = self.key if key is None else key
        if sent_key:
            headers["X-NuGet-ApiKey"] = sent_key
        return self.request("PUT", f"{feed}/api/v2/package/", body=body, headers=headers)

    def check(self, package: bytes, *, feed: str = "", key: str | None = None) -> Answer:
        """Ask what a push would say."""
        body, content_type = form(package)
        headers = {"Content-Type": content_type, "X-NuGet-ApiKey": self.key if key is None else key}
        return self.request("POST", f"{feed}/api/v1/check", body=body, headers=headers)

    def change(self, method: str, package_id: str, version: str, *, key: str | None = None) -> Answer:
        """DELETE (unlist) or POST (relist) a version."""
        headers = {"X-NuGet-ApiKey": self.key if key is None else key}
        return self.request(method, f"/api/v2/package/{package_id}/{version}", headers=headers)

    def open_connection(self) -> http.client.HTTPConnection:
        """What one request is sent on."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def connect(self) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def stop(self) -> int:
        """Ask it to end, and wait until it has; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(START_TIMEOUT_S)
        finally:
            self.kill()
            if self.process.stdout:
                self.process.stdout.close()

    def kill(self) -> None:
        """End it as a loss of power would: kill -9."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(START_TIMEOUT_S)


def form(package: bytes) -> tuple[bytes, str]:
    """A multipart form around a package, with a quoted boundary, and its Content-Type."""
    boundary = str(uuid.uuid4())
    head = (
        f"--{boundary}\r\nContent-Type: application/octet-stream\r\n"
        "Content-Disposition: form-data; name=package; filename=package.nupkg\r\n\r\n"
    )
    return head.encode() + package + f"\r\n--{boundary}--\r\n".encode(), f'multipart/form-data; boundary="{boundary}"'


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that would set up a server, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTHERLODE_")}
    return kept | more


def start_server(
    *,
    data: Path,
    port: int | None = None,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
    arguments: Iterable[str] = (),
) -> Server:
    """Start `motherlode serve` and wait until its panel says that it answers."""
    port = port or free_port()
    command = [
        str(MOTHERLODE),
        "serve",
        "--data",
        str(data),
        "--port",
        str(port),
        "--workers",
        str(workers),
        *arguments,
    ]
    log = (data.parent / f"{data.name}.log").open("a")
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, text=True, env=clean_environment(**(environment or {}))
    )
    log.close()
    server = Server(process, f"http://127.0.0.1:{port}", data, (environment or {}).get("MOTHERLODE_BOOTSTRAP_KEY", ""))
    web = (environment or {}).get("MOTHERLODE_SERVER_PUBLIC_URL") or server.url
    server.panel = _read_panel(process, web.rstrip("/"), data)
    if not server.key:
        server.key = (data / "first-key.txt").read_text().strip()
    return server


def _read_panel(process: subprocess.Popen[str], url: str, data: Path) -> list[str]:
    assert process.stdout
    guard = threading.Timer(START_TIMEOUT_S, process.kill)
    guard.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == f"{url}/":
                return lines
    finally:
        guard.cancel()
    process.wait(START_TIMEOUT_S)
    process.stdout.close()
    raise AssertionError(
        f"the server ended with {process.returncode}: {(data.parent / f'{data.name}.log').read_text()}"
    )
