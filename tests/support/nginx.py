"""nginx in front of a server, set up as the documentation says."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import require_program
from tests.support.https import Issued

DOCUMENTED = Path(__file__).parents[2] / "docs" / "https.md"


@contextmanager
def documented_nginx(
    home: Path, port: int, upstream: int, *, issued: Issued | None = None, path: str = "/", slash: str = ""
) -> Iterator[None]:
    """nginx with the documented server, on another port, before a server on the port `upstream`.

    It ends TLS with the certificate that was `issued`, or speaks plain http. Below another `path` it is changed as the
    documentation says; it takes that path off where there is a `slash` behind the upstream's address.
    """
    home.mkdir()
    temporary = "".join(
        f"{name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    server = _below(_on_port(_documented_server(), port, issued), path, slash, upstream)
    settings = (
        f"daemon off; master_process off; pid {home}/pid; events {{}} http {{ access_log off; {temporary} {server} }}"
    )
    (home / "nginx.conf").write_text(settings)
    command = [require_program("nginx"), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_open(process, port, home / "error.log")
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def _documented_server() -> str:
    found = re.findall(r"^    server \{\n.*?^    \}\n", DOCUMENTED.read_text(), re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def _on_port(server: str, port: int, issued: Issued | None) -> str:
    server = re.sub(r"listen \[::\].*\n", "", server)
    if issued is None:
        server = re.sub(r"ssl_\w+ .*\n", "", server)
        return _replace(server, "listen 443 ssl http2", f"listen 127.0.0.1:{port}")
    server = _replace(server, "listen 443", f"listen 127.0.0.1:{port}")
    server = _replace(server, "/etc/letsencrypt/live/nuget.example.com/fullchain.pem", str(issued.certificate))
    return _replace(server, "/etc/letsencrypt/live/nuget.example.com/privkey.pem", str(issued.key))


def _below(server: str, path: str, slash: str, upstream: int) -> str:
    server = _replace(server, "http://127.0.0.1:5555", f"http://127.0.0.1:{upstream}{slash}")
    if path == "/":
        return server
    prefix = path.rstrip("/")
    server = _replace(server, "location / {", f"location {path} {{")
    return _replace(server, 'X-Forwarded-Prefix ""', f'X-Forwarded-Prefix "{prefix}"')


def _replace(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"nginx ended with {process.returncode}: {log.read_text()}") from None
        else:
            return
    raise AssertionError("nginx did not open its port")
