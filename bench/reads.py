"""Reads: Motherlode and nginx in turn, the same bytes from both, first as many as they can and then at a fixed rate."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.figures import Figures, Skipped, median
from bench.ground import Effort, Ground
from bench.load import Load, load
from bench.pace import Latency, pace
from bench.servers import Motherlode, Nginx

Paths = Callable[[Motherlode], Sequence[str]]
"""The paths of a case on a running server; raises Skipped."""


@dataclass(frozen=True, slots=True)
class Read:
    """Paths that are asked for in turn on a feed, so many connections at once; `rate` is that of the latency round."""

    name: str
    feed: str
    paths: Paths
    connections: int = 16
    rate: float = 1000.0

    def measure(self, ground: Ground) -> Figures:
        """Processor time, requests a second, both also as ratios to nginx, latency, and memory."""
        server = ground.motherlode(self.feed)
        paths = self.paths(server)
        nginx = ground.nginx()
        static_paths = [publish(nginx, server, path, f"{self.name}-{at}") for at, path in enumerate(paths)]
        for path in paths:
            server.get(path, gzip=True)
        server.tree.reset_peak()
        ours, theirs = self._rounds(ground.effort, server, paths, nginx, static_paths)
        our_latency, their_latency = self._latencies(ground.effort, server, paths, nginx, static_paths)
        return _figures(ours, theirs) | {
            "p50_ms": our_latency.p50_ms,
            "p99_ms": our_latency.p99_ms,
            "nginx_p50_ms": their_latency.p50_ms,
            "nginx_p99_ms": their_latency.p99_ms,
            "p99_ratio": our_latency.p99_ms / their_latency.p99_ms,
            "paced_rate": self.rate,
            "peak_mb": server.tree.peak_mb(),
            "body_kb": len(server.get(paths[0], gzip=True)[0]) / 1000,
        }

    def _rounds(
        self, effort: Effort, server: Motherlode, paths: Sequence[str], nginx: Nginx, static_paths: Sequence[str]
    ) -> tuple[list[Load], list[Load]]:
        ours, theirs = list[Load](), list[Load]()
        for _ in range(effort.rounds):
            for into, url, asked, tree in (
                (ours, server.url, paths, server.tree),
                (theirs, nginx.url, static_paths, nginx.tree),
            ):
                into.append(load(url, asked, tree, seconds=effort.seconds, connections=self.connections))
        return ours, theirs

    def _latencies(
        self, effort: Effort, server: Motherlode, paths: Sequence[str], nginx: Nginx, static_paths: Sequence[str]
    ) -> tuple[Latency, Latency]:
        seconds = effort.seconds * effort.rounds
        return (
            pace(server.port, paths, rate=self.rate, seconds=seconds),
            pace(nginx.port, static_paths, rate=self.rate, seconds=seconds),
        )


def of(*paths: str) -> Paths:
    """These paths."""
    return lambda _server: paths


def below(kind: str, *queries: str) -> Paths:
    """These queries of a resource, as far as the service index names it."""

    def find(server: Motherlode) -> Sequence[str]:
        path = server.find_resource(kind)
        if path is None:
            raise Skipped(f"the service index names no {kind}")
        return [path + query for query in queries]

    return find


def registration(id_key: str, name: str = "index.json") -> Paths:
    """A document of an id in the hive that clients of today read."""
    return lambda server: [f"{_hive(server)}{id_key}/{name}"]


def registration_pages(id_key: str) -> Paths:
    """All pages of an id, as its index links them."""
    return lambda server: _pages(server, id_key)


def last_page(server: Motherlode, package_id: str) -> str:
    """The path of the page with the newest versions of an id."""
    return _pages(server, package_id.lower())[-1]


def _pages(server: Motherlode, id_key: str) -> list[str]:
    index = json.loads(server.get(f"{_hive(server)}{id_key}/index.json")[0])
    return [str(page["@id"]).removeprefix(server.url) for page in index["items"]]


def _hive(server: Motherlode) -> str:
    path = server.find_resource("RegistrationsBaseUrl/3.6.0")
    if path is None:
        raise Skipped("the service index names no registrations")
    return path


def publish(nginx: Nginx, server: Motherlode, path: str, name: str) -> str:
    """Have nginx serve what the server answers, compressed and plain; returns the path there."""
    (nginx.static / name).write_bytes(server.get(path)[0])
    body, is_zipped = server.get(path, gzip=True)
    if is_zipped:
        (nginx.static / f"{name}.gz").write_bytes(body)
    return f"/{name}"


def _figures(ours: Sequence[Load], theirs: Sequence[Load]) -> Figures:
    """Medians of the rounds; ratios are taken round by round, so that a machine that slows down slows both."""
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "cpu_us": median([each.cpu_us for each in ours]),
        "rate": median([each.rate for each in ours]),
        "nginx_cpu_us": median([each.cpu_us for each in theirs]),
        "nginx_rate": median([each.rate for each in theirs]),
        "cpu_ratio": median([our.cpu_us / their.cpu_us for our, their in pairs]),
        "rate_ratio": median([our.rate / their.rate for our, their in pairs]),
        "server_busy": median([each.server_busy for each in ours]),
        "generator_busy": median([each.generator_busy for each in ours]),
        "nginx_generator_busy": median([each.generator_busy for each in theirs]),
    }
