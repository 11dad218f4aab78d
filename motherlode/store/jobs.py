"""Things to be done later, each by one worker at a time.

A worker claims a job for a while, and prolongs the claim as it goes on. Once the time is up, another may take the job:
the worker is dead, or so slow that it must find out before it changes anything more. Whatever a worker says of a job
counts only while the claim is its own. A claim counts as an attempt, so that a job that kills its workers ends too.

Of a job that was given up, `done_at` and `error` are both there; of one that went well, `done_at` alone.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx

State = Literal["waiting", "due", "running", "done", "failed"]

_J = schema.jobs.c
_PENDING = _J.done_at.is_(None)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job of a kind, with the details that its kind knows; `attempts` were begun, `error` is of the last that failed.

    `claimed_by` names the worker that is at it until `claimed_until`."""

    id: int
    kind: str
    details: dict[str, Any]
    due_at: datetime
    created_at: datetime
    attempts: int
    claimed_by: str | None
    claimed_until: datetime | None
    done_at: datetime | None
    error: str | None

    def state(self, now: datetime) -> State:
        """How it stands."""
        if self.done_at is not None:
            return "done" if self.error is None else "failed"
        if self.claimed_until is not None and self.claimed_until > now:
            return "running"
        return "waiting" if self.due_at > now else "due"


def add(tx: Tx, kind: str, details: Mapping[str, Any], *, due_at: datetime, at: datetime) -> int:
    """A new job, to be done from `due_at` on; returns its id."""
    row = {"kind": kind, "details": dict(details), "due_at": due_at, "created_at": at, "attempts": 0}
    return int(tx.execute(insert(schema.jobs).returning(_J.id), row).scalar_one())


def pending_kinds(tx: Tx) -> set[str]:
    """The kinds of all jobs that are still to be done."""
    return set(tx.execute(select(_J.kind).where(_PENDING).distinct()).scalars())


def count_states(tx: Tx, now: datetime) -> dict[tuple[str, str], int]:
    """How many jobs there are, by kind and state."""
    counted: Counter[tuple[str, str]] = Counter((job.kind, job.state(now)) for job in read_all(tx))
    return dict(counted)


def find_due(tx: Tx, kinds: Collection[str], now: datetime) -> JobRow | None:
    """The job of these kinds that has been due for the longest, unless a worker is at it."""
    mine = select(schema.jobs).where(_J.kind.in_(kinds), *_is_free(now)).order_by(_J.due_at, _J.id).limit(1)
    row = tx.execute(mine).first()
    return None if row is None else JobRow(*row)


def claim(tx: Tx, job_id: int, worker: str, now: datetime, until: datetime) -> JobRow | None:
    """The job, claimed for the worker, with one more attempt begun; None when another was first."""
    claimed = update(schema.jobs).where(_J.id == job_id, *_is_free(now))
    values = {"claimed_by": worker, "claimed_until": until, "attempts": _J.attempts + 1}
    row = tx.execute(claimed.values(values).returning(*schema.jobs.c)).first()
    return None if row is None else JobRow(*row)


def extend(tx: Tx, job: JobRow, until: datetime) -> bool:
    """Keep the claim; False when it is lost. One that ran out is kept too, if nobody took the job meanwhile."""
    return _change(tx, job, claimed_until=until)


def finish(tx: Tx, job: JobRow, at: datetime) -> bool:
    """The job went well; False when the claim is lost."""
    return _change(tx, job, done_at=at, error=None, **_UNCLAIMED)


def reschedule(tx: Tx, job: JobRow, due_at: datetime, error: str) -> bool:
    """The attempt failed, and there is to be another from `due_at` on; False when the claim is lost."""
    return _change(tx, job, due_at=due_at, error=error, **_UNCLAIMED)


def give_up(tx: Tx, job: JobRow, at: datetime, error: str) -> bool:
    """The job failed for good; False when the claim is lost."""
    return _change(tx, job, done_at=at, error=error, **_UNCLAIMED)


def release(tx: Tx, job: JobRow) -> bool:
    """The worker stops: another may go on at once, and the attempt does not count. False when the claim is lost."""
    return _change(tx, job, attempts=job.attempts - 1, **_UNCLAIMED)


def read_all(tx: Tx) -> list[JobRow]:
    """All jobs that are kept, in the order in which they are or were due."""
    return [JobRow(*row) for row in tx.execute(select(schema.jobs).order_by(_J.due_at, _J.id))]


def purge_done(tx: Tx, before: datetime) -> int:
    """Forget the jobs that were done, or given up, before that moment; how many those were."""
    return tx.execute(delete(schema.jobs).where(_J.done_at < before)).rowcount


_UNCLAIMED: Mapping[str, None] = {"claimed_by": None, "claimed_until": None}


def _is_free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _PENDING, _J.due_at <= now, or_(_J.claimed_until.is_(None), _J.claimed_until <= now)


def _change(tx: Tx, job: JobRow, **values: Any) -> bool:
    """Only while the claim is the one that `job` was given: a later one has begun another attempt."""
    mine = and_(_J.id == job.id, _PENDING, _J.claimed_by == job.claimed_by, _J.attempts == job.attempts)
    return tx.execute(update(schema.jobs).where(mine).values(values)).rowcount > 0
