"""Turns at judging packages, which is the most that a worker computes for anybody.

Invariant: however many packages come at once, a reader of anything waits for the interpreter behind `AT_ONCE` threads
that judge large ones, and small ones wait for nobody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

AT_ONCE: Final = 2
SMALL_BYTES: Final = 64 * 1024
_TURNS: Final = BoundedSemaphore(AT_ONCE)


@contextmanager
def turn_to_judge(size_bytes: int) -> Iterator[None]:
    """A package of that size is judged inside; waits for a turn, unless it is small."""
    if size_bytes <= SMALL_BYTES:
        yield
        return
    with _TURNS:
        yield
