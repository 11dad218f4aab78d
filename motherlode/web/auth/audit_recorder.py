"""What goes into the audit log though nothing was changed: sign-ins, and what was refused to a caller who is known.

It is written beside the answer: no read waits for the write lock. What cannot be written is in the server's log.
Strangers write nothing there, and those who are known only so much: the same attempt is written down once a minute, a
few attempts of each caller, and then how many more there were.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final

import anyio.to_thread
from anyio import CapacityLimiter

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import NoSuchFeed, NotAllowed, Refusal
from motherlode.observe.logs import get_logger
from motherlode.services import Services
from motherlode.usecases._audit import record_refusal
from motherlode.usecases.sign_in.history import record_sign_in
from motherlode.web.background import BackgroundTasks
from motherlode.web.request import Request

REPEAT_S: Final = 60.0
"""For so long the same refused attempt is not written down again."""
MOST_OF_ONE: Final = 60
"""So many different attempts of one caller are written down in that time."""
AFTER_ANSWER_S: Final = 0.05
"""So long a line waits before it is written, that its writing does not show in the time of the answer."""
SIGN_IN_S: Final = 3600.0
"""A password that is sent with every request is a sign-in once an hour, from the same address."""
_MOST: Final = 4_096


@dataclass(slots=True)
class _Lately:
    """What a caller tried since then: how much of it was written down, and how much was too much."""

    since_s: float
    written: int = 0
    more: int = 0


class Attempts:
    """Which attempts were written down lately by this worker; bounded, the oldest make room."""

    def __init__(self, most: int = _MOST, repeat_s: float = REPEAT_S) -> None:
        self._most = most
        self._repeat_s = repeat_s
        self._written_s: dict[Hashable, float] = {}
        self._of_caller: dict[Hashable, _Lately] = {}

    def is_worth_a_line(self, caller: Hashable, attempt: Hashable, now_s: float) -> bool:
        """Whether it is to be written down; if so, it counts as written."""
        if now_s - self._written_s.get((caller, attempt), now_s - self._repeat_s) < self._repeat_s:
            return False
        lately = self._of_caller.get(caller) or _Lately(now_s)
        if now_s - lately.since_s >= self._repeat_s:
            lately = _Lately(now_s, more=lately.more)
        self._keep(self._of_caller, caller, lately)
        if lately.written >= MOST_OF_ONE:
            lately.more += 1
            return False
        lately.written += 1
        self._keep(self._written_s, (caller, attempt), now_s)
        return True

    def take_more(self, now_s: float | None = None) -> list[tuple[Any, int]]:
        """The callers of whom there was more than was written down, and how much, each once: those whose time is up by
        then, or all."""
        over = [
            (caller, lately)
            for caller, lately in self._of_caller.items()
            if lately.more and (now_s is None or now_s - lately.since_s >= self._repeat_s)
        ]
        told = [(caller, lately.more) for caller, lately in over]
        for _, lately in over:
            lately.more = 0
        return told

    def _keep(self, table: dict[Hashable, Any], key: Hashable, value: Any) -> None:
        table.pop(key, None)
        table[key] = value
        if len(table) > self._most:
            del table[next(iter(table))]

    def __len__(self) -> int:
        return len(self._written_s) + len(self._of_caller)


class AuditRecorder:
    """Writes lines of one worker, one after the other, so that those who push find the write lock free."""

    def __init__(self, services: Services, later: BackgroundTasks) -> None:
        self._house = services
        self._later = later
        self._refusals = Attempts()
        self._sign_ins = Attempts(repeat_s=SIGN_IN_S)
        self._writers = CapacityLimiter(1)

    def note_sign_in(self, request: Request, actor: Actor) -> None:
        """Somebody proved with a password who he is."""
        if self._sign_ins.is_worth_a_line(actor.name, request.site.client, monotonic()):
            self._start(record_sign_in, actor.sent_by(request.sender), feed=request.feed_name)

    def note_refusal(self, request: Request, refusal: Refusal) -> None:
        """A caller who is known tried what he may not, or tried it with a key that is good no more."""
        actor = request.actor
        if actor is None or not (request.rejection_reason or isinstance(refusal, NotAllowed | NoSuchFeed)):
            return
        feed, subject = request.feed_name, _subject_of(request)
        attempt = (request.route, request.method, feed, subject, request.rejection_reason)
        if self._refusals.is_worth_a_line((actor.name, actor.key_id), attempt, monotonic()):
            reason = f"{refusal} (The key: {request.rejection_reason}.)" if request.rejection_reason else str(refusal)
            action = _action_of(request)
            self._start(record_refusal, actor, action=action, feed=feed, subject=subject, reason=reason)

    def tell_more(self, *, is_end: bool = False) -> None:
        """Say of how many attempts there is no line, where a caller's minute is over, or the worker ends."""
        for (name, key_id), count in self._refusals.take_more(None if is_end else monotonic()):
            reason = f"and {count} more attempts were refused"
            actor = Actor(name, frozenset(), key_id=key_id)
            self._start(record_refusal, actor, action="more", feed=None, subject=name, reason=reason)

    def _start(self, write: Callable[..., None], actor: Actor, **about: Any) -> None:
        if not self._later.start(self._write(write, actor, **about)):
            _tell_missing(actor, about, why="too many lines wait to be written")

    async def _write(self, write: Callable[..., None], actor: Actor, **about: Any) -> None:
        writing = partial(write, actor, **about, db=self._house.db, clock=self._house.clock)
        await anyio.sleep(AFTER_ANSWER_S)
        try:
            await anyio.to_thread.run_sync(writing, limiter=self._writers)
        except Exception as fault:  # noqa: BLE001 the answer was given, and the log says what is missing in the other one
            _tell_missing(actor, about, why=repr(fault))


def _tell_missing(actor: Actor, about: dict[str, Any], *, why: str) -> None:
    sender = actor.sender
    who = {"actor": actor.name, "key": actor.key_id, "client": sender.address, "request_id": sender.request_id}
    get_logger().error("audit_not_written", **who, **about, why=why)


def _action_of(request: Request) -> str:
    return request.route if request.route != "none" else request.method.lower()[:20]


def _subject_of(request: Request) -> str:
    """The package that was named, as far as one was, else the feed."""
    package = request.notes.get("package") or " ".join(
        request.parameters[name][:200] for name in ("id", "version") if request.parameters.get(name)
    )
    return str(package or request.asked_feed)
