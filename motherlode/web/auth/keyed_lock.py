"""A lock for each key: tasks that need the same key wait for each other, so the second can use the first's result."""

from asyncio import Lock
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class KeyedLock:
    """Locks by key; a lock exists only while a task holds it or waits for it."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, tuple[Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, what: Hashable) -> AsyncIterator[None]:
        """Hold the lock of `what` until the block ends."""
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
