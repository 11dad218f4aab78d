"""Pushes over HTTP, as clients send them: in a form, on connections that are kept, each answered once it is durable."""

import http.client
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from time import perf_counter

from bench.figures import Figures
from bench.ground import Ground
from bench.load import LoadFailed
from bench.servers import Motherlode
from bench.statements import statements_of_a_push
from tests.support.builders import nupkg
from tests.support.servers import form

_NUMBERS = count(1)
"""What makes each push of a run another version."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a number of pushes took: seconds each as the client saw it, all of it, and the server's processor time."""

    each_s: Sequence[float]
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Push:
    """Pushes of 10 KB by so many clients at once, on the feed of that name."""

    clients: int
    pushes: int
    feed: str = "middle"

    def measure(self, ground: Ground) -> Figures:
        """Pushes a second, processor time and SQL statements each, what a client waits, and memory."""
        server = ground.motherlode(self.feed)
        push_all(server, make_packages(8), clients=self.clients)
        server.tree.reset_peak()
        rounds = [
            push_all(server, make_packages(ground.effort.times(self.pushes)), clients=self.clients)
            for _ in range(ground.effort.rounds)
        ]
        each_s = sorted(wait for one in rounds for wait in one.each_s)
        done = sum(len(one.each_s) for one in rounds)
        return {
            "rate": done / sum(one.wall_s for one in rounds),
            "each_ms": sum(one.wall_s for one in rounds) / done * 1000,
            "cpu_ms": sum(one.cpu_s for one in rounds) / done * 1000,
            "p50_ms": each_s[len(each_s) // 2] * 1000,
            "p99_ms": each_s[int(len(each_s) * 0.99)] * 1000,
            "statements_count": statements_of_a_push(ground.new_folder()),
            "peak_mb": server.tree.peak_mb(),
        }


def make_packages(number: int, package_id: str = "Acme.Pushed", payload_bytes: int = 9_000) -> list[bytes]:
    """Packages that were never pushed before in this run, about 10 KB each."""
    return [
        nupkg(package_id, f"2.{at // 1000}.{at % 1000}", payload_bytes=payload_bytes, seed=at)
        for at in (next(_NUMBERS) for _ in range(number))
    ]


def push_all(server: Motherlode, packages: Sequence[bytes], *, clients: int = 1) -> Round:
    """Push them all, as fast as so many clients can. Raises LoadFailed for any answer but 201."""
    bodies = [form(package) for package in packages]
    each_s, failures = list[float](), list[str]()
    workers = [
        threading.Thread(target=_push_some, args=(server, bodies[first::clients], each_s, failures))
        for first in range(clients)
    ]
    cpu_before, started = server.tree.cpu_s(), perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall_s = perf_counter() - started
    if failures:
        raise LoadFailed(f"{len(failures)} pushes failed: {failures[0]}")
    return Round(each_s, wall_s, server.tree.cpu_s() - cpu_before)


def _push_some(
    server: Motherlode, bodies: Sequence[tuple[bytes, str]], each_s: list[float], failures: list[str]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for body, content_type in bodies:
        headers = {"Content-Type": content_type, "X-NuGet-ApiKey": server.server.key}
        started = perf_counter()
        try:
            connection.request("PUT", "/api/v2/package/", body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
        except OSError as error:
            failures.append(repr(error))
            return
        each_s.append(perf_counter() - started)
        if answer.status != 201:
            failures.append(f"{answer.status} {text[:200]!r}")
    connection.close()
