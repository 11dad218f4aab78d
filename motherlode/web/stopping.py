"""How a stop reaches a worker: always, and once, whatever the worker does at the time.

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
from typing import Final

from motherlode import os_files

_LOOK_S: Final = 0.02


class WorkerStop:
    """Takes SIGTERM for a worker and passes it on once, when the event loop can handle it.

    Make it before the process has other threads: they must hold the signals too. Ctrl+C reaches every process of a
    terminal, and workers leave it to their parent. On Windows nothing changes: a worker is ended from outside.
    """

    def __init__(self, is_listening: Callable[[], bool]) -> None:
        """From now on the process ends at once when it is told to stop.

        `is_listening` says whether the engine has opened its socket. Call this in the main thread, once the event loop
        is set.
        """
        self._loop = asyncio.get_event_loop()
        self._is_listening = is_listening
        self._is_ready = False
        if os_files.hold_signals(signal.SIGINT, signal.SIGTERM):
            threading.Thread(target=self._wait, name="wait-for-stop", daemon=True).start()

    def finish_requests(self) -> None:
        """From now on the process may have requests, and finishes them before it ends."""
        self._is_ready = True

    def _wait(self) -> None:
        os_files.wait_for_held(signal.SIGTERM)
        if not self._is_ready:
            os._exit(0)
        while not self._is_listening():
            time.sleep(_LOOK_S)
        with suppress(RuntimeError):  # the loop is closed: the process is about to end
            self._loop.call_soon_threadsafe(os_files.deliver_held, signal.SIGTERM)
