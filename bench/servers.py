"""The two servers, each with one worker on the servers' core, access log and all else as one would run it.

nginx serves files from a folder (and takes files, by WebDAV's PUT), with sendfile, an access log as Debian has it, and
answers compressed before (`gzip_static`): the least that sending these bytes can cost on this machine.
"""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cores import on_server_core
from bench.trees import Tree
from tests.support.servers import Server, free_port, start_server

_READY_TIMEOUT_S = 600
_NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 1024; }}
http {{
  access_log access.log;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  etag on;
  gzip_static on;
  keepalive_requests 1000000000;
  client_body_temp_path incoming;
  proxy_temp_path unused; fastcgi_temp_path unused; uwsgi_temp_path unused; scgi_temp_path unused;
  server {{
    listen 127.0.0.1:{port};
    root static;
    location /dav/ {{ dav_methods PUT; create_full_put_path on; client_max_body_size 0; client_body_buffer_size 1m; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx; what lies in `static` is served."""

    port: int
    static: Path
    tree: Tree

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Motherlode:
    """A running Motherlode that is ready: what it still had to build at its start is built."""

    server: Server
    tree: Tree

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return self.server.port

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return self.server.url

    def get(self, path: str, *, gzip: bool = False) -> tuple[bytes, bool]:
        """The body as it came, and whether it is compressed. Raises OSError for any answer but 200."""
        answer = self.server.get(path, **({"Accept_Encoding": "gzip"} if gzip else {}))
        if answer.status != 200:
            raise OSError(f"{path} answers {answer.status}: {answer.body[:200]!r}")
        return answer.body, answer.header("Content-Encoding") == "gzip"

    def find_resource(self, kind: str) -> str | None:
        """The path at which the service index says that resource is, query and fragment left off."""
        document = json.loads(self.get("/v3/index.json")[0])
        found = (str(resource["@id"]) for resource in document["resources"] if resource["@type"] == kind)
        return next((address.removeprefix(self.url) for address in found), None)


@contextmanager
def motherlode(data: Path) -> Iterator[Motherlode]:
    """Motherlode on a data folder, from when it is ready until it was stopped; its log lies beside the folder."""
    with on_server_core():
        server = start_server(data=data, environment={"MOTHERLODE_LOG_FORMAT": "json"})
    try:
        _wait_until_ready(server)
        yield Motherlode(server, Tree(server.process.pid))
    finally:
        server.stop()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while (answer := server.get("/health/ready")).status != 200:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready after {_READY_TIMEOUT_S} s: {answer.body!r}")
        time.sleep(0.5)


@contextmanager
def nginx(folder: Path) -> Iterator[Nginx]:
    """nginx in a folder of its own."""
    static = folder / "static"
    static.mkdir(parents=True)
    port = free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(port=port) + _user())
    with on_server_core():
        process = subprocess.Popen(["nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"])
    try:
        _wait_until_accepting(port, process)
        yield Nginx(port, static, Tree(process.pid))
    finally:
        process.terminate()
        process.wait()


def _user() -> str:
    """As root, the worker would become somebody who may not read the folder."""
    return "user root;\n" if os.geteuid() == 0 else ""


def _wait_until_accepting(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise OSError("nginx did not start: is it installed?")
