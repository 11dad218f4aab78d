"""Pushes in every form that clients send, and what happens to those that cannot be taken."""

import hashlib
import socket
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import require_program
from tests.protocol.refusals import faults_of_refusal
from tests.protocol.traces_left import files_below, held_by
from tests.protocol.wire import chunked, exchange, read_answer, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, form

MIB = 1024 * 1024
DISPOSITION = 'Content-Disposition: form-data; name="package"; filename="p.nupkg"'
OTHER_PART = b'--b\r\nContent-Disposition: form-data; name="comment"\r\n\r\nno package\r\n'


@pytest.fixture
def package(request: pytest.FixtureRequest) -> bytes:
    """A package of the test's own."""
    return nupkg(f"Push.{zlib.crc32(request.node.name.encode())}", payload_bytes=3000)


def put(
    server: Server, body: bytes, *headers: str, path: str = "/api/v2/package", key: str | None = None, **more: str
) -> Answer:
    """PUT a body as bytes on a socket."""
    key_header = f"X-NuGet-ApiKey: {server.key if key is None else key}"
    return exchange(server, request_bytes("PUT", path, key_header, *headers, body=body, **more))


def part(package: bytes, *headers: str) -> bytes:
    """One part of a form with the boundary `b`, without its end."""
    return "\r\n".join(["--b", *headers, "", ""]).encode("latin-1") + package + b"\r\n"


def is_stored(server: Server, package: bytes) -> bool:
    """Whether exactly these bytes lie in the store."""
    blobs = files_below(server.data / "blobs")
    return any(path.name.startswith(hashlib.sha256(package).hexdigest()) for path in blobs)


FORM = "Content-Type: multipart/form-data; boundary=b"


class TestForms:
    """The first part is the package, whatever its name, file name or headers; later parts are ignored."""

    @pytest.mark.parametrize(
        "headers",
        [
            ("Content-Type: application/octet-stream", "Content-Disposition: form-data; name=package; filename=a"),
            (DISPOSITION,),
            ('Content-Disposition: form-data; name="comment"',),
            ("Content-Disposition: attachment",),
            ("X-Other: anything",),
            ("Content-Disposition: form-data; name=\"package\"; filename*=UTF-8''%E2%82%AC%20a.nupkg",),
            ("Content-Disposition: form-data; filename=\"a;b\"; filename*=utf-8'en'p.nupkg; name=package",),
            ("Content-Type: text/plain; charset=utf-8", 'Content-Disposition: form-data; name="päckage"'),
            (),
        ],
        ids=[
            "dotnet",
            "quoted",
            "no file field",
            "attachment",
            "other",
            "extended",
            "extended and plain",
            "text",
            "no headers",
        ],
    )
    def test_the_first_part_is_the_package(
        self, shared_server: Server, package: bytes, headers: tuple[str, ...]
    ) -> None:
        assert put(shared_server, part(package, *headers) + b"--b--\r\n", FORM).status == 201
        assert is_stored(shared_server, package)

    def test_later_parts_are_ignored(self, shared_server: Server, package: bytes) -> None:
        other = part(nupkg("Push.Second"), DISPOSITION)
        assert put(shared_server, part(package, DISPOSITION) + other + OTHER_PART + b"--b--\r\n", FORM).status == 201
        assert is_stored(shared_server, package)
        assert shared_server.get("/v3/flat/push.second/index.json").status == 404

    def test_a_text_in_front_of_the_package_is_taken_for_it(self, shared_server: Server, package: bytes) -> None:
        assert put(shared_server, OTHER_PART + part(package, DISPOSITION) + b"--b--\r\n", FORM).status == 400
        assert not is_stored(shared_server, package)

    @pytest.mark.parametrize("kind", [None, "application/octet-stream", "application/zip", "text/plain", ""])
    def test_a_body_that_is_no_form_is_the_package(
        self, shared_server: Server, package: bytes, kind: str | None
    ) -> None:
        headers = [] if kind is None else [f"Content-Type: {kind}"]
        assert put(shared_server, package, *headers).status == 201
        assert is_stored(shared_server, package)

    @pytest.mark.parametrize(
        "kind",
        [
            "multipart/form-data; boundary=b",
            "multipart/form-data",
            "Multipart/Form-Data; boundary=",
            "multipart/mixed; boundary=PK",
        ],
    )
    @pytest.mark.parametrize("payload_bytes", [0, 3_000_000])
    def test_a_package_alone_is_taken_whatever_form_its_type_names(
        self, shared_server: Server, kind: str, payload_bytes: int
    ) -> None:
        """As `curl --data-binary` sends it with a header copied from a form."""
        package = nupkg(f"Push.Raw{payload_bytes}.K{zlib.crc32(kind.encode())}", payload_bytes=payload_bytes)
        assert put(shared_server, package, f"Content-Type: {kind}").status == 201
        assert is_stored(shared_server, package)

    @pytest.mark.parametrize(
        "path",
        [
            *("/api/v2/package", "/api/v2/package/", "/api/v2", "/api/v2/", "/API/V2/Package/"),
            *("//api/v2/package", "/api//v2/package//", "///api/v2//", "/feeds//default//api/v2/package"),
            *("/api/v2/package/a.nupkg", "/api/v2/A%20b.1.0.NUPKG", "/api/v2/package//%C3%BC%0a.nupkg/"),
        ],
    )
    def test_every_address_of_push_takes_packages(self, shared_server: Server, package: bytes, path: str) -> None:
        body, kind = form(package)
        assert put(shared_server, body, f"Content-Type: {kind}", path=path).status == 201
        assert is_stored(shared_server, package)

    @pytest.mark.parametrize("path", ["/feeds/default/api/v2/package", "/FEEDS/DEFAULT/api/v2/"])
    def test_the_default_feed_answers_below_its_name_too(
        self, shared_server: Server, package: bytes, path: str
    ) -> None:
        assert put(shared_server, package, path=path).status == 201
        assert put(shared_server, package).status == 409


