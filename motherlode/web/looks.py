"""Rate-limited checks of the server's state: at most one a second, shared by all waiting requests.

Invariant: a check begins after the requests that it answers, so its result is never older than they are; and the work
does not grow with the number of requests.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

PAUSE_S: Final = 1.0


class Looks:
    """The checks of one worker, by name. At least `pause_s` lies between the starts of two checks of the same name."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._by_name: dict[str, _Look] = {}

    async def take(self, name: str, look: Callable[[], Awaitable[T]]) -> T:
        """Wait for the next check of that name and return its result, or raise what it raises."""
        kept = self._by_name.setdefault(name, _Look())
        if kept.next is None:
            kept.next = asyncio.create_task(self._begin(kept, look))
        return cast("T", await asyncio.shield(kept.next))

    async def _begin(self, kept: "_Look", look: Callable[[], Awaitable[T]]) -> T:
        clock = asyncio.get_running_loop().time
        async with kept.lock:
            await asyncio.sleep(kept.last_begun + self._pause_s - clock())
            kept.last_begun = clock()
            kept.next = None  # later requests must wait for a later check
            return await look()


class _Look:
    """A named check. `next` is the check that has not begun yet, or None if no request waits for one."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.last_begun = float("-inf")
        self.next: asyncio.Task[Any] | None = None
