"""Background tasks: responses do not wait for them; the shutdown of a worker does."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

MOST_UNDER_WAY: Final = 256
"""Max running tasks; each takes memory."""


class BackgroundTasks:
    """The running background tasks of a worker; each task reports its own failures."""

    def __init__(self, most: int = MOST_UNDER_WAY) -> None:
        self._most = most
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """Start a task and return True; if too many tasks are running, drop it and return False."""
        if len(self._under_way) >= self._most:
            work.close()
            return False
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def finish(self) -> None:
        """Wait until all started tasks are done."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
