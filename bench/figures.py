"""Figures: what a case gives, the goals it is held to, and how both are written."""

from collections.abc import Mapping, Sequence
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
    "busy": "cores",
    "count": "",
}


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


def goals_line(goals: Sequence[Goal], figures: Mapping[str, float]) -> str:
    """Each goal of a case and whether it is reached."""
    parts = [f"{goal} {'✓' if goal.is_met(figures) else '✗'}" for goal in goals if goal.figure in figures]
    return ", ".join(parts)
