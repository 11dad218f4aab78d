"""Requests by the thousand against a running server, and what must hold of it meanwhile.

No answer is a 5xx or takes longer than `MAX_ANSWER_S`; what was refused left nothing behind, what was taken can be
served; and memory does not grow by more than `MAX_GROWTH_BYTES`. Needs /proc, to look at memory.
"""

import argparse
import http.client
import json
import select
import socket
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from fuzz.packages import bases
from fuzz.requests import Request, make_push, make_request
from tests.faults.integrity import assert_sound, rows
from tests.protocol.traces_left import resident_bytes
from tests.protocol.wire import read_answer
from tests.support.servers import Server, start_server

MAX_ANSWER_S: Final = 5.0
MAX_GROWTH_BYTES: Final = 50 * 1024 * 1024
SMALL_CACHE: Final = {"MOTHERLODE_CACHE_MAX_BYTES": "4MB"}
"""So that what grows is no cache: those fill up to what they may."""
LOOK_EVERY: Final = 1000
_WAIT_S: Final = 20.0
_PATIENCE_S: Final = 0.1
_THREADS: Final = 8
_WARMING: Final = 2000
_STORED = "SELECT id_key, version_key FROM entries ORDER BY id"


@dataclass(slots=True)
class Onslaught:
    """What has come of the requests so far; `findings` are sentences, each with the way to see it again."""

    server: Server
    seed: int
    statuses: Counter[int | None] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    taken: int = 0
    unanswered: int = 0
    looked_at: int = 0
    warm_bytes: int = 0

    def warm_up(self) -> None:
        """Let the server grow to its working size: each of its threads has read each package, and all has been asked.

        What is stored and held by then is where the counting begins.
        """
        pushes = [make_push(package, self.server.key) for package in bases()] * _THREADS
        others = [make_request(self.seed, -number, self.server.key) for number in range(1, _WARMING)]
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(lambda request: _ask(self.server, request), [*pushes, *others]))
        self._look(range(0))
        self.taken, self.unanswered = self.looked_at, 0
        self.warm_bytes = resident_bytes(self.server)

    def send(self, numbers: range) -> None:
        """Send the requests of these numbers, one after the other, and look at the server now and then."""
        since = numbers.start
        for number in numbers:
            self._send_one(number)
            if number + 1 - since == LOOK_EVERY or number + 1 == numbers.stop:
                self._look(range(since, number + 1))
                since = number + 1
        grown = resident_bytes(self.server) - self.warm_bytes
        if self.warm_bytes and grown > MAX_GROWTH_BYTES:
            self._find(numbers, f"the server holds {grown} bytes more than when it was warm")

    def _send_one(self, number: int) -> None:
        request = make_request(self.seed, number, self.server.key)
        began_at = monotonic()
        status = _ask(self.server, request)
        took_s = monotonic() - began_at
        self.statuses[status] += 1
        self.taken += status == 201
        self.unanswered += status is None  # nobody knows, then, whether it was taken
        here = range(number, number + 1)
        if status is not None and status >= 500:
            self._find(here, f"status {status}")
        if status is None and request.is_honest:
            self._find(here, "no answer")
        if took_s > MAX_ANSWER_S:
            self._find(here, f"answered after {took_s:.1f} s")

    def _look(self, numbers: range) -> None:
        try:
            assert_sound(self.server.data)
        except AssertionError as broken:
            place = traceback.extract_tb(broken.__traceback__)[-1]
            self._find(numbers, f"the data are not sound: {place.line} {broken}")
        stored = rows(self.server.data, _STORED)
        if numbers and not self.taken <= len(stored) <= self.taken + self.unanswered:
            self._find(numbers, f"{self.taken} packages were taken and {len(stored)} are stored")
        for package_id, version in stored[self.looked_at :]:
            for path in _documents(package_id, version):
                answer = self.server.get(path)
                if answer.status != 200 or not json.loads(answer.body):
                    self._find(numbers, f"{path} answers {answer.status}")
        self.looked_at = len(stored)

    def _find(self, numbers: range, what: str) -> None:
        again = f"python -m fuzz http --seed {self.seed} --first {numbers.start} --requests {len(numbers)}"
        self.findings.append(f"{what} (again: {again})")


def _documents(package_id: str, version: str) -> Iterator[str]:
    yield f"/v3/flat/{package_id}/index.json"
    yield f"/v3/registration-gz-semver2/{package_id}/index.json"
    yield f"/v3/registration-gz-semver2/{package_id}/{version}.json"
    yield f"/v3/catalog/data/{package_id}/{version}.json"
    yield f"/v3/search?q=packageid:{package_id}&prerelease=true&semVerLevel=2.0.0"


def _ask(server: Server, request: Request) -> int | None:
    """The status; None where the server hung up on what is no HTTP.

    Who waits for the rest of a request that announced more than it has is told that nothing follows; for a server that
    looks like a client which went away, so an honest request never ends like that.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT_S) as connection:
        with suppress(OSError):
            connection.sendall(request.octets)
            if not request.is_honest and not select.select([connection], [], [], _PATIENCE_S)[0]:
                connection.shutdown(socket.SHUT_WR)
        with suppress(OSError, http.client.HTTPException):
            return read_answer(connection, request.method).status
    return None


def main(words: Sequence[str]) -> int:
    """Run what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser("python -m fuzz http", description="Sends a server of its own what nobody should.")
    parser.add_argument("--requests", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other requests (1)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (0)")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as home:
        server = start_server(data=Path(home, "data"), environment=SMALL_CACHE)
        try:
            onslaught = Onslaught(server, asked.seed)
            onslaught.warm_up()
            began_at = monotonic()
            onslaught.send(range(asked.first, asked.first + asked.requests))
            took_s = monotonic() - began_at
        finally:
            server.stop()
    counted = ", ".join(f"{status or 'hung up'}: {count}" for status, count in onslaught.statuses.most_common())
    print(f"{asked.requests} requests in {took_s:.0f} s ({counted})")
    print("\n".join(onslaught.findings) or "Nothing was found.")
    return 1 if onslaught.findings else 0
