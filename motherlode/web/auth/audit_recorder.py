"""Records what changes nothing but belongs in the audit log: sign-ins, and refused requests of known callers.

Lines are written in the background, so no read waits for the write lock. What cannot be written is reported in the
server's log. Unknown callers cause no lines. Known callers cause a bounded number: the same attempt is recorded once a
minute, at most `MOST_OF_ONE` different attempts per caller, and then the number of attempts left out.
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
"""Min seconds between two lines for the same refused attempt."""
MOST_OF_ONE: Final = 60
"""Max different refused attempts recorded per caller within `REPEAT_S`."""
AFTER_ANSWER_S: Final = 0.05
"""Seconds before a line is written, so that the write does not show in the response time."""
SIGN_IN_S: Final = 3600.0
"""Min seconds between two sign-in lines for the same user and address: clients send the password with every request."""
_MOST: Final = 4_096


@dataclass(slots=True)
class _Lately:
    """A caller's refused attempts since `since_s`: how many were recorded, and how many were left out."""

    since_s: float
    written: int = 0
    more: int = 0


class Attempts:
    """The attempts that this worker recorded recently. The size is bounded: the oldest entries are dropped."""

    def __init__(self, most: int = _MOST, repeat_s: float = REPEAT_S) -> None:
        self._most = most
        self._repeat_s = repeat_s
        self._written_s: dict[Hashable, float] = {}
        self._of_caller: dict[Hashable, _Lately] = {}

    def is_worth_a_line(self, caller: Hashable, attempt: Hashable, now_s: float) -> bool:
        """Whether to record the attempt; if so, it counts as recorded."""
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
        """Return the callers with attempts that were left out, and how many; reset their numbers.

        With `now_s` only callers whose `repeat_s` is over, without it all callers."""
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
    """Writes the audit lines of one worker, one at a time, so that pushes find the write lock free."""

    def __init__(self, services: Services, later: BackgroundTasks) -> None:
        self._house = services
        self._later = later
        self._refusals = Attempts()
        self._sign_ins = Attempts(repeat_s=SIGN_IN_S)
        self._writers = CapacityLimiter(1)

    def note_sign_in(self, request: Request, actor: Actor) -> None:
        """Record that a user signed in with a password."""
        if self._sign_ins.is_worth_a_line(actor.name, request.site.client, monotonic()):
            self._start(record_sign_in, actor.sent_by(request.sender), feed=request.feed_name)

    def note_refusal(self, request: Request, refusal: Refusal) -> None:
        """Record that a known caller tried something that is not allowed, or used a key that is no longer valid."""
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
        """Record how many attempts were left out: for callers whose minute is over, at the worker's end for all."""
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
        except Exception as fault:  # noqa: BLE001 the response is sent; the server's log reports the missing line
            _tell_missing(actor, about, why=repr(fault))


def _tell_missing(actor: Actor, about: dict[str, Any], *, why: str) -> None:
    sender = actor.sender
    who = {"actor": actor.name, "key": actor.key_id, "client": sender.address, "request_id": sender.request_id}
    get_logger().error("audit_not_written", **who, **about, why=why)


def _action_of(request: Request) -> str:
    return request.route if request.route != "none" else request.method.lower()[:20]


def _subject_of(request: Request) -> str:
    """Return the package that the request names, or the feed if it names none."""
    package = request.notes.get("package") or " ".join(
        request.parameters[name][:200] for name in ("id", "version") if request.parameters.get(name)
    )
    return str(package or request.asked_feed)
