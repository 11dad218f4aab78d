"""A server behind nginx, which is set up as the documentation says and ends TLS."""

import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conftest import require_program
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.https import Authority, HttpsServer
from tests.support.nginx import documented_nginx
from tests.support.servers import Server, free_port


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
    with documented_nginx(tmp_path / "nginx", outside, inner.port, issued=authority.issue("proxy")):
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
    with documented_nginx(tmp_path / "nginx", outside, inner.port, issued=authority.issue("proxy")):
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
        documented_nginx(tmp_path / "nginx", outside, upstream.getsockname()[1], issued=authority.issue("proxy")),
        socket.create_connection(("127.0.0.1", outside), timeout=60) as raw,
        authority.context().wrap_socket(raw, server_hostname="127.0.0.1") as client,
    ):
        upstream.settimeout(60)
        client.sendall(
            b"PUT /api/v2/package HTTP/1.1\r\nHost: nuget.example.com\r\nAuthorization: Basic Ym9iOnNlY3JldA==\r\n"
            b"X-NuGet-ApiKey: key\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: evil.example\r\n"
            b"X-Forwarded-Prefix: /evil\r\nX-Forwarded-Port: 1\r\nForwarded: for=192.0.2.7\r\n"
            b"Content-Length: 200000000\r\n\r\n" + bytes(100_000)
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
    forwarded = {line.partition(":")[0] for line in head if "forwarded" in line}
    assert forwarded == {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    assert "evil" not in str(head)
