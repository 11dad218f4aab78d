"""Reads of the service index, with and without something that disturbs them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.figures import Figures, median
from bench.ground import Effort
from bench.pace import Latency, Stream, get, pace_stream
from bench.servers import Motherlode


def pace_disturbed(
    server: Motherlode,
    disturb: Callable[[], AbstractContextManager[None]],
    effort: Effort,
    *,
    rate: float,
    warm_up_s: float | None = None,
) -> Figures:
    """Latency of the reads without and while `disturb` is entered, round by round, and the server's memory."""
    seconds = max(3.0, effort.seconds)
    quiet, beside = list[Latency](), list[Latency]()
    reads = Stream([get(server.port, "/v3/index.json")], rate, is_random=True)
    pace_stream(server.port, reads, seconds=warm_up_s or seconds)
    server.tree.reset_peak()
    for _ in range(effort.rounds):
        quiet.append(pace_stream(server.port, reads, seconds=seconds))
        with disturb():
            beside.append(pace_stream(server.port, reads, seconds=seconds))
    return {
        "p50_ms": median([each.p50_ms for each in beside]),
        "p99_ms": median([each.p99_ms for each in beside]),
        "quiet_p50_ms": median([each.p50_ms for each in quiet]),
        "quiet_p99_ms": median([each.p99_ms for each in quiet]),
        "p99_ratio": median([loud.p99_ms / calm.p99_ms for loud, calm in zip(beside, quiet, strict=True)]),
        "peak_mb": server.tree.peak_mb(),
    }
