"""How the work that a reader does grows with its input, measured so that a busy machine makes no difference.

Work is the processor time of this thread alone, the least of three tries, and only ratios of it are compared: eight
times the input is eight times the work of a reader whose time is linear, and sixty-four times of one whose is square.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from time import thread_time
from typing import Final, TypeVar

from motherlode.domain.refusals import Refusal

T = TypeVar("T")

MORE: Final = 8
LINEAR: Final = 3 * MORE
"""Growth below this is linear time: caches of the processor and collections of garbage are in it."""
_NOISE_S: Final = 0.002
"""What takes less than this is not told apart."""


def work_of(call: Callable[[T], object], value: T) -> float:
    """The seconds of processor time that a call takes; what it raises for bad input is part of it."""
    return min(_time(call, value) for _ in range(3))


def growth_of(call: Callable[[T], object], make: Callable[[int], T], size: int) -> float:
    """How many times the work grows from an input of `size` to one of `MORE` times that size."""
    return max(work_of(call, make(MORE * size)), _NOISE_S) / max(work_of(call, make(size)), _NOISE_S)


def _time(call: Callable[[T], object], value: T) -> float:
    started = thread_time()
    with suppress(ValueError, Refusal):
        call(value)
    return thread_time() - started


def calls_of(call: Callable[[], object]) -> int:
    """How many functions are called, in Python and out of it: the same number on every machine."""
    count = 0

    def note(_frame: object, event: str, _about: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count
