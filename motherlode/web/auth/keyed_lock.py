"""One at a time for each thing: whoever comes second waits, and finds what the first one found out."""

from asyncio import Lock
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class KeyedLock:
    """Locks that are there only while somebody holds or awaits them."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, tuple[Lock, int]] = {}

    @asynccontextmanager
    async def of(self, what: Hashable) -> AsyncIterator[None]:
        """Alone with it, until the block is left."""
        lock, waiting = self._taken.get(what, (Lock(), 0))
        self._taken[what] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._taken[what]
            if waiting == 1:
                del self._taken[what]
            else:
                self._taken[what] = lock, waiting - 1

    def __len__(self) -> int:
        return len(self._taken)
