"""Latency at a fixed rate: each request is due at its time and its latency counts from then, sent or not.

A client that waits for one answer before it asks again is slow together with the server and sees nothing of it. Here a
late answer makes those behind it late as well, as it does for people. The client spins on a core of its own.
"""

import gc
import select
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from bench.load import LoadFailed

_CONNECTIONS = 16
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from when a request was due to the last byte of its answer."""

    p50_ms: float
    p99_ms: float


@dataclass(slots=True)
class _Line:
    """A connection: what it waits for, and what is left of it."""

    socket: socket.socket
    due: float = 0.0
    left: int = -1
    head: bytes = b""


def pace(port: int, paths: Sequence[str], *, rate: float, seconds: float) -> Latency:
    """Ask for `paths` in turn, `rate` a second. Raises LoadFailed for any answer but 2xx, or none in time."""
    requests = [_request(port, path) for path in paths]
    count = max(20, round(rate * seconds))
    gc.disable()
    try:
        latencies = sorted(_run(port, requests, count, 1 / rate))
    finally:
        gc.enable()
    return Latency(latencies[len(latencies) // 2] * 1000, latencies[int(len(latencies) * 0.99)] * 1000)


def _run(port: int, requests: Sequence[bytes], count: int, gap_s: float) -> list[float]:
    lines = {line.socket.fileno(): line for line in (_connect(port) for _ in range(_CONNECTIONS))}
    poller = select.epoll()
    for fileno in lines:
        poller.register(fileno, select.EPOLLIN)
    idle, waiting, latencies = list(lines.values()), deque[float](), list[float]()
    started, sent = perf_counter() + 0.05, 0
    while len(latencies) < count:
        now = perf_counter()
        while sent + len(waiting) < count and started + (sent + len(waiting)) * gap_s <= now:
            waiting.append(started + (sent + len(waiting)) * gap_s)
        while waiting and idle:
            line = idle.pop()
            line.due = waiting.popleft()
            line.socket.send(requests[sent % len(requests)])
            sent += 1
        for fileno, _ in poller.poll(0):
            line = lines[fileno]
            if _take(line):
                latencies.append(perf_counter() - line.due)
                idle.append(line)
        if now - started > count * gap_s + _TIMEOUT_S:
            raise LoadFailed(f"{count - len(latencies)} of {count} requests were not answered in time")
    for line in lines.values():
        line.socket.close()
    return latencies


def _connect(port: int) -> _Line:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(0)
    return _Line(connection)


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
        line.left, line.head = _length(head) - len(body), b""
    else:
        line.left -= len(chunk)
    if line.left > 0:
        return False
    line.left = -1
    return True


def _length(head: bytes) -> int:
    status, *headers = head.split(b"\r\n")
    if not status.startswith(b"HTTP/1.1 2"):
        raise LoadFailed(status.decode("latin-1"))
    for header in headers:
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise LoadFailed("an answer without a length")


def _request(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip, deflate\r\n\r\n".encode()