@pytest.mark.parametrize("path", ["/v3/index.json", "/v3/index.json/"])
def test_a_push_to_the_service_index_is_told_where_to_push(shared_server: Server, package: bytes, path: str) -> None:
    """# quirk: nuget 2.8.7 (with a slash) and Paket push to whatever address they were given as the source."""
    answer = put(shared_server, package, path=path, host=f"127.0.0.1:{shared_server.port}")
    assert answer.status == 404
    assert faults_of_refusal(answer) == []
    assert f"{shared_server.url}/api/v2/package" in (answer.header("x-nuget-warning") or "")


class TestFraming:
    """Chunked or with a length, HTTP/1.0 and 1.1, HTTP/2 by prior knowledge, Expect: 100-continue."""

    @pytest.mark.parametrize("size", [1, 7, 1000, 5_000_000])
    def test_chunks_of_any_size(self, shared_server: Server, package: bytes, size: int) -> None:
        body, kind = form(package)
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        answer = put(shared_server, chunked(*chunks), f"Content-Type: {kind}", "Transfer-Encoding: chunked")
        assert answer.status == 201
        assert is_stored(shared_server, package)

    @pytest.mark.parametrize("headers", [(), ("Connection: keep-alive",)])
    def test_http_1_0(self, shared_server: Server, package: bytes, headers: tuple[str, ...]) -> None:
        body, kind = form(package)
        answer = put(shared_server, body, f"Content-Type: {kind}", *headers, version="1.0")
        assert answer.status == 201
        assert answer.header("content-length") == "0"
        assert is_stored(shared_server, package)

    def test_http_2_by_prior_knowledge(self, serve: Callable[..., Server], package: bytes, tmp_path: Path) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_HTTP2": "on"})
        (tmp_path / "p.nupkg").write_bytes(package)
        assert _curl(server, "--http2-prior-knowledge", "-F", f"package=@{tmp_path}/p.nupkg") == "2 201"
        assert is_stored(server, package)

    def test_expect_100_continue(self, shared_server: Server, package: bytes, tmp_path: Path) -> None:
        (tmp_path / "p.nupkg").write_bytes(package)
        arguments = ("--http1.1", "-H", "Expect: 100-continue", "--expect100-timeout", "60")
        assert _curl(shared_server, *arguments, "-F", f"package=@{tmp_path}/p.nupkg") == "1.1 201"
        assert is_stored(shared_server, package)

    def test_expect_100_continue_of_a_refused_push_gets_an_answer(self, shared_server: Server, package: bytes) -> None:
        """The final status may come instead of 100, before any of the body."""
        with shared_server.connect() as connection:
            connection.sendall(
                request_bytes("PUT", "/api/v2/package", "Expect: 100-continue", f"Content-Length: {len(package)}")
            )
            first = connection.recv(12)
            if first == b"HTTP/1.1 100":
                connection.recv(64)
                connection.sendall(package)
                first = connection.recv(12)
            assert first == b"HTTP/1.1 401"


