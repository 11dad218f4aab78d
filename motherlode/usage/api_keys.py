"""When and from where keys were last used: kept in memory, handed over in batches; no read writes anything."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Final

_MOST: Final = 10_000
"""Uses of more keys than this between two batches are dropped: what they tell is only when a key was last used."""


class KeyUses:
    """The uses of one worker that are not written down yet, the last one of each key; safe to call from any thread."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._uses: dict[str, tuple[datetime, str]] = {}
        self._lock = Lock()

    def note(self, key_id: str, at: datetime, address: str) -> None:
        """The key was used, at that time and from that address."""
        with self._lock:
            if len(self._uses) < self._most or key_id in self._uses:
                self._uses[key_id] = (at, address)

    def take(self) -> dict[str, tuple[datetime, str]]:
        """Hand over all uses, and begin at nothing."""
        with self._lock:
            uses, self._uses = self._uses, {}
            return uses

    def put_back(self, uses: Mapping[str, tuple[datetime, str]]) -> None:
        """Take back uses that could not be written down; later ones of the same key stay."""
        with self._lock:
            self._uses = {**uses, **self._uses}
