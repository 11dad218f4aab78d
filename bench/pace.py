"""Latency at a fixed rate: each request is due at its time and its latency counts from then, sent or not.

A client that waits for one answer before it asks again is slow together with the server and sees nothing of it. Here a
late answer makes those behind it late as well, as it does for people. The client spins on a core of its own.
"""

import gc
import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter

from bench.load import LoadFailed

_TIMEOUT_S = 10.0
_AHEAD_S = 0.5
"""So long before the first request another process is started to send beside."""
_NICE = 5
_PAUSE_S = 0.0002
_LEAST_SENT = 0.98
"""Of what is due beside: with less of it there is no flood."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from when a request was due to the last byte of its answer."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests that are sent in turn, `rate` a second, from an address of this machine.

    The status of each answer must begin with `status`.
    """

    requests: Sequence[bytes]
    rate: float
    source: str = "127.0.0.1"
    status: str = "2"
    connections: int = 16


@dataclass(slots=True)
class _Line:
    """A connection: what it waits for, and what is left of it."""

    socket: socket.socket
    flow: "_Flow"
    due: float = 0.0
    left: int = -1
    head: bytes = b""


class _Flow:
    """A stream on its way: which requests are due and not sent yet, which connections are free, what it took."""

    def __init__(self, port: int, stream: Stream, seconds: float) -> None:
        self.count = max(20, round(stream.rate * seconds))
        self.status = b"HTTP/1.1 " + stream.status.encode()
        self.latencies: list[float] = []
        self.lines = [_Line(_connect(port, stream.source), self) for _ in range(stream.connections)]
        self._requests, self._gap_s = stream.requests, 1 / stream.rate
        self._idle, self._waiting, self.sent = list(self.lines), deque[float](), 0

    @property
    def left(self) -> int:
        """How many answers are still to come."""
        return self.count - len(self.latencies)

    def send(self, now: float, started: float) -> None:
        """Send what is due, as far as connections are free."""
        while (at := self.sent + len(self._waiting)) < self.count and started + at * self._gap_s <= now:
            self._waiting.append(started + at * self._gap_s)
        while self._waiting and self._idle:
            line = self._idle.pop()
            line.due = self._waiting.popleft()
            line.socket.send(self._requests[self.sent % len(self._requests)])
            self.sent += 1

    def take(self, line: _Line) -> None:
        """Read what came on one of its connections."""
        if _take(line):
            self.latencies.append(perf_counter() - line.due)
            self._idle.append(line)

    def latency(self) -> Latency:
        """What it took."""
        sorted_s = sorted(self.latencies)
        return Latency(sorted_s[len(sorted_s) // 2] * 1000, sorted_s[int(len(sorted_s) * 0.99)] * 1000)


def pace(port: int, paths: Sequence[str], *, rate: float, seconds: float) -> Latency:
    """Ask for `paths` in turn, `rate` a second. Raises LoadFailed for any answer but 2xx, or none in time."""
    return pace_stream(port, Stream([get(port, path) for path in paths], rate), seconds=seconds)


def pace_stream(port: int, stream: Stream, *, seconds: float, beside: Sequence[Stream] = ()) -> Latency:
    """Send a stream, and others beside it for as long, from a process of their own: what it takes to send them and to
    read what comes is not in the latency.

    Raises LoadFailed for an answer of another status on any of them, or none in time on the first.
    """
    started = perf_counter() + (_AHEAD_S if beside else 0.05)
    with _open([stream], port, seconds) as flows, _sending(beside, port, started, seconds):
        for now in _looks(flows, started):
            if not flows[0].left:
                break
            if now - started > seconds + _TIMEOUT_S:
                raise LoadFailed(f"{flows[0].left} of {flows[0].count} requests were not answered in time")
    return flows[0].latency()


def get(port: int, path: str, *headers: str) -> bytes:
    """A GET of a document as clients ask for it, with these headers besides."""
    more = "".join(f"{header}\r\n" for header in headers)
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip, deflate\r\n{more}\r\n".encode()


@contextmanager
def _open(streams: Sequence[Stream], port: int, seconds: float) -> Iterator[list[_Flow]]:
    """The streams with their connections, and no garbage collected meanwhile."""
    flows = [_Flow(port, each, seconds) for each in streams]
    gc.disable()
    try:
        yield flows
    finally:
        gc.enable()
        for flow in flows:
            for line in flow.lines:
                line.socket.close()


@contextmanager
def _sending(streams: Sequence[Stream], port: int, started: float, seconds: float) -> Iterator[None]:
    """While streams are sent from a process that stands back behind this one on their common core."""
    if not streams:
        yield
        return
    with ProcessPoolExecutor(1, get_context("fork"), initializer=os.nice, initargs=(_NICE,)) as process:
        sent = process.submit(_send, streams, port, started, seconds)
        yield
        sent.result()


def _send(streams: Sequence[Stream], port: int, started: float, seconds: float) -> None:
    """Send the streams until their time is over; it sleeps between, for another process spins on the core.

    Raises LoadFailed where it could not keep up."""
    with _open(streams, port, seconds) as flows:
        for now in _looks(flows, started):
            if now - started > seconds:
                break
            time.sleep(_PAUSE_S)
    for stream, flow in zip(streams, flows, strict=True):
        due = round(stream.rate * seconds)
        if flow.sent < due * _LEAST_SENT:
            raise LoadFailed(f"only {flow.sent} of {due} requests were sent beside")


def _looks(flows: Sequence[_Flow], started: float) -> Iterator[float]:
    """Send what is due and read what came, once for each time that is asked for, which is when that was."""
    lines = {line.socket.fileno(): line for flow in flows for line in flow.lines}
    poller = select.epoll()
    for fileno in lines:
        poller.register(fileno, select.EPOLLIN)
    while True:
        now = perf_counter()
        for flow in flows:
            flow.send(now, started)
        for fileno, _ in poller.poll(0):
            line = lines[fileno]
            line.flow.take(line)
        yield now


def _connect(port: int, source: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(0)
    return connection


def _take(line: _Line) -> bool:
    """Read what there is; whether the answer is whole."""
    chunk = line.socket.recv(1 << 20)
    if not chunk:
        raise LoadFailed("a connection was closed")
    if line.left < 0:
        line.head += chunk
        head, end, body = line.head.partition(b"\r\n\r\n")
        if not end:
            return False
        line.left, line.head = _length(head, line.flow.status) - len(body), b""
    else:
        line.left -= len(chunk)
    if line.left > 0:
        return False
    line.left = -1
    return True


def _length(head: bytes, wanted: bytes) -> int:
    status, *headers = head.split(b"\r\n")
    if not status.startswith(wanted):
        raise LoadFailed(status.decode("latin-1"))
    for header in headers:
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise LoadFailed("an answer without a length")
