"""What is done beside the answer: the caller does not wait for it, and a worker that stops does."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

MOST_UNDER_WAY: Final = 256
"""So many pieces may be under way: each waits in memory."""


class BackgroundTasks:
    """Work under way; each piece reports its own failures."""

    def __init__(self, most: int = MOST_UNDER_WAY) -> None:
        self._most = most
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """Let it begin now, and go on by itself; False, and it is dropped, where too much is under way."""
        if len(self._under_way) >= self._most:
            work.close()
            return False
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def finish(self) -> None:
        """Wait until all that was started is done."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
