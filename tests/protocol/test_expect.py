"""`Expect: 100-continue`: what can be refused by the header alone is refused before the client is told to go on."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import require_program
from tests.protocol.feeds import create_feed
from tests.protocol.wire import read_answer, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, start_server

EXPECT = "Expect: 100-continue"
PUSH = "/api/v2/package/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a private feed, one for small packages, and one for new clients."""
    server = start_server(data=tmp_path_factory.mktemp("expect") / "data")
    create_feed(server, "inner", "read=authenticated")
    create_feed(server, "small", "max_package_size=1MB")
    create_feed(server, "new", "require_protocol_version=4.1.0")
    yield server
    server.stop()


def announce(server: Server, method: str, path: str, *headers: str) -> Answer:
    """Announce a body and send none of it: the final answer, after which the connection has to end."""
    key = (
        () if any(line.lower().startswith("x-nuget-apikey") for line in headers) else (f"X-NuGet-ApiKey: {server.key}",)
    )
    length = (
        () if any(line.startswith(("Content-Length", "Transfer")) for line in headers) else ("Content-Length: 90000",)
    )
    with server.connect() as connection:
        connection.sendall(request_bytes(method, path, *key, *headers, *length, EXPECT))
        answer = read_answer(connection, method)
        assert connection.recv(1) == b""
    return answer


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("PUT", PUSH, ["X-NuGet-ApiKey:"], 401),
        ("PUT", PUSH, ["X-NuGet-ApiKey: wrong"], 403),
        ("PUT", PUSH, ["X-NuGet-ApiKey: a", "X-NuGet-ApiKey: b"], 401),
        ("PUT", PUSH, ["Content-Length: 900000000000"], 413),
        ("PUT", f"/feeds/small{PUSH}", ["Content-Length: 1200000"], 413),
        (
            "PUT",
            f"/feeds/small{PUSH}",
            ["Content-Length: 1200000", "Content-Type: multipart/form-data; boundary=b"],
            413,
        ),
        ("PUT", PUSH, ["Content-Encoding: gzip"], 415),
        ("PUT", f"/feeds/nowhere{PUSH}", [], 404),
        ("PUT", f"/feeds/inner{PUSH}", ["X-NuGet-ApiKey: wrong"], 403),
        ("PUT", f"/feeds/new{PUSH}", [], 400),
        ("PUT", PUSH, ["Host: other"], 400),
        ("PUT", "/nowhere", [], 404),
        ("PUT", "/v3/index.json", [], 404),
        ("POST", "/v3/index.json", [], 405),
        ("POST", "/api/v1/check", ["X-NuGet-ApiKey: wrong"], 403),
        ("POST", "/sign-in", ["Sec-Fetch-Site: cross-site", "Content-Type: application/x-www-form-urlencoded"], 403),
        ("POST", "/sign-in", ["Content-Type: text/plain"], 400),
        ("PUT", PUSH, ["X-NuGet-ApiKey: wrong", "Transfer-Encoding: chunked"], 403),
    ],
)
def test_a_refusal_by_the_header_comes_first(
    server: Server, method: str, path: str, headers: list[str], status: int
) -> None:
    answer = announce(server, method, path, *headers)
    assert answer.status == status
    assert answer.header("connection") == "close"


def test_what_may_be_good_is_asked_for(server: Server) -> None:
    package = nupkg("Acme.Expected", payload_bytes=5_000_000)
    with server.connect() as connection:
        for status in (201, 409):
            head = request_bytes(
                "PUT", PUSH, f"X-NuGet-ApiKey: {server.key}", f"Content-Length: {len(package)}", EXPECT
            )
            connection.sendall(head)
            assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(package)
            assert read_answer(connection, "PUT").status == status


def test_a_body_that_comes_unasked_is_still_read_where_it_was_begun(server: Server) -> None:
    """What is wrong inside of it is told over a connection that goes on."""
    body = b"no package" * 10_000
    with server.connect() as connection:
        for _ in range(2):
            head = request_bytes("PUT", PUSH, f"X-NuGet-ApiKey: {server.key}", f"Content-Length: {len(body)}", EXPECT)
            connection.sendall(head + body)
            assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            answer = read_answer(connection, "PUT")
            assert (answer.status, answer.header("connection")) == (400, None)


def test_the_server_goes_on_after_many_of_them(server: Server) -> None:
    for _ in range(50):
        assert announce(server, "PUT", PUSH, "X-NuGet-ApiKey: wrong").status == 403
    assert server.get("/v3/index.json").status == 200


@pytest.mark.parametrize(("key", "status"), [("", "401"), ("wrong", "403")])
def test_over_http_2_where_nobody_waits_the_body_is_read_first(
    serve: Callable[..., Server], tmp_path: Path, key: str, status: str
) -> None:
    server = serve(environment={"MOTHERLODE_SERVER_HTTP2": "on"})
    file = tmp_path / "a.nupkg"
    file.write_bytes(nupkg(payload_bytes=3_000_000))
    command = [require_program("curl"), "-sS", "-o", str(tmp_path / "answer"), "-w", "%{http_code} %{http_version}"]
    options = ["--http2-prior-knowledge", "-H", EXPECT, "-H", f"X-NuGet-ApiKey: {key}", "-T", str(file)]
    done = subprocess.run(
        [*command, *options, server.url + PUSH], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"{status} 2"


@pytest.mark.parametrize("key", [True, False], ids=["good key", "wrong key"])
@pytest.mark.parametrize(
    "address", ["/api/v2/package/", "/api/v2/", "/feeds/default/api/v2/package/", "//api//v2/package//"]
)
def test_curl_uploads_a_file_under_its_own_name(server: Server, tmp_path: Path, address: str, *, key: bool) -> None:
    file = tmp_path / "Any Name (1).NuPkg"
    file.write_bytes(nupkg(f"Acme.Curl.N{len(address)}", payload_bytes=3_000_000))
    sent = server.key if key else "wrong"
    command = [require_program("curl"), "-sS", "-o", "-", "-w", "%{http_code} %{size_upload}", "-T", str(file)]
    done = subprocess.run(
        [*command, "-H", f"X-NuGet-ApiKey: {sent}", "-H", EXPECT, server.url + address],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    status, uploaded = done.stdout.rpartition("}")[2].split()
    assert (status, uploaded) == (("201", str(file.stat().st_size)) if key else ("403", "0"))
