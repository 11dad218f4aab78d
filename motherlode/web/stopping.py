"""Delivers a stop signal to a worker reliably and exactly once, whatever the worker is doing.

A worker of Granian 2.8 stops when its event loop handles SIGTERM. Two things go wrong if signals arrive at any time.
uvloop loses a signal that arrives while it is not running: after the application has started and before the engine runs
the loop again. And Granian hangs, holding the interpreter's lock, if it handles a second signal before it has taken the
first one, or a third one later: `systemctl stop` signals the workers as well as the supervisor.
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
    """Holds SIGTERM for a worker, and delivers it once, when the event loop can handle it.

    Create it before the process has other threads: they must hold the signals too. Ctrl+C reaches every process of a
    terminal; workers leave it to their parent. On Windows it does nothing: workers are ended from outside.
    """

    def __init__(self, is_listening: Callable[[], bool]) -> None:
        """Make the process exit immediately on SIGTERM from now on.

        `is_listening` returns whether the engine has opened its socket. Call this in the main thread, after the event
        loop is set.
        """
        self._loop = asyncio.get_event_loop()
        self._is_listening = is_listening
        self._is_ready = False
        if os_files.hold_signals(signal.SIGINT, signal.SIGTERM):
            threading.Thread(target=self._wait, name="wait-for-stop", daemon=True).start()

    def finish_requests(self) -> None:
        """Make the process finish its requests before it exits, from now on."""
        self._is_ready = True

    def _wait(self) -> None:
        os_files.wait_for_held(signal.SIGTERM)
        if not self._is_ready:
            os._exit(0)
        while not self._is_listening():
            time.sleep(_LOOK_S)
        with suppress(RuntimeError):  # the loop is closed: the process is about to end
            self._loop.call_soon_threadsafe(os_files.deliver_held, signal.SIGTERM)
