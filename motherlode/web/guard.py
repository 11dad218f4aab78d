"""The guard of connections: a thread in each worker that ends connections which would use up the server.

Invariant: however many clients connect and whatever they leave undone, the number of connections, and of answers that
nobody reads, stays bounded, and whoever has none yet gets one. A request's own bounds are kept elsewhere; here is what
no request tells: connections that never finish one, and clients that do not read.
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
"""How often the guard looks, and four times as often while more than half of all connections are open."""
LEAST_READ_RATE: Final = 1024
"""Bytes a second that a client must read of an answer, on average over the write timeout."""
MOST_STALLED: Final = 128
"""So many answers may stand still: read slower than `LEAST_READ_RATE` for longer than `_STALLED_S`; of more, those that
have done so for the longest go. A line that many downloads share makes each of them slow, and lets none stand still."""
_STALLED_S: Final = 2.0
BUSY_S: Final = 5.0
"""For so long after the last byte a connection stays, however many its address has: a restore of many packages opens
one for each at once, and waits for answers. What the whole server may have bounds these too."""
_ADDRESSES_TOLD: Final = 5
"""One of them may be a proxy that nobody named in `server.trusted_proxies`."""
IDLE_TIMES: Final = 4
"""After so many times the idle timeout without a byte either way a connection goes that the engine did not end: it may
know nothing of it yet, or await what no client sends."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections the whole server and one address may have, how long one may be idle before the engine ends
    it, and how long an answer may lie unread."""

    connections: int
    per_address: int
    idle_timeout_s: float
    write_timeout_s: float


@dataclass(frozen=True, slots=True)
class Guarded:
    """The port whose connections are guarded, and within which bounds."""

    family: socket.AddressFamily
    port: int
    bounds: Bounds


@dataclass(slots=True)
class _Unread:
    """An answer that lies unread since a moment; its client had read so many bytes then, and so many now."""

    since: float
    read_bytes_then: int
    read_bytes: int

    def is_slow(self, now: float) -> bool:
        return self.read_bytes - self.read_bytes_then < LEAST_READ_RATE * (now - self.since)


class Judge:
    """Decides which connections go. `is_exempt` tells addresses that may have any number: trusted proxies."""

    def __init__(self, bounds: Bounds, is_exempt: Callable[[str], bool]) -> None:
        self._bounds = bounds
        self._is_exempt = is_exempt
        self._unread: dict[int, _Unread] = {}

    def choose(self, connections: Sequence[Connection], now: float) -> dict[int, str]:
        """The inodes of those to end, with the reason; to be called with all connections, look by look."""
        self._follow(connections, now)
        return {
            **dict.fromkeys(self._beyond_total(connections), "connections"),
            **dict.fromkeys(self._beyond_address(connections), "connections_per_address"),
            **dict.fromkeys(self._idle(connections), "idle"),
            **dict.fromkeys(self._choose_unread(now), "unread"),
        }

    def _follow(self, connections: Iterable[Connection], now: float) -> None:
        """Note since when each answer lies unread: since its client last read a good part of one."""
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
        """Those of whoever has the most, the idlest first."""
        ranked = sorted(self._ranked(connections), key=lambda pair: (-pair[0], -pair[1].idle_ms))
        too_many = max(0, len(connections) - self._bounds.connections)
        return (each.inode for _, each in ranked[:too_many])

    def _ranked(self, connections: Iterable[Connection]) -> Iterator[tuple[int, Connection]]:
        """Each connection with how many of the same address were in use after it; a network of IPv6 is one address."""
        by_client = defaultdict[str, list[Connection]](list)
        for each in connections:
            if self._is_exempt(each.address):
                yield 0, each
            else:
                by_client[network_of(each.address)].append(each)
        for some in by_client.values():
            yield from enumerate(sorted(some, key=lambda one: one.idle_ms))


NoteUnread = Callable[[set[int], float], None]
"""Is told the clients' ports with unread answers, and when (monotonic) the kernel was asked."""


def guard_connections(guarded: Guarded, is_exempt: Callable[[str], bool], note_unread: NoteUnread) -> None:
    """Look after the connections to the port for as long as the process lives; to be run in a thread.

    Where the kernel cannot be asked, a line in the log says so, and the engine's own limits are all there is.
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
        except Exception:  # noqa: BLE001 whatever is wrong with one look, the next one is needed
            get_logger().exception("connections_not_seen")
        pause.wait(LOOK_S / 4 if count > guarded.bounds.connections / 2 else LOOK_S)


def _look(guarded: Guarded, judge: Judge, note_unread: NoteUnread) -> int:
    """End what is to go; returns how many connections there were."""
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
