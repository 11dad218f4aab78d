"""The event that wakes the supervisor: workers that end, certificates that change, and signals set it."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue


class WakeUp(threading.Event):
    """An event that a signal handler may set on the thread that waits for it, the supervisor's main thread.

    `threading.Event` would deadlock: its `set` waits for a lock that the interrupted `wait` or `clear` may hold.
    """

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        """Once `is_stopping` returns True, the event stays set, even if it is cleared at the same moment."""
        super().__init__()
        self._is_stopping = is_stopping
        self._is_set = False
        self._changes: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        """Whether the event is set, or the server is stopping."""
        return self._is_set or self._is_stopping()

    def set(self) -> None:
        """Set the event and wake the main thread."""
        self._is_set = True
        self._changes.put(None)

    def clear(self) -> None:
        """Reset the event, so that the next `wait` waits."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set. Returns False if `timeout` seconds pass without a call of `set`."""
        while not self.is_set():
            try:
                self._changes.get(timeout=timeout)
            except Empty:
                return False
        return True