def _curl(server: Server, *arguments: str) -> str:
    """The HTTP version and the status of a push by curl."""
    curl = require_program("curl")
    key = f"X-NuGet-ApiKey: {server.key}"
    url = f"{server.url}/api/v2/package"
    command = [curl, "-sS", "-o", "-", "-w", "%{http_version} %{http_code}", "-X", "PUT", "-H", key, *arguments, url]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


class TestBrokenForms:
    """No closing boundary, a body cut short, a client gone: 400 or nothing, and nothing stored."""

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"--b",
            b"--b--\r\n",
            b"no boundary at all",
            b"--b\r\nContent-Type: a/b\r\n",
            part(nupkg("Push.Unclosed"), DISPOSITION),
            part(nupkg("Push.Unclosed"), DISPOSITION) + b"--b",
            b"--b\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n" + nupkg("Push.Unclosed") + b"\r\n--b--",
        ],
        ids=["empty", "half", "no parts", "no boundary", "no blank line", "unclosed", "half closed", "long headers"],
    )
    def test_a_broken_form_is_refused(self, shared_server: Server, body: bytes) -> None:
        before = held_by(shared_server)
        answer = put(shared_server, body, FORM, *([] if body else ["Content-Length: 0"]))
        assert answer.status == 400
        assert faults_of_refusal(answer) == []
        assert held_by(shared_server) == before

    @pytest.mark.parametrize("boundary", ["", '""', "a" * 201, "ü", '"\x01"'])
    def test_a_boundary_that_cannot_be_used_is_refused(self, shared_server: Server, boundary: str) -> None:
        answer = put(shared_server, b"anything", f"Content-Type: multipart/form-data; boundary={boundary}")
        assert answer.status == 400

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "unheard-of"])
    def test_a_body_in_a_content_coding_is_415(self, shared_server: Server, package: bytes, coding: str) -> None:
        before = held_by(shared_server)
        answer = put(shared_server, package, f"Content-Encoding: {coding}")
        assert answer.status == 415
        assert faults_of_refusal(answer) == []
        assert held_by(shared_server) == before

    @pytest.mark.parametrize("framing", ["length", "chunks"])
    def test_a_body_cut_short_stores_nothing(self, shared_server: Server, package: bytes, framing: str) -> None:
        before = held_by(shared_server)
        key = f"X-NuGet-ApiKey: {shared_server.key}"
        if framing == "length":
            request = request_bytes("PUT", "/api/v2/package", key, body=package)[:-10]
        else:
            body = chunked(package)[:-5]
            request = request_bytes("PUT", "/api/v2/package", key, "Transfer-Encoding: chunked", body=body)
        with shared_server.connect() as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(12) in {b"", b"HTTP/1.1 400"}
        shared_server.get("/health/live")
        assert held_by(shared_server).rows == before.rows
        assert put(shared_server, package).status == 201


