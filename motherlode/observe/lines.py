"""Writes log lines whole and in order. Lines that are not urgent are written in batches.

Invariant: a batch is not longer than what a pipe accepts atomically, so that lines of workers that share a pipe never
mix. A line that is written at once also flushes the lines that wait, so that the order is kept.
"""

from contextlib import suppress
from threading import Lock
from typing import BinaryIO, Final

LONGEST_WAIT_S: Final = 0.1
"""Longest time that a line may wait for its batch, in seconds."""
_MOST_BYTES: Final = 4_096
"""Max size of an atomic write to a pipe on Linux (PIPE_BUF)."""


class Lines:
    """Writes lines to a file; safe to call from any thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting = bytearray()
        self._is_awaited = False
        self._lock = Lock()

    def write(self, line: str) -> None:
        """Write the line, and those that wait, at once."""
        with self._lock:
            self._add(line)
            self._flush()

    # structlog calls the method that is named like the level
    debug = info = warning = error = critical = exception = log = msg = write

    def defer(self, line: str) -> bool:
        """Add the line to the batch. Returns whether the caller must call `flush` after LONGEST_WAIT_S."""
        with self._lock:
            self._add(line)
            is_first, self._is_awaited = not self._is_awaited, True
            return is_first

    def flush(self) -> None:
        """Write the lines that wait."""
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
            with suppress(OSError):  # a full disk or a closed pipe must not fail the request
                self._file.write(batch)
                self._file.flush()
