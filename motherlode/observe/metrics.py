"""Metrics for Prometheus, by route name and result. They do not name packages.

Each of several workers writes to the folder in PROMETHEUS_MULTIPROC_DIR, and any worker can answer for all of them. The
server sets the variable before it starts its workers.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector  # type: ignore[no-untyped-call,unused-ignore]

from motherlode.observe.server_state import ServerState, StateCollector


class Metrics:
    """The counters of one worker."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "motherlode_requests",
            "Requests answered, by route, method and status.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._of_labels: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._durations = Histogram(
            "motherlode_request_duration_seconds",
            "Time from the request line to the end of the answer, by route.",
            ("route",),
            registry=self._registry,
        )
        self._sign_ins = Counter(
            "motherlode_sign_ins",
            "Passwords tried, by what came of it: ok, wrong, or slowed (refused unjudged, after wrong ones).",
            ("result",),
            registry=self._registry,
        )
        self._pushes = Counter(
            "motherlode_pushes", "Pushes, by what came of them.", ("result",), registry=self._registry
        )
        self._refusals = Counter(
            "motherlode_refusals", "Requests refused, by route and code.", ("route", "code"), registry=self._registry
        )
        self._downloads = Counter("motherlode_downloads", "Packages sent.", registry=self._registry)
        self._cache = Gauge(
            "motherlode_cache_bytes",
            "Memory taken by rendered documents, of all workers that live.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def show_cache(self, kept_bytes: int) -> None:
        """Set the memory used by this worker's documents, in bytes."""
        self._cache.set(kept_bytes)

    def count_request(self, route: str, method: str, status: int, duration_s: float) -> None:
        """Count one answered request."""
        found = self._of_labels.get((route, method, status))
        if found is None:
            found = self._requests.labels(route, method, str(status)), self._durations.labels(route)
            self._of_labels[route, method, status] = found
        found[0].inc()
        found[1].observe(duration_s)

    def count_sign_in(self, result: str) -> None:
        """Count one attempt to sign in with a password: `ok`, `wrong` or `slowed`."""
        self._sign_ins.labels(result).inc()

    def count_push(self, result: str) -> None:
        """Count one push: `pushed`, `replaced`, `unchanged` or `refused`."""
        self._pushes.labels(result).inc()

    def count_refusal(self, route: str, code: str) -> None:
        """Count one refused request."""
        self._refusals.labels(route, code).inc()

    def count_download(self) -> None:
        """Count one package download."""
        self._downloads.inc()

    def render(self, state: ServerState | None) -> bytes:
        """The counters of all workers and the server's state, in the text format of Prometheus."""
        said = b"" if state is None else generate_latest(StateCollector(state))
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry) + said
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone) + said