class TestKeys:
    """No key is 401, a wrong one 403; an empty or repeated header is a missing key."""

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ((), 401),
            (("X-NuGet-ApiKey:",), 401),
            (("X-NuGet-ApiKey:   ",), 401),
            (("X-NuGet-ApiKey: {key}", "X-NuGet-ApiKey: {key}"), 401),
            (("X-NuGet-ApiKey: ", "X-NuGet-ApiKey: {key}"), 401),
            (("X-NuGet-ApiKey: unknown",), 403),
            (("X-NuGet-ApiKey: {key}x",), 403),
            (("X-NuGet-ApiKey: {key}, {key}",), 403),
            (("X-NuGet-ApiKey: schlüssel",), 403),
            (("X-NuGet-ApiKey: " + "k" * 1024,), 403),
            (("X-NuGet-ApiKey: " + "k" * 1025,), 403),
            (("X-NuGet-ApiKey: " + "k" * 6000,), 403),
            (("Authorization: Basic Og==",), 401),
        ],
        ids=[
            "none",
            "empty",
            "blank",
            "repeated",
            "empty and repeated",
            "unknown",
            "longer",
            "joined",
            "not ASCII",
            "1024",
            "1025",
            "6000",
            "empty login",
        ],
    )
    @pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
    def test_the_key_decides(
        self, shared_server: Server, package: bytes, headers: tuple[str, ...], status: int, method: str
    ) -> None:
        before = held_by(shared_server)
        path = "/api/v2/package" if method == "PUT" else "/api/v2/package/No.Such/1.0.0"
        sent = [header.format(key=shared_server.key) for header in headers]
        answer = exchange(shared_server, request_bytes(method, path, *sent, body=package if method == "PUT" else b""))

        assert answer.status == status
        assert faults_of_refusal(answer) == []
        challenge = answer.header("www-authenticate")
        assert (challenge is not None and not challenge.lower().startswith("basic")) == (status == 401)
        assert held_by(shared_server) == before

    @pytest.mark.parametrize("login", ["Basic Og==", "Basic dTpw", "Bearer x", "nonsense"])
    def test_a_login_beside_the_key_changes_nothing(self, shared_server: Server, package: bytes, login: str) -> None:
        assert put(shared_server, package, f"Authorization: {login}").status == 201

    @pytest.mark.parametrize("length", [16, 1024])
    def test_a_key_of_up_to_1_kb_is_taken(self, serve: Callable[..., Server], package: bytes, length: int) -> None:
        key = "".join(chr(33 + at % 94) for at in range(length))
        server = serve(environment={"MOTHERLODE_BOOTSTRAP_KEY": key})
        assert put(server, package, key=key).status == 201


class TestRefusedBodies:
    """A refused body is read to its end before the answer, within a bound."""

    @pytest.mark.parametrize("framing", ["length", "chunks"])
    def test_all_of_a_refused_body_can_be_sent_and_the_connection_goes_on(
        self, shared_server: Server, framing: str
    ) -> None:
        size, piece = 40 * MIB, bytes(MIB)
        how = f"Content-Length: {size}" if framing == "length" else "Transfer-Encoding: chunked"
        with shared_server.connect() as connection:
            for _ in range(2):
                connection.sendall(request_bytes("PUT", "/api/v2/package", "X-NuGet-ApiKey: unknown", how))
                for _ in range(size // MIB):
                    connection.sendall(piece if framing == "length" else b"%x\r\n%b\r\n" % (MIB, piece))
                connection.sendall(b"" if framing == "length" else b"0\r\n\r\n")
                answer = read_answer(connection, "PUT")
                assert answer.status == 403
                assert faults_of_refusal(answer) == []
            connection.sendall(request_bytes("GET", "/health/live"))
            assert read_answer(connection).status == 200

    def test_a_body_far_beyond_the_limit_is_cut_off(self, serve: Callable[..., Server]) -> None:
        """64 MB past what could have been legal the connection is closed; nobody has to swallow terabytes."""
        server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})
        with server.connect() as connection:
            connection.sendall(
                request_bytes(
                    "PUT", "/api/v2/package", f"X-NuGet-ApiKey: {server.key}", f"Content-Length: {1024 * MIB}"
                )
            )
            sent = _send_until_cut(connection, 300 * MIB)
        assert 60 * MIB < sent < 200 * MIB
        assert server.get("/health/ready").status == 200
        assert held_by(server).spooled == frozenset()

    def test_a_body_within_the_bound_is_read_and_answered_413(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})
        with server.connect() as connection:
            size = 50 * MIB
            connection.sendall(
                request_bytes("PUT", "/api/v2/package", f"X-NuGet-ApiKey: {server.key}", f"Content-Length: {size}")
            )
            for _ in range(size // MIB):
                connection.sendall(bytes(MIB))
            assert read_answer(connection, "PUT").status == 413
            connection.sendall(request_bytes("GET", "/health/live"))
            assert read_answer(connection).status == 200


def _send_until_cut(connection: socket.socket, limit: int) -> int:
    sent = 0
    try:
        while sent < limit:
            sent += connection.send(bytes(MIB))
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent
