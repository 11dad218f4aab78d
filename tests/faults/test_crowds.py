"""Crowds of clients that hold connections, trickle bodies, or read no answers.

Others are served, what is kept for all of them together stays within a bound, and the server ends what they leave
undone."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.crowds import Worker, count_ended, crowd, wait_until
from tests.faults.processes import linux_only
from tests.support.builders import nupkg
from tests.support.https import HttpsServer, make_authority, start_https_server
from tests.support.servers import Server

pytestmark = linux_only

GROWTH_MB = 135
"""What a crowd may cost in memory: about 110 MB are there without one."""
PER_ADDRESS = 512
OWN_SOCKETS = 16
HURRIED = {"MOTHERLODE_SERVER_IDLE_TIMEOUT": "2s", "MOTHERLODE_SERVER_WRITE_TIMEOUT": "4s"}
PACKAGE = "/v3/flat/acme.large/1.0.0/acme.large.1.0.0.nupkg"
README = "/v3/flat/acme.large/1.0.0/readme"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"

UNFINISHED = {
    "silent": b"",
    "half a line": b"GET /v3/ind",
    "half a head": b"GET /v3/index.json HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 30_000,
    "a preface of HTTP/2": PREFACE,
    "HTTP/2 without a request": PREFACE + SETTINGS,
}


def assert_others_are_served(server: Server) -> None:
    """Each on a connection of its own, as whoever comes first."""
    for _ in range(10):
        assert server.get("/v3/index.json").status == 200


def get(path: str, *headers: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", "")
    return "\r\n".join(lines).encode()


@pytest.fixture(scope="module")
def large() -> bytes:
    """A package of 8 MB with a readme of 900 KB."""
    readme = b"# Large\n\n" + b"Much is to be said of it. " * 35_000
    return nupkg("Acme.Large", payload_bytes=8_000_000, readme="README.md", files={"README.md": readme})


@pytest.fixture
def https_server(tmp_path: Path) -> Iterator[HttpsServer]:
    authority = make_authority(tmp_path)
    settings = authority.issue("server").settings | HURRIED
    server = start_https_server(authority, data=tmp_path / "data", environment=settings)
    yield server
    server.stop()


class TestUnfinished:
    """Connections on which no request is ever complete: as many as once stopped the server, and more."""

    @pytest.mark.parametrize(
        ("name", "http2"),
        [*((name, "off") for name in UNFINISHED), ("silent", "on"), ("HTTP/2 without a request", "on")],
    )
    def test_of_one_address_are_bounded_in_number_and_time(
        self, serve: Callable[..., Server], name: str, http2: str
    ) -> None:
        said = UNFINISHED[name]
        server = serve(environment=HURRIED | {"MOTHERLODE_SERVER_HTTP2": http2})
        worker = Worker(server)
        before_mb = worker.memory_mb
        with crowd(server, 1100, said) as held:
            assert_others_are_served(server)
            wait_until(lambda: worker.count_sockets() <= PER_ADDRESS + OWN_SOCKETS, what="the guard has looked")
            assert_others_are_served(server)
            if http2 == "off" or b"PRI" not in said:
                wait_until(lambda: count_ended(held) == len(held), what="all of them are ended")
            assert worker.peak_mb < before_mb + GROWTH_MB

    def test_of_many_addresses_are_bounded_in_all(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_CONNECTIONS": "300"})
        worker = Worker(server)
        with crowd(server, 500, sources=100) as held:
            wait_until(lambda: worker.count_sockets() <= 300 + OWN_SOCKETS, what="the guard has looked")
            assert_others_are_served(server)
            assert count_ended(held) < len(held)

    def test_more_than_the_engine_takes_at_once_hold_nobody_up_for_long(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_CONNECTIONS": "64"})
        with crowd(server, 1000):
            assert_others_are_served(server)

    def test_a_proxy_that_is_trusted_may_have_any_number(self, serve: Callable[..., Server]) -> None:
        settings = {"MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.1.1", "MOTHERLODE_SERVER_CONNECTIONS_PER_ADDRESS": "10"}
        server = serve(environment=settings)
        with crowd(server, 50, sources=2) as held:
            proxy, stranger = held[::2], held[1::2]
            wait_until(lambda: count_ended(stranger) >= 15, what="the guard has looked")
            assert count_ended(proxy) == 0

    def test_those_in_use_stay_and_the_idlest_go(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_CONNECTIONS_PER_ADDRESS": "20"})
        with crowd(server, 1) as [used], crowd(server, 40) as silent:
            wait_until(lambda: _is_answered(used) and count_ended(silent) >= 21, what="the guard has looked")
            assert_others_are_served(server)
            assert _is_answered(used)

    def test_handshakes_of_tls_that_are_never_finished(self, https_server: HttpsServer) -> None:
        with crowd(https_server, 600) as silent, crowd(https_server, 500, b"\x16\x03\x01\x02\x00\x01") as half:
            held = silent + half
            assert_others_are_served(https_server)
            wait_until(lambda: count_ended(held) == len(held), what="all of them are ended")

    def test_tls_without_a_request(self, https_server: HttpsServer) -> None:
        context = https_server.authority.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with ExitStack() as opened:
            held = [opened.enter_context(https_server.connect_tls(context)) for _ in range(300)]
            assert_others_are_served(https_server)
            wait_until(lambda: count_ended(held) == len(held), what="all of them are ended")


def _is_answered(connection: socket.socket) -> bool:
    connection.sendall(get("/health/live"))
    return connection.recv(10_000).startswith(b"HTTP/1.1 200")


class TestBodiesOfStrangers:
    """Bodies that come byte by byte, and whose senders have no key."""

    HEAD = b"PUT /api/v2/package HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: 1000000\r\n\r\n"
    KEYS = (b"", b"X-NuGet-ApiKey: wrong\r\n")

    @pytest.mark.parametrize("key", KEYS, ids=["no key", "wrong key"])
    def test_few_are_waited_for_and_not_for_long(self, serve: Callable[..., Server], key: bytes) -> None:
        server = serve(environment={"MOTHERLODE_LIMITS_BODY_STALL": "4s"} | HURRIED)
        worker = Worker(server)
        before_mb = worker.memory_mb
        with crowd(server, 900, self.HEAD % key + b"P", sources=3) as held:
            assert_others_are_served(server)
            wait_until(lambda: count_ended(held) >= 900 - 3 * 16, what="all but a few are answered at once")
            while count_ended(held) < len(held):
                for connection in held:
                    _say_more(connection)
                assert_others_are_served(server)
            assert worker.peak_mb < before_mb + GROWTH_MB

    def test_packages_of_who_has_a_key_hold_little(self, serve: Callable[..., Server]) -> None:
        """They stop when most of a piece is there."""
        server = serve()
        worker = Worker(server)
        before_mb = worker.memory_mb
        head = self.HEAD % f"X-NuGet-ApiKey: {server.key}\r\n".encode()
        with crowd(server, 400, head + b"P" * 900_000):
            assert_others_are_served(server)
            assert worker.peak_mb < before_mb + GROWTH_MB

    def test_forms_of_pages_hold_little(self, serve: Callable[..., Server]) -> None:
        """A form is read before anybody is known."""
        server = serve()
        worker = Worker(server)
        before_mb = worker.memory_mb
        head = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        with crowd(server, 400, head + b"Content-Length: 1000000\r\n\r\n" + b"a" * 900_000):
            assert_others_are_served(server)
            assert worker.peak_mb < before_mb + GROWTH_MB


def _say_more(connection: socket.socket) -> None:
    try:
        connection.send(b"K")
    except OSError:
        return


class TestUnreadAnswers:
    """Clients that ask for much and read none of it."""

    @pytest.mark.parametrize(
        "asked",
        [get(PACKAGE), get(PACKAGE, "Range: bytes=1-"), get(README), get(PACKAGE) * 50],
        ids=["package", "range", "document", "pipeline"],
    )
    def test_hold_few_files_and_little_memory_and_are_ended(
        self, serve: Callable[..., Server], large: bytes, asked: bytes
    ) -> None:
        server = serve(environment=HURRIED)
        assert server.push(large).status == 201
        assert server.get(README).status == 200
        worker = Worker(server)
        before_mb = worker.memory_mb
        with crowd(server, 600, asked, sources=4):
            assert_others_are_served(server)
            assert server.get(PACKAGE).body == large
            assert worker.count_packages() <= 64 + 64
            wait_until(lambda: worker.count_sockets() < OWN_SOCKETS, what="all of them are ended")
            wait_until(lambda: worker.count_packages() == 0, what="all files are closed")
            assert worker.peak_mb < before_mb + GROWTH_MB

    def test_a_range_that_is_given_up_is_read_no_further(self, server: Server) -> None:
        package = nupkg("Acme.Large", payload_bytes=64_000_000)
        assert server.push(package).status == 201
        worker = Worker(server)
        before_mb = worker.read_mb
        for _ in range(100):
            with crowd(server, 1, get(PACKAGE, "Range: bytes=1-")) as [connection]:
                assert connection.recv(100)
        wait_until(lambda: worker.count_packages() == 0, what="all files are closed")
        assert_others_are_served(server)
        assert worker.read_mb - before_mb < 200  # of 6,400

    @pytest.mark.parametrize("headers", [(), ("Range: bytes=0-",), ("Range: bytes=1000-",)])
    def test_a_slow_reader_gets_all(self, serve: Callable[..., Server], large: bytes, headers: tuple[str, ...]) -> None:
        """Who reads a few KB a second is served, whoever else reads nothing."""
        server = serve(environment=HURRIED)
        assert server.push(large).status == 201
        worker = Worker(server)
        with crowd(server, 200, get(PACKAGE), sources=4), crowd(server, 1, get(PACKAGE, *headers), first=9) as [reader]:
            received = bytearray()
            while worker.count_sockets() > OWN_SOCKETS:
                received += reader.recv(20_000)
                assert_others_are_served(server)
            while chunk := _receive(reader, len(received)):
                received += chunk
            assert received.partition(b"\r\n\r\n")[2] == large[1000 if "1000" in str(headers) else 0 :]


def _receive(connection: socket.socket, received: int) -> bytes:
    """More of an answer, until about all of the large package is there."""
    connection.settimeout(2)
    try:
        return connection.recv(1_000_000)
    except TimeoutError:
        return b""


class TestHttp2:
    """It is off; where it is on, the engine is held to little a stream."""

    def test_is_not_spoken_unless_it_is_set(self, server: Server) -> None:
        with crowd(server, 1, PREFACE + SETTINGS) as [connection]:
            wait_until(lambda: count_ended([connection]) == 1, what="the server has ended it")
            assert not connection.recv(10_000).startswith(b"\0")

    def test_headers_that_refer_to_each_other_cost_little(self, serve: Callable[..., Server]) -> None:
        """One header of 4,000 bytes, then named by a byte each time: 16 MB of headers out of 5 KB, for each stream."""
        server = serve(environment={"MOTHERLODE_SERVER_HTTP2": "on"})
        worker = Worker(server)
        before_mb = worker.memory_mb
        request = b"\x82\x86\x84" + b"\x41\x09localhost"  # GET http / at localhost
        large = b"\x40\x01x" + _number(4000, 7) + b"v" * 4000
        frames = [_headers(number, request + large + b"\xbe" * 4000) for number in range(1, 401, 2)]
        with crowd(server, 1, PREFACE + SETTINGS) as [connection]:
            for frame in frames:
                try:
                    connection.sendall(frame)
                except ConnectionError:
                    break
            assert_others_are_served(server)
            assert worker.peak_mb < before_mb + GROWTH_MB
            connection.close()

    @pytest.mark.parametrize("path", [PACKAGE, README])
    def test_streams_without_a_window_hold_few_files_and_little_memory(
        self, serve: Callable[..., Server], large: bytes, path: str
    ) -> None:
        # The engine keeps such streams after their connection ended: a stop then waits for as long as it may.
        environment = {"MOTHERLODE_SERVER_HTTP2": "on", "MOTHERLODE_SERVER_STOP_TIMEOUT": "5s"}
        server = serve(environment=environment | HURRIED)
        assert server.push(large).status == 201
        worker = Worker(server)
        before_mb = worker.memory_mb
        no_window = struct.pack(">BHBBIHI", 0, 6, 4, 0, 0, 4, 0)
        request = b"\x82\x86" + b"\x04" + _number(len(path), 7) + path.encode() + b"\x41\x09localhost"
        asked = b"".join(_headers(number, request) for number in range(1, 64, 2))
        with crowd(server, 30, PREFACE + no_window + asked):
            assert_others_are_served(server)
            assert worker.count_packages() <= 64
            wait_until(lambda: worker.count_packages() == 0, what="all files are closed")
            assert worker.peak_mb < before_mb + GROWTH_MB


def _number(value: int, bits: int) -> bytes:
    """An integer with that prefix (RFC 7541, 5.1), its other bits zero."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    rest, value = bytearray([most]), value - most
    while value >= 128:
        rest.append(value % 128 | 128)
        value //= 128
    return bytes([*rest, value])


def _headers(stream: int, block: bytes) -> bytes:
    """A HEADERS frame that ends headers and stream."""
    return struct.pack(">BHBBI", len(block) >> 16, len(block) & 0xFFFF, 1, 0x5, stream) + block
