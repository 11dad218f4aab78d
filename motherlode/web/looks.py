"""Looks at the state of the server that many may ask for at once: at most one a second, shared by all who wait for it.

Invariant: a look begins after the request that it answers, so what is told is never older than the question; and the
work does not grow with the number of those who ask.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

PAUSE_S: Final = 1.0


class Looks:
    """The looks of one worker, by name; `pause_s` lies between the beginnings of two of the same name."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._by_name: dict[str, _Look] = {}

    async def take(self, name: str, look: Callable[[], Awaitable[T]]) -> T:
        """What the next look of that name finds. Raises what it raises, to all who wait for it."""
        kept = self._by_name.setdefault(name, _Look())
        if kept.next is None:
            kept.next = asyncio.create_task(self._begin(kept, look))
        return cast("T", await asyncio.shield(kept.next))

    async def _begin(self, kept: "_Look", look: Callable[[], Awaitable[T]]) -> T:
        clock = asyncio.get_running_loop().time
        async with kept.lock:
            await asyncio.sleep(kept.last_begun + self._pause_s - clock())
            kept.last_begun = clock()
            kept.next = None  # whoever asks from now on asks about what comes from now on
            return await look()


class _Look:
    """`next` is the look that has not begun yet, None where nobody waits for one."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.last_begun = float("-inf")
        self.next: asyncio.Task[Any] | None = None
