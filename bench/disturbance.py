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
    harmless: Callable[[], AbstractContextManager[None]] | None = None,
) -> Figures:
    """Latency of the reads without and while `disturb` is entered, round by round, and the server's memory; and while
    `harmless` is, where there is something that is no attack and looks like it."""
    seconds = max(3.0, effort.seconds)
    quiet, beside, calm_beside = list[Latency](), list[Latency](), list[Latency]()
    reads = Stream([get(server.port, "/v3/index.json")], rate, is_random=True)
    pace_stream(server.port, reads, seconds=warm_up_s or seconds)
    server.tree.reset_peak()
    for _ in range(effort.rounds):
        quiet.append(pace_stream(server.port, reads, seconds=seconds))
        if harmless is not None:
            with harmless():
                calm_beside.append(pace_stream(server.port, reads, seconds=seconds))
        with disturb():
            beside.append(pace_stream(server.port, reads, seconds=seconds))
    figures: Figures = {
        "p50_ms": median([each.p50_ms for each in beside]),
        "p99_ms": median([each.p99_ms for each in beside]),
        "quiet_p50_ms": median([each.p50_ms for each in quiet]),
        "quiet_p99_ms": median([each.p99_ms for each in quiet]),
        "p99_ratio": _ratio(beside, quiet),
        "peak_mb": server.tree.peak_mb(),
    }
    if calm_beside:
        figures["harmless_p99_ms"] = median([each.p99_ms for each in calm_beside])
        figures["harmless_ratio"] = _ratio(beside, calm_beside)
    return figures


def _ratio(loud: list[Latency], calm: list[Latency]) -> float:
    return median([one.p99_ms / other.p99_ms for one, other in zip(loud, calm, strict=True)])
