"""What a kind of job is, and what it is handed when it runs.

Invariant: a job may be cut off at any step and begun again, by any worker: what it does twice does no harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from motherlode.services import Services


class Stopped(Exception):
    """The job is to end between two steps: its worker stops, or it is another's by now."""


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at a job. `step` is to be called between any two steps, often; it raises `Stopped`."""

    services: Services
    details: Mapping[str, Any]
    step: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: `name` in the table, `run` does it, whoever began it before. With `every` there is always one of
    this kind to be done: that long after the first start, and after each one that was done or given up."""

    name: str
    run: Callable[[Task], None]
    every: timedelta | None = None
