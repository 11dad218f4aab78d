"""What time it is: a port, because tests choose their own time."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Now, as an aware UTC time."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Now, as an aware UTC time."""
        return datetime.now(UTC)
