"""The clock. It is a protocol, so that tests can set the time."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Returns the current time."""

    def now(self) -> datetime:
        """The current time, aware and in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time, aware and in UTC."""
        return datetime.now(UTC)
