"""What wakes the supervisor: workers that end, certificates that change, and signals."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue


class WakeUp(threading.Event):
    """What the supervisor's main thread waits on: an event that the handler of a signal may set in that very thread.

    A plain event is not for this: its `set` waits for a lock that the interrupted `wait` or `clear` may hold.
    """

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        """Once `is_stopping` says so, it stays set, even if it is cleared in the same moment."""
        super().__init__()
        self._is_stopping = is_stopping
        self._is_set = False
        self._changes: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        """Whether nobody need wait."""
        return self._is_set or self._is_stopping()

    def set(self) -> None:
        """Let the main thread go on."""
        self._is_set = True
        self._changes.put(None)

    def clear(self) -> None:
        """Let it wait next time."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Return once it is set, or, as False, when that took so many seconds since the last change."""
        while not self.is_set():
            try:
                self._changes.get(timeout=timeout)
            except Empty:
                return False
        return True
