"""How a stop reaches the process that is to stop: always, and once, whatever that process does at the time.

A worker of Granian 2.8 stops when its event loop handles SIGTERM. Two things go wrong if the signal comes as it likes.
uvloop forgets a signal that arrives while it does not run: after the application has started and before the engine
runs the loop again. And Granian waits without end, with the interpreter's lock held, when it handles a second signal
before it has taken the first, or a third one later: `systemctl stop` signals workers and supervisor alike.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from motherlode import posix
from motherlode.cli.listening import is_listening_here

_LOOK_S: Final = 0.02


class WorkerStop:
    """Takes SIGTERM for a worker and passes it on once, when the event loop can handle it.

    Make it before the process has other threads: they must hold the signals too. Ctrl+C reaches every process of a
    terminal, and workers leave it to their parent. On Windows nothing changes: a worker is ended from outside.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on the process ends at once when it is told to stop."""
        self._loop = loop
        self._is_ready = False
        if posix.hold_signals(signal.SIGINT, signal.SIGTERM):
            threading.Thread(target=self._wait, name="wait-for-stop", daemon=True).start()

    def finish_requests(self) -> None:
        """From now on the process may have requests, and finishes them before it ends."""
        self._is_ready = True

    def _wait(self) -> None:
        posix.wait_for_held(signal.SIGTERM)
        if not self._is_ready:
            os._exit(0)
        while not is_listening_here():
            time.sleep(_LOOK_S)
        with suppress(RuntimeError):  # the loop is closed: the process is about to end
            self._loop.call_soon_threadsafe(posix.deliver_held, signal.SIGTERM)


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
