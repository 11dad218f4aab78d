"""Checks whether the disk has enough free space to accept uploads.

Invariant: the disk is measured at most once per second, however often callers ask, so that asking is cheap.
"""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from motherlode.domain.refusals import StorageLow

LOOK_INTERVAL_S: Final = 1.0


class FreeSpace:
    """The free space on one disk. At least `least_bytes` must stay free; 0 means no limit. Safe to use from any thread.

    `measure` returns the free bytes. If it raises OSError, the last known result stays, so a failure refuses nothing.
    """

    def __init__(
        self, measure: Callable[[], int], least_bytes: int = 0, monotonic_s: Callable[[], float] = monotonic
    ) -> None:
        self._measure = measure
        self._least_bytes = least_bytes
        self._monotonic_s = monotonic_s
        self._looking = threading.Lock()
        self._looked_at_s: float | None = None
        self._is_low = False

    def is_low(self) -> bool:
        """Whether less space is free than required. The answer is at most one second old."""
        if not self._least_bytes:
            return False
        with self._looking:
            now_s = self._monotonic_s()
            if self._looked_at_s is None or now_s - self._looked_at_s >= LOOK_INTERVAL_S:
                self._looked_at_s = now_s
                self._look()
            return self._is_low

    def check(self) -> None:
        """Raise StorageLow if free space is low."""
        if self.is_low():
            raise StorageLow

    def _look(self) -> None:
        try:
            free_bytes = self._measure()
        except OSError:
            return
        was_low, self._is_low = self._is_low, free_bytes < self._least_bytes
        if self._is_low != was_low:
            # imported here because most commands do not need the logs
            from motherlode.observe.logs import get_logger  # noqa: PLC0415

            event = "storage_low" if self._is_low else "storage_enough"
            get_logger().warning(event, free_bytes=free_bytes, least_bytes=self._least_bytes)
