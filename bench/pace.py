"""Latency at a fixed rate: each request is due at its time and its latency counts from then, sent or not.

A client that waits for one answer before it asks again is slow together with the server and sees nothing of it. Here a
late answer makes those behind it late as well, as it does for people. A client by itself spins on a core of its own;
where others send beside it they share that core, and each sleeps until it has something to do, as other people's do.
"""

import gc
import select
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter

from bench.load import LoadFailed

_TIMEOUT_S = 10.0
_AHEAD_S = 0.5
"""So long before the first request another process is started to send beside."""
_LONGEST_WAIT_S = 0.1
_LEAST_SENT = 0.98
"""Of what is due beside: with less of it there is no flood."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from when a request was due to the last byte of its answer."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests that are sent in turn, `rate` a second, from an address of this machine: by the clock, or at random
    times (a Poisson process), as many people send them.

    The status of each answer must begin with `status`.
    """

    requests: Sequence[bytes]
    rate: float
    source: str = "127.0.0.1"
    status: str = "2"
    connections: int = 16
    is_random: bool = False

    def times(self, count: int) -> list[float]:
        """When the first so many are due, in seconds from the start; the same times for the same stream."""
        if not self.is_random:
            return [number / self.rate for number in range(count)]
        gaps = Random(count)
        return list(accumulate(gaps.expovariate(self.rate) for _ in range(count)))


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
        self._requests, self._times = stream.requests, [*stream.times(self.count), inf]
        self._idle, self._waiting, self.sent = list(self.lines), deque[float](), 0

    @property
    def left(self) -> int:
        """How many answers are still to come."""
        return self.count - len(self.latencies)

    def send(self, now: float, started: float) -> None:
        """Send what is due, as far as connections are free."""
        while (due := self._next_due(started)) <= now:
            self._waiting.append(due)
        while self._waiting and self._idle:
            line = self._idle.pop()
            line.due = self._waiting.popleft()
            line.socket.send(self._requests[self.sent % len(self._requests)])
            self.sent += 1

    def next_due(self, started: float) -> float:
        """When there is something to send again."""
        return self._next_due(started) if self._idle else inf

    def _next_due(self, started: float) -> float:
        return started + self._times[self.sent + len(self._waiting)]

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
    return _pace(port, Stream([get(port, path) for path in paths], rate), (), seconds, longest_wait_s=0.0)


def pace_stream(port: int, stream: Stream, *, seconds: float, beside: Sequence[Stream] = ()) -> Latency:
    """Send a stream, and others beside it for as long, from a process of their own: what it takes to send them and to
    read what comes is not in the latency.

    Raises LoadFailed for an answer of another status on any of them, or none in time on the first.
    """
    return _pace(port, stream, beside, seconds, longest_wait_s=_LONGEST_WAIT_S)


def _pace(port: int, stream: Stream, beside: Sequence[Stream], seconds: float, *, longest_wait_s: float) -> Latency:
    started = perf_counter() + (_AHEAD_S if beside else 0.05)
    with _open([stream], port, seconds) as flows, _sending(beside, port, started, seconds):
        for now in _looks(flows, started, longest_wait_s):
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
    _wake_on_time()
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
    """While streams are sent from a process of their own, on the same core."""
    if not streams:
        yield
        return
    with ProcessPoolExecutor(1, get_context("fork")) as process:
        sent = process.submit(_send, streams, port, started, seconds)
        yield
        sent.result()


def _send(streams: Sequence[Stream], port: int, started: float, seconds: float) -> None:
    """Send the streams until their time is over.

    Raises LoadFailed where it could not keep up."""
    with _open(streams, port, seconds) as flows:
        for now in _looks(flows, started, _LONGEST_WAIT_S):
            if now - started > seconds:
                break
    for stream, flow in zip(streams, flows, strict=True):
        due = round(stream.rate * seconds)
        if flow.sent < due * _LEAST_SENT:
            raise LoadFailed(f"only {flow.sent} of {due} requests were sent beside")


def _looks(flows: Sequence[_Flow], started: float, longest_wait_s: float) -> Iterator[float]:
    """Send what is due and read what came, once for each time that is asked for, which is when that was. Between, the
    core is left to others until there is something to do, for so long at most."""
    lines = {line.socket.fileno(): line for flow in flows for line in flow.lines}
    poller = select.epoll()
    for fileno in lines:
        poller.register(fileno, select.EPOLLIN)
    while True:
        now = perf_counter()
        for flow in flows:
            flow.send(now, started)
        next_s = min(flow.next_due(started) for flow in flows) - perf_counter()
        select.select([poller], [], [], min(max(next_s, 0.0), longest_wait_s))
        for fileno, _ in poller.poll(0):
            line = lines[fileno]
            line.flow.take(line)
        yield now


def _wake_on_time() -> None:
    """Let this process be woken when it asked for it: the kernel may else take 0.05 ms more."""
    Path("/proc/self/timerslack_ns").write_text("1")


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
