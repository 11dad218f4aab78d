"""Tracks when and from which address API keys were last used.

Uses are kept in memory and written in batches, so that a read request writes nothing."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Final

_MOST: Final = 10_000
"""Max keys per batch. Uses of further keys are dropped, because they only say when a key was last used."""


class KeyUses:
    """The last use of each key in one worker that is not written yet. Safe to call from any thread."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._uses: dict[str, tuple[datetime, str]] = {}
        self._lock = Lock()

    def note(self, key_id: str, at: datetime, address: str) -> None:
        """Record a use of the key."""
        with self._lock:
            if len(self._uses) < self._most or key_id in self._uses:
                self._uses[key_id] = (at, address)

    def take(self) -> dict[str, tuple[datetime, str]]:
        """Return all uses and clear them."""
        with self._lock:
            uses, self._uses = self._uses, {}
            return uses

    def put_back(self, uses: Mapping[str, tuple[datetime, str]]) -> None:
        """Put back uses that could not be written. Later uses of the same keys are kept."""
        with self._lock:
            self._uses = {**uses, **self._uses}
