"""What a kind of job is, and what a job receives when it runs.

Invariant: jobs are idempotent. A job may be interrupted at any step and started again by any worker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from motherlode.services import Services


class Stopped(Exception):
    """The job must end between two steps: its worker is stopping, or another worker has taken it over."""


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at a job. Call `step` often, between any two steps; it raises `Stopped`."""

    services: Services
    details: Mapping[str, Any]
    step: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. `name` is its name in the table, and `run` does the job or continues an interrupted one.

    With `every`, there is always a pending job of this kind. It is due that long after the first start of the server,
    and then that long after each job that was done or given up."""

    name: str
    run: Callable[[Task], None]
    every: timedelta | None = None
