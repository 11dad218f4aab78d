"""Limits how many packages a worker validates at once: validation needs more CPU than any other request.

Invariant: however many packages arrive at once, at most `AT_ONCE` threads that validate large packages compete with
other requests for the interpreter. Small packages never wait for a turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

AT_ONCE: Final = 2
"""Max large packages that a worker validates at the same time."""
SMALL_BYTES: Final = 64 * 1024
"""Packages up to this size are validated without a turn."""
_TURNS: Final = BoundedSemaphore(AT_ONCE)


@contextmanager
def validation_turn(size_bytes: int) -> Iterator[None]:
    """Hold a turn while a package of that size is validated. Waits for a free turn unless the package is small."""
    if size_bytes <= SMALL_BYTES:
        yield
        return
    with _TURNS:
        yield
