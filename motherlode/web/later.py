"""What is done beside the answer: the caller does not wait for it, and a worker that stops does."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Later:
    """Work under way; each piece reports its own failures."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it begin now, and go on by itself."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Wait until all that was started is done."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
