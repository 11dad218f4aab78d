"""Figures: what a case gives, the goals it is held to, and how both are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Figures = dict[str, float]
"""What a case measured, by name; the name says the unit."""

UNITS: Final = {
    "us": "µs",
    "ms": "ms",
    "s": "s",
    "mb": "MB",
    "kb": "KB",
    "rate": "/s",
    "ratio": "×",
    "reads": "reads",
    "busy": "cores",
    "count": "",
}


_TIMES_US: Final = {"us": 1.0, "ms": 1_000.0, "s": 1_000_000.0}


class Skipped(Exception):
    """A case that has nothing to measure here; its text says why."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is to reach: at most, or at least, so much."""

    figure: str
    limit: float
    is_floor: bool = False

    def is_met(self, figures: Mapping[str, float]) -> bool:
        """Whether it is reached."""
        value = figures[self.figure]
        return value >= self.limit if self.is_floor else value <= self.limit

    def __str__(self) -> str:
        return f"{label(self.figure)} {'≥' if self.is_floor else '≤'} {show(self.figure, self.limit)}".strip()


def unit_of(name: str) -> str:
    """The unit that the end of a figure's name says."""
    return next((unit for end, unit in UNITS.items() if name == end or name.endswith(f"_{end}")), "")


def label(name: str) -> str:
    """What a figure's name says besides its unit."""
    words = name.split("_")
    while words and words[-1] in UNITS:
        words.pop()
    return " ".join(words)


def show(name: str, value: float) -> str:
    """A figure with its unit, three digits where there is something behind the point."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit_of(name)}".strip()


def median(values: Sequence[float]) -> float:
    """The middle one; the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]


def in_reads(figures: Figures, names: Iterable[str], read_us: float) -> Figures:
    """Those of the names that end in `_reads`: the times of these names as multiples of what one read takes nginx.

    `read_us` is the processor time of nginx for a small file, measured in the same run: machines differ by a factor of
    three from day to day, and this differs with them.
    """
    found: Figures = {}
    for name in names:
        stem, _, unit = name.rpartition("_")
        if unit == "reads":
            found[name] = next(
                figures[f"{stem}_{time}"] * in_us / read_us
                for time, in_us in _TIMES_US.items()
                if f"{stem}_{time}" in figures
            )
    return found


def goals_line(goals: Sequence[Goal], figures: Mapping[str, float]) -> str:
    """Each goal of a case and whether it is reached."""
    parts = [f"{goal} {'✓' if goal.is_met(figures) else '✗'}" for goal in goals if goal.figure in figures]
    return ", ".join(parts)
