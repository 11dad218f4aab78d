"""Lines on their way out: whole, in order, and those that are in no hurry a few at a time.

The invariant: a batch is no longer than what a pipe takes in one piece, so that lines of several workers that share one
never mix; and whatever is written at once takes along what waits.
"""

from contextlib import suppress
from threading import Lock
from typing import BinaryIO, Final

LONGEST_WAIT_S: Final = 0.1
"""How long a line may wait for others."""
_MOST_BYTES: Final = 4_096
"""What Linux writes into a pipe undivided (PIPE_BUF)."""


class Lines:
    """Writes lines to a file; safe to call from any thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting = bytearray()
        self._is_awaited = False
        self._lock = Lock()

    def write(self, line: str) -> None:
        """Write it at once."""
        with self._lock:
            self._add(line)
            self._flush()

    # structlog calls what lies beneath it by the name of the level
    debug = info = warning = error = critical = exception = log = msg = write

    def defer(self, line: str) -> bool:
        """Let it wait for others; whether the caller has to see to it that `flush` is called after LONGEST_WAIT_S."""
        with self._lock:
            self._add(line)
            is_first, self._is_awaited = not self._is_awaited, True
            return is_first

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            self._is_awaited = False
            self._flush()

    def _add(self, line: str) -> None:
        encoded = line.encode("utf-8", "backslashreplace") + b"\n"
        if len(self._waiting) + len(encoded) > _MOST_BYTES:
            self._flush()
        self._waiting += encoded

    def _flush(self) -> None:
        if self._waiting:
            batch, self._waiting = self._waiting, bytearray()
            with suppress(OSError):  # a full disk or a reader that is gone: no request may suffer for its log line
                self._file.write(batch)
                self._file.flush()
