"""A server behind nginx, which is set up as the documentation says and ends TLS."""

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders import nupkg
from tests.cli.running import is_listening, wait_for
from tests.conftest import require_program
from tests.https import Authority, HttpsServer, Issued
from tests.protocol.wire import json_of
from tests.servers import Server, free_port

DOCUMENTED = Path(__file__).parents[2] / "docs" / "https.md"


@contextmanager
def documented_nginx(home: Path, issued: Issued, port: int, upstream: int) -> Iterator[None]:
    """nginx with the documented server, on other ports and with another certificate."""
    found = re.search(r"^    server \{\n.*?^    \}\n", DOCUMENTED.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    documented = re.sub(r"listen \[::\].*\n", "", found.group())
    for old, new in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/letsencrypt/live/nuget.example.com/fullchain.pem", str(issued.certificate)),
        ("/etc/letsencrypt/live/nuget.example.com/privkey.pem", str(issued.key)),
        ("127.0.0.1:5555", f"127.0.0.1:{upstream}"),
    ):
        assert documented.count(old) == 1
        documented = documented.replace(old, new)
    home.mkdir()
    temporary = "".join(
        f"{name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    http = f"access_log off; {temporary} {documented}"
    settings = f"daemon off; master_process off; pid {home}/pid; events {{}} http {{ {http} }}"
    (home / "nginx.conf").write_text(settings)
    command = [require_program("nginx"), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: process.poll() is not None or is_listening(port))
            assert process.poll() is None, (home / "error.log").read_text()
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def test_packages_are_pushed_and_restored_through_it(
    serve: Callable[..., Server], authority: Authority, tmp_path: Path
) -> None:
    """Bodies far beyond nginx's own limit; every address is the public one."""
    outside = free_port()
    public = f"https://127.0.0.1:{outside}"
    settings = {"MOTHERLODE_SERVER_PUBLIC_URL": public, "MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
    inner = serve(environment=settings)
    through = HttpsServer(inner.process, public, inner.data, inner.key, authority=authority)
    package = nupkg(payload_bytes=20_000_000)
    with documented_nginx(tmp_path / "nginx", authority.issue("proxy"), outside, inner.port):
        addresses = {resource["@id"] for resource in json_of(through.get("/v3/index.json"))["resources"]}
        assert all(address.startswith(f"{public}/") for address in addresses)
        assert through.push(package).status == 201
        assert through.push(package).status == 409
        assert through.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").body == package


def test_without_a_public_address_forwarded_headers_make_the_addresses(
    serve: Callable[..., Server], authority: Authority, tmp_path: Path
) -> None:
    """Over HTTP/2 as over HTTP/1.1."""
    outside = free_port()
    inner = serve(environment={"MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1"})
    with documented_nginx(tmp_path / "nginx", authority.issue("proxy"), outside, inner.port):
        for option in ("--http1.1", "--http2"):
            command = [require_program("curl"), "-sS", option, "--cacert", str(authority.certificate)]
            asked = f"https://localhost:{outside}"
            document = subprocess.run([*command, f"{asked}/v3/index.json"], check=True, capture_output=True, timeout=60)
            assert set(re.findall(r'"@id":"([^"]*?)/(?:v3|api)/', document.stdout.decode())) == {asked}


def test_credentials_go_through_and_a_body_is_not_kept_back(authority: Authority, tmp_path: Path) -> None:
    """The server sees the head of a push, with all its credentials, while most of the body is still to be sent."""
    outside = free_port()
    with (
        socket.create_server(("127.0.0.1", 0)) as upstream,
        documented_nginx(tmp_path / "nginx", authority.issue("proxy"), outside, upstream.getsockname()[1]),
        socket.create_connection(("127.0.0.1", outside), timeout=60) as raw,
        authority.context().wrap_socket(raw, server_hostname="127.0.0.1") as client,
    ):
        upstream.settimeout(60)
        client.sendall(
            b"PUT /api/v2/package HTTP/1.1\r\nHost: nuget.example.com\r\nAuthorization: Basic Ym9iOnNlY3JldA==\r\n"
            b"X-NuGet-ApiKey: key\r\nX-Forwarded-For: 192.0.2.7\r\nContent-Length: 200000000\r\n\r\n" + bytes(100_000)
        )
        connection, _ = upstream.accept()
        with connection:
            head = connection.makefile("rb").read(2000).partition(b"\r\n\r\n")[0].decode().lower().split("\r\n")
    assert {
        "host: nuget.example.com",
        "authorization: basic ym9ionnly3jlda==",
        "x-nuget-apikey: key",
        "x-forwarded-for: 192.0.2.7, 127.0.0.1",
        "x-forwarded-proto: https",
        "content-length: 200000000",
    } <= set(head)
