"""Attacks with single inputs: whether readers of a document notice that somebody sends what takes long to understand.

A server of its own each time, on one worker and one core. The attack comes from an address of its own, as fast as the
server answers it, on as many connections as are named; what it sends are the inputs of `tests/bounds`. Beside it stands
what as many harmless requests of the same size do: whoever sends without a pause fills the core with anything.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Final

from bench.disturbance import pace_disturbed
from bench.figures import Figures
from bench.ground import Ground
from bench.servers import motherlode
from tests.bounds.hostile_inputs import PACKAGES, near_delimiters, readme_package
from tests.support.builders import nupkg
from tests.support.servers import Server, form

_PROCESSES: Final = get_context("fork")
_SOURCE: Final = "127.0.0.9"
_TIMEOUT_S: Final = 60.0
_READMES: Final = 100
_FORM_BYTES: Final = 50 * 1024 * 1024
_CHUNKS: Final = 200_000

Requests = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Attack:
    """Reads of the service index alone, beside harmless requests and beside the attack; `prepare` and `harmless` give
    the requests, each for a connection of its own, of which `at_once` are open."""

    prepare: Callable[[Server], Requests]
    harmless: Callable[[Server], Requests]
    at_once: int = 1
    rate: float = 500

    def measure(self, ground: Ground) -> Figures:
        """Latency of the reads, round by round, and the server's memory."""
        ground.end_motherlode()
        with motherlode(ground.data("small")) as server:
            attack = partial(_attacking, _Sending(server.port, self.prepare(server.server), self.at_once))
            harmless = partial(_attacking, _Sending(server.port, self.harmless(server.server), self.at_once))
            return pace_disturbed(server, attack, ground.effort, rate=self.rate, warm_up_s=1, harmless=harmless)


class _Sending:
    """Requests that are sent in turn; whoever sends again goes on where the last one ended."""

    def __init__(self, port: int, requests: Requests, at_once: int) -> None:
        self.at_once = at_once
        self._port, self._requests = port, requests
        self._next = _PROCESSES.Value("L", 0)

    def send_all(self, is_over: Event) -> None:
        """Send until it is over."""
        while not is_over.is_set():
            with self._next.get_lock():
                number, self._next.value = self._next.value, self._next.value + 1
            _send(self._port, self._requests[number % len(self._requests)])


@contextmanager
def _attacking(sending: _Sending) -> Iterator[None]:
    """While a process of its own sends the requests, over and over."""
    is_over = _PROCESSES.Event()
    process = _PROCESSES.Process(target=_attack, args=(sending, is_over))
    process.start()
    try:
        yield
    finally:
        is_over.set()
        process.join(_TIMEOUT_S)
        process.kill()


def _attack(sending: _Sending, is_over: Event) -> None:
    with ThreadPoolExecutor(sending.at_once) as attackers:
        for _ in range(sending.at_once):
            attackers.submit(sending.send_all, is_over)


def _send(port: int, request: bytes) -> None:
    """Send a request, and read what comes until the server has had enough."""
    try:
        with socket.create_connection(("127.0.0.1", port), _TIMEOUT_S, (_SOURCE, 0)) as connection:
            connection.sendall(request)
            while connection.recv(1 << 16):
                pass
    except OSError:
        return


def _request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join((*lines, "", "")).encode() + body


def _push(server: Server, body: bytes, content_type: str, framing: str | None = None) -> bytes:
    length = framing or f"Content-Length: {len(body)}"
    headers = (f"X-NuGet-ApiKey: {server.key}", f"Content-Type: {content_type}", length)
    return _request("PUT", "/api/v2/package", *headers, body=body)


def _packages(name: str) -> Callable[[Server], Requests]:
    def prepare(server: Server) -> Requests:
        body, content_type = form(PACKAGES[name]())
        return [_push(server, body, content_type)]

    return prepare


def _like_packages(name: str) -> Callable[[Server], Requests]:
    """A sound package that is as long as that one."""

    def prepare(server: Server) -> Requests:
        body, content_type = form(nupkg("Acme.Calm", payload_bytes=len(PACKAGES[name]())))
        return [_push(server, body, content_type)]

    return prepare


def _readmes(piece: str, package_id: str) -> Callable[[Server], Requests]:
    """Pages whose READMEs are as long as any, and pushes after which they are all laid out anew."""

    def prepare(server: Server) -> Requests:
        requests = []
        for number in range(_READMES):
            body, content_type = form(readme_package(piece, f"1.0.{number}", package_id))
            pages = [_request("GET", f"/packages/{package_id}/1.0.{older}") for older in range(number)[-8:]]
            requests += [_push(server, body, content_type), *pages]
        return requests

    return prepare


def _queries(_server: Server) -> Requests:
    pieces = ("q=a&", "q=" + "%F0%9F%98%80", "a=b&", "q=id:a%20")
    lengths = (8_000, 60_000)
    return [_request("GET", f"/v3/search?{(piece * length)[:length]}") for piece in pieces for length in lengths]


def _short_queries(_server: Server) -> Requests:
    return [_request("GET", f"/v3/search?q={text}") for text in ("a", "core", "id:acme", "json")]


def _health(_server: Server) -> Requests:
    return [_request("GET", path) for path in ("/health/ready", "/metrics")]


def _index(_server: Server) -> Requests:
    return [_request("GET", "/v3/index.json")]


def _near_delimiters(server: Server) -> Requests:
    return [_push(server, near_delimiters(_FORM_BYTES), "multipart/form-data; boundary=b")]


def _without_delimiters(server: Server) -> Requests:
    return [_push(server, b"x" * _FORM_BYTES, "multipart/form-data; boundary=b")]


def _tiny_chunks(server: Server) -> Requests:
    body = b"1\r\nx\r\n" * _CHUNKS + b"0\r\n\r\n"
    return [_push(server, body, "application/octet-stream", "Transfer-Encoding: chunked")]


def _one_chunk(server: Server) -> Requests:
    return [_push(server, b"x" * _CHUNKS, "application/octet-stream")]


ATTACKS: Final = {
    "signatures": (
        "Packages of 1,500 signatures of a megabyte",
        Attack(_packages("signatures"), _like_packages("signatures")),
    ),
    "names": (
        "Packages whose names are 65,000 combining marks",
        Attack(_packages("names-of-marks"), _like_packages("names-of-marks")),
    ),
    "ber": (
        "Packages whose signature is a megabyte of nested values",
        Attack(_packages("signature-of-values"), _like_packages("signature-of-values")),
    ),
    "readmes": (
        "Pages of READMEs of nested lists, laid out anew",
        Attack(_readmes("> - > - a\n", "Acme.Nested"), _readmes("Plain words. ", "Acme.Plain"), at_once=2),
    ),
    "queries": ("Long query strings", Attack(_queries, _short_queries, at_once=10)),
    "health": ("Health and metrics without pause", Attack(_health, _index, at_once=10)),
    "forms": ("Forms of 50 MB of near-delimiters", Attack(_near_delimiters, _without_delimiters)),
    "chunks": ("Bodies in chunks of one byte", Attack(_tiny_chunks, _one_chunk, at_once=4)),
}
"""By name: what it sends, and the attack."""
