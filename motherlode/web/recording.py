"""What goes into the audit log though nothing was changed: sign-ins, and what was refused to a caller who is known.

Strangers write nothing there, and those who are known only so much: the same attempt is written down once a minute, and
a few attempts of each caller.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, Final

from motherlode.domain.refusals import NoSuchFeed, NotAllowed, Refusal
from motherlode.observe.logs import get_logger
from motherlode.usecases.record_refusal import record_refusal
from motherlode.web.visit import Visit

REPEAT_S: Final = 60.0
"""For so long the same refused attempt is not written down again."""
MOST_OF_ONE: Final = 60
"""So many different attempts of one caller are written down in that time."""
_MOST: Final = 4_096


class Attempts:
    """Which attempts were written down lately by this worker; bounded, the oldest make room."""

    def __init__(self, most: int = _MOST, repeat_s: float = REPEAT_S) -> None:
        self._most = most
        self._repeat_s = repeat_s
        self._written_s: dict[Hashable, float] = {}
        self._of_caller: dict[Hashable, tuple[float, int]] = {}

    def is_worth_a_line(self, caller: Hashable, attempt: Hashable, now_s: float) -> bool:
        """Whether it is to be written down; if so, it counts as written."""
        if now_s - self._written_s.get((caller, attempt), now_s - self._repeat_s) < self._repeat_s:
            return False
        since_s, written = self._of_caller.get(caller, (now_s, 0))
        if now_s - since_s >= self._repeat_s:
            since_s, written = now_s, 0
        if written >= MOST_OF_ONE:
            return False
        self._keep(self._of_caller, caller, (since_s, written + 1))
        self._keep(self._written_s, (caller, attempt), now_s)
        return True

    def _keep(self, table: dict[Hashable, Any], key: Hashable, value: Any) -> None:
        table.pop(key, None)
        table[key] = value
        if len(table) > self._most:
            del table[next(iter(table))]

    def __len__(self) -> int:
        return len(self._written_s) + len(self._of_caller)


async def note_refusal(visit: Visit, refusal: Refusal, attempts: Attempts) -> None:
    """Write down what a caller who is known tried and may not, or tried with a key that is good no more."""
    actor = visit.actor
    if actor is None or not (visit.why_not or isinstance(refusal, NotAllowed | NoSuchFeed)):
        return
    feed, subject = visit.feed_name, _subject_of(visit)
    attempt = (visit.route, visit.method, feed, subject, visit.why_not)
    if not attempts.is_worth_a_line((actor.name, actor.key_id), attempt, monotonic()):
        return
    reason = f"{refusal} (The key: {visit.why_not}.)" if visit.why_not else str(refusal)
    await record(visit, record_refusal, actor, _action_of(visit), feed=feed, subject=subject, reason=reason)


async def record(visit: Visit, write: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """Write down with `write`; the caller's answer does not depend on whether that could be done."""
    try:
        await visit.write(write, *args, **kwargs, db=visit.house.db, clock=visit.house.clock)
    except Exception:  # noqa: BLE001 an answer is due, and the log says what is missing in the other one
        get_logger().exception("audit_not_written", request_id=visit.request_id)


def _action_of(visit: Visit) -> str:
    return visit.route if visit.route != "none" else visit.method.lower()[:20]


def _subject_of(visit: Visit) -> str:
    """The package that was named, as far as one was, else the feed."""
    package = visit.notes.get("package") or " ".join(
        visit.parameters[name][:200] for name in ("id", "version") if visit.parameters.get(name)
    )
    return str(package or visit.asked_feed)
