"""Metrics of the server's current state, in contrast to the counters.

The worker that answers a scrape reads them for it, so that they are never stale: a deleted feed no longer appears.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PRIVATE_FEEDS = "(private)"
"""The label of all private feeds together. Everyone can read the metrics, so they must not name private feeds."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """Totals of the server's processes: resident memory in bytes, open files, and processor time in seconds."""

    count: int
    resident_bytes: int
    open_files: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class ServerState:
    """The state of the server at one moment.

    `packages` counts package ids and `versions` their versions, by the feed's label; `jobs` counts jobs by kind and
    state. `index_lag` is the number of events of all feeds that the search index has not applied yet, or None if there
    is no index. Sizes are in bytes. `certificate_ends_at` is None if the server uses http.
    """

    build: Mapping[str, str]
    started_at: datetime
    processes: ProcessState | None
    disk_free_bytes: int
    disk_total_bytes: int
    packages: Mapping[str, int]
    versions: Mapping[str, int]
    jobs: Mapping[tuple[str, str], int]
    index_lag: int | None
    certificate_ends_at: datetime | None


class StateCollector(Collector):
    """Passes a state to the Prometheus library."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """The metrics whose values are known."""
        state = self._state
        yield _labelled("build_info", "The program: always 1.", tuple(state.build), {tuple(state.build.values()): 1})
        yield _gauge(
            "start_time_seconds", "When this worker started, in seconds since 1970.", state.started_at.timestamp()
        )
        if state.processes is not None:
            yield _gauge("processes", "The processes of the server.", state.processes.count)
            yield _gauge("process_resident_memory_bytes", "Their memory.", state.processes.resident_bytes)
            yield _gauge("process_open_fds", "Their open files and connections.", state.processes.open_files)
            yield _gauge("process_cpu_seconds", "Their processor time until now.", state.processes.cpu_s)
        yield _gauge("disk_free_bytes", "Free on the disk of the data folder.", state.disk_free_bytes)
        yield _gauge("disk_total_bytes", "Size of the disk of the data folder.", state.disk_total_bytes)
        yield _labelled("packages", "Package ids, by feed.", ("feed",), _keyed(state.packages))
        yield _labelled("versions", "Package versions, by feed.", ("feed",), _keyed(state.versions))
        yield _labelled("jobs", "Jobs, by kind and state.", ("kind", "state"), state.jobs)
        if state.index_lag is not None:
            yield _gauge("search_index_lag_events", "Events that the search index lacks.", state.index_lag)
        if state.certificate_ends_at is not None:
            ends_s = state.certificate_ends_at.timestamp()
            yield _gauge(
                "certificate_end_time_seconds", "When the TLS certificate ends, in seconds since 1970.", ends_s
            )


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"motherlode_{name}", about, value=value)


def _labelled(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"motherlode_{name}", about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _keyed(values: Mapping[str, int]) -> dict[tuple[str], int]:
    return {(name,): value for name, value in values.items()}
