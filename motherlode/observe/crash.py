"""Named points at which a test may kill the server, to prove that nothing acknowledged is lost.

Off unless MOTHERLODE_CRASH_AT names a point, and then free of cost but for one comparison.
"""

import os
import signal
from typing import Final

_CRASH_AT: Final = os.environ.get("MOTHERLODE_CRASH_AT")


def crash_point(name: str) -> None:
    """Die here and now, as by kill -9, if this is the point the environment names."""
    if _CRASH_AT is not None and name == _CRASH_AT:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
