"""Named points at which a test can kill the server, to prove that acknowledged changes are never lost.

They are off unless MOTHERLODE_CRASH_AT names a point, and then cost one comparison.
"""

import os
import signal
from typing import Final

_CRASH_AT: Final = os.environ.get("MOTHERLODE_CRASH_AT")


def crash_point(name: str) -> None:
    """Kill this process, as by kill -9, if MOTHERLODE_CRASH_AT names this point."""
    if _CRASH_AT is not None and name == _CRASH_AT:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
