"""Crowds: whether clients that hold connections, trickle bodies, read no answers or give them up slow down others.

The crowd comes from addresses of its own and is there before the others open their connections.
"""

import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Final

from bench.disturbance import pace_disturbed
from bench.figures import Figures
from bench.ground import Ground
from bench.load import LoadFailed
from bench.reads import Paths, of, registration_pages
from bench.servers import Motherlode, motherlode
from motherlode.os_files import raise_file_limit

_PACKAGE: Final = of("/v3/flat/acme.size5m/1.0.0/acme.size5m.1.0.0.nupkg")
_PAGES: Final = registration_pages("acme.fivehundred")
_RANGE: Final = "Range: bytes=1-"
_BODY: Final = b"PUT /api/v2/package HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nP"
_HALF: Final = b"GET /v3/index.json HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 30_000
_COMING_S: Final = 60.0
_GUARD_S: Final = 600.0
_GIVEN_UP_S: Final = 0.01
_SETTLED_S: Final = 2.0
"""After so long the guard of connections has looked."""


Says = Callable[[Motherlode], bytes]
"""What each connection of a crowd sends."""


def plain(said: bytes) -> Says:
    """These bytes."""
    return lambda _: said


def asks(paths: Paths, *headers: str) -> Says:
    """Requests for these, one after the other."""

    def say(server: Motherlode) -> bytes:
        lines = ("Host: localhost", *headers, "", "")
        return b"".join("\r\n".join((f"GET {path} HTTP/1.1", *lines)).encode() for path in paths(server))

    return say


@dataclass(frozen=True, slots=True)
class Crowd:
    """Reads beside so many connections that have each said `says`, read nothing, and come from so many addresses.

    With `gives_up` they are closed as soon as the answer begins, and opened again, over and over."""

    says: Says
    connections: int = 1024
    addresses: int = 1
    gives_up: bool = False
    rate: float = 1000

    def measure(self, ground: Ground) -> Figures:
        """Latency of the reads with and without the crowd, round by round, and the server's memory."""
        ground.end_motherlode()
        with motherlode(ground.data("small")) as server:
            return pace_disturbed(server, partial(self._coming, server), ground.effort, rate=self.rate)

    @contextmanager
    def _coming(self, server: Motherlode) -> Iterator[None]:
        """The crowd, in a process of its own."""
        context = get_context("fork")
        is_there = context.Event()
        process = context.Process(target=self._come, args=(server.port, self.says(server), is_there), daemon=True)
        process.start()
        try:
            if not is_there.wait(_COMING_S):
                raise LoadFailed("the crowd could not connect")
            time.sleep(_SETTLED_S)
            yield
        finally:
            process.terminate()
            process.join()

    def _come(self, port: int, said: bytes, is_there: Event) -> None:
        raise_file_limit()
        held = deque[socket.socket](maxlen=1 if self.gives_up else self.connections)
        for number in count():
            held.append(self._connect(port, number, said))
            if self.gives_up:
                is_there.set()
                time.sleep(_GIVEN_UP_S)
            elif len(held) == self.connections:
                break
        is_there.set()
        time.sleep(_GUARD_S)

    def _connect(self, port: int, number: int, said: bytes) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.bind((f"127.0.1.{number % self.addresses + 1}", 0))
        connection.settimeout(10)
        connection.connect(("127.0.0.1", port))
        with suppress(ConnectionError):
            connection.sendall(said)
            if self.gives_up:
                connection.recv(100)
        return connection


CROWDS: Final = {
    "silent": ("1,024 silent connections", Crowd(plain(b""))),
    "half-heads": ("1,024 heads of 30 KB without an end", Crowd(plain(_HALF))),
    "bodies": ("900 bodies of strangers that stop after a byte", Crowd(plain(_BODY), connections=900)),
    "packages": ("600 downloads that nobody reads, from four addresses", Crowd(asks(_PACKAGE), 600, 4)),
    "ranges": ("600 ranges that nobody reads, from four addresses", Crowd(asks(_PACKAGE, _RANGE), 600, 4)),
    "documents": ("600 pages of registrations that nobody reads, from four addresses", Crowd(asks(_PAGES), 600, 4)),
    "given-up": ("100 ranges a second begun and given up", Crowd(asks(_PACKAGE, _RANGE), gives_up=True)),
}
"""By name, each with what it is."""
