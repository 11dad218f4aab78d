"""A watchdog over the interpreter: how long one call keeps the event loop, or all threads, from anything else.

Both are measured in processor time that this process used meanwhile, so that what other programs take from a busy
machine does not count; of several tries of one input the least counts.
"""

import asyncio
import sys
import threading
import traceback
from asyncio.events import Handle
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import process_time, thread_time
from types import TracebackType
from typing import Final, Self

MAX_CALL_S: Final = 0.020
"""What one callback of the event loop may take: nothing else is answered meanwhile."""
MAX_HOLD_S: Final = 0.100
"""How long a thread may keep the interpreter: only what is not Python does not give it up by itself."""
_TRIES: Final = 3
_TICK_S: Final = 0.001


@dataclass(frozen=True)
class Longest:
    """The longest call and the longest hold, in seconds, each with where it was seen."""

    call_s: float = 0.0
    call: str = ""
    hold_s: float = 0.0
    hold: str = ""

    @property
    def complaints(self) -> list[str]:
        """What was too long."""
        calls = [f"{self.call_s:.3f} s on the event loop: {self.call}"] if self.call_s > MAX_CALL_S else []
        holds = [f"{self.hold_s:.3f} s with the interpreter held:\n{self.hold}"] if self.hold_s > MAX_HOLD_S else []
        return calls + holds


class Watchdog:
    """Watches the event loop of this thread, and all threads, from `with` to its end; `longest` is what it saw."""

    def __init__(self) -> None:
        self._call_s = self._hold_s = self._last_s = 0.0
        self._call = self._hold = ""
        self._is_over = threading.Event()
        self._metronome = threading.Thread(target=self._beat, name="metronome", daemon=True)
        self._run = Handle._run

    @property
    def longest(self) -> Longest:
        """The longest of all so far."""
        return Longest(self._call_s, self._call, self._hold_s, self._hold)

    def __enter__(self) -> Self:
        run = self._run

        def timed(handle: Handle) -> None:
            started = thread_time()
            run(handle)
            taken = thread_time() - started
            if taken > self._call_s:
                self._call_s, self._call = taken, repr(handle)

        Handle._run = timed  # type: ignore[method-assign]
        self._last_s = process_time()
        self._metronome.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        Handle._run = self._run  # type: ignore[method-assign]
        self._is_over.set()
        self._metronome.join()

    def _beat(self) -> None:
        """Wake up every millisecond: when that takes long while this process works, somebody holds the interpreter."""
        is_over = False
        while not is_over:
            is_over = self._is_over.wait(_TICK_S)
            held_s = process_time() - self._last_s
            if held_s > self._hold_s:
                self._hold_s, self._hold = held_s, _stacks()
            self._last_s = process_time()


async def watch(work: Callable[[], Awaitable[object]]) -> Longest:
    """The longest call and hold of some work that can be done again: the least of several tries."""
    tries: list[Longest] = []
    while len(tries) < _TRIES and (not tries or tries[-1].complaints):
        await asyncio.sleep(0)
        with Watchdog() as watchdog:
            await work()
        tries.append(watchdog.longest)
    call = min(tries, key=lambda each: each.call_s)
    hold = min(tries, key=lambda each: each.hold_s)
    return Longest(call.call_s, call.call, hold.hold_s, hold.hold)


def _stacks() -> str:
    """Where the other threads are."""
    own = threading.get_ident()
    frames = [frame for ident, frame in sys._current_frames().items() if ident != own]
    return "\n".join("".join(traceback.format_stack(frame)[-3:]) for frame in frames)
