"""The connection guard: a thread in each worker that closes connections before they exhaust the server.

Invariant: however many clients connect and whatever they do, the number of connections and of unread responses stays
bounded, and a new client can always connect. The limits of single requests are enforced elsewhere. The guard covers
what no request shows: connections that never finish a request, and clients that do not read.
"""

import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from motherlode.connections import Connection, end_connections, list_connections
from motherlode.domain.networks import network_of
from motherlode.observe.logs import get_logger

LOOK_S: Final = 1.0
"""Seconds between two checks; a quarter of it while more than half of the allowed connections are open."""
LEAST_READ_RATE: Final = 1024
"""Min bytes a second that a client must read of a response, on average over the write timeout."""
MOST_STALLED: Final = 128
"""Max stalled responses: those read slower than `LEAST_READ_RATE` for longer than `_STALLED_S`. If there are more, the
longest stalled ones are ended. Downloads that share a slow line are slow, but not stalled."""
_STALLED_S: Final = 2.0
BUSY_S: Final = 5.0
"""Seconds after its last byte for which a connection does not count as idle, however many its address has: a restore
opens one for each package at once, and waits for responses. The limit of the whole server still applies."""
_ADDRESSES_TOLD: Final = 5
"""Max addresses in a log line: one of them may be a proxy that is missing in `server.trusted_proxies`."""
IDLE_TIMES: Final = 4
"""A connection without traffic is ended after this multiple of the idle timeout, if the engine has not ended it: the
engine may not know it yet, or may wait for data that the client never sends."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits: connections of the whole server and of one address, how long a connection may be idle before the engine
    ends it, and how long a response may stay unread."""

    connections: int
    per_address: int
    idle_timeout_s: float
    write_timeout_s: float


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guarded port and the limits for its connections."""

    family: socket.AddressFamily
    port: int
    bounds: Bounds


@dataclass(slots=True)
class _Unread:
    """A response that is unread since `since`. The client had read `read_bytes_then` bytes then, `read_bytes` now."""

    since: float
    read_bytes_then: int
    read_bytes: int

    def is_slow(self, now: float) -> bool:
        return self.read_bytes - self.read_bytes_then < LEAST_READ_RATE * (now - self.since)


class Judge:
    """Decides which connections to end. `is_exempt` returns whether an address, such as a trusted proxy's, may have any
    number."""

    def __init__(self, bounds: Bounds, is_exempt: Callable[[str], bool]) -> None:
        self._bounds = bounds
        self._is_exempt = is_exempt
        self._unread: dict[int, _Unread] = {}

    def choose(self, connections: Sequence[Connection], now: float) -> dict[int, str]:
        """Return the inodes of the connections to end, with the reason; call it with all connections at each check."""
        self._follow(connections, now)
        return {
            **dict.fromkeys(self._beyond_total(connections), "connections"),
            **dict.fromkeys(self._beyond_address(connections), "connections_per_address"),
            **dict.fromkeys(self._idle(connections), "idle"),
            **dict.fromkeys(self._choose_unread(now), "unread"),
        }

    def _follow(self, connections: Iterable[Connection], now: float) -> None:
        """Note since when each response is unread: since its client last read a substantial part."""
        former, self._unread = self._unread, {}
        part = LEAST_READ_RATE * self._bounds.write_timeout_s
        for each in connections:
            if each.unread_bytes:
                noted = former.get(each.inode)
                if noted is None or each.read_bytes - noted.read_bytes_then >= part:
                    noted = _Unread(now, each.read_bytes, each.read_bytes)
                noted.read_bytes = each.read_bytes
                self._unread[each.inode] = noted

    def _choose_unread(self, now: float) -> Iterator[int]:
        longest_first = sorted(self._unread.items(), key=lambda pair: pair[1].since)
        stalled = [
            (inode, now - noted.since)
            for inode, noted in longest_first
            if now - noted.since > _STALLED_S and noted.is_slow(now)
        ]
        for number, (inode, stalled_s) in enumerate(stalled):
            if number < len(stalled) - MOST_STALLED or stalled_s > self._bounds.write_timeout_s:
                yield inode

    def _idle(self, connections: Iterable[Connection]) -> Iterator[int]:
        longest_ms = IDLE_TIMES * 1000 * self._bounds.idle_timeout_s
        return (each.inode for each in connections if each.idle_ms > longest_ms and not each.unread_bytes)

    def _beyond_address(self, connections: Iterable[Connection]) -> Iterator[int]:
        for rank, each in self._ranked(connections):
            if rank >= self._bounds.per_address and each.idle_ms > 1000 * BUSY_S:
                yield each.inode

    def _beyond_total(self, connections: Sequence[Connection]) -> Iterator[int]:
        """Yield connections over the total limit: those of the addresses with the most, the idlest first."""
        ranked = sorted(self._ranked(connections), key=lambda pair: (-pair[0], -pair[1].idle_ms))
        too_many = max(0, len(connections) - self._bounds.connections)
        return (each.inode for _, each in ranked[:too_many])

    def _ranked(self, connections: Iterable[Connection]) -> Iterator[tuple[int, Connection]]:
        """Yield each connection with the number of connections from its address that were used more recently; an IPv6
        network counts as one address."""
        by_client = defaultdict[str, list[Connection]](list)
        for each in connections:
            if self._is_exempt(each.address):
                yield 0, each
            else:
                by_client[network_of(each.address)].append(each)
        for some in by_client.values():
            yield from enumerate(sorted(some, key=lambda one: one.idle_ms))


NoteUnread = Callable[[set[int], float], None]
"""Receives the ports of clients with unread responses, and the monotonic time of the check."""


def guard_connections(guarded: Guarded, is_exempt: Callable[[str], bool], note_unread: NoteUnread) -> None:
    """Guard the connections to the port for as long as the process lives; run it in a thread.

    If the kernel cannot list connections, it logs a warning and returns; then only the engine's own limits apply.
    """
    judge, pause, has_looked = Judge(guarded.bounds, is_exempt), threading.Event(), False
    while True:
        count = 0
        try:
            count = _look(guarded, judge, note_unread)
            has_looked = True
        except OSError as error:
            if not has_looked:
                get_logger().warning("connections_not_guarded", reason=str(error))
                return
        except Exception:  # noqa: BLE001 after a failed check, the next one is still needed
            get_logger().exception("connections_not_seen")
        pause.wait(LOOK_S / 4 if count > guarded.bounds.connections / 2 else LOOK_S)


def _look(guarded: Guarded, judge: Judge, note_unread: NoteUnread) -> int:
    """Check all connections once and end those that are over a limit; return how many there were."""
    began = time.monotonic()
    connections = list_connections(guarded.family, guarded.port)
    note_unread({each.port for each in connections if each.unread_bytes}, began)
    _end(judge.choose(connections, began), connections)
    return len(connections)


def _end(chosen: dict[int, str], connections: Iterable[Connection]) -> None:
    if not chosen:
        return
    unread = {inode for inode, reason in chosen.items() if reason == "unread"}
    if count := end_connections(unread, is_abrupt=True) + end_connections(chosen.keys() - unread):
        ended = Counter(network_of(each.address) for each in connections if each.inode in chosen)
        most = dict(ended.most_common(_ADDRESSES_TOLD))
        get_logger().warning("connections_ended", count=count, reasons=dict(Counter(chosen.values())), addresses=most)
