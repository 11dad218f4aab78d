"""The table of background jobs. Only one worker runs a job at a time.

A worker claims a job for some time, and extends the claim while it runs the job. When the claim expires, another worker
may take the job: the first one is dead, or so slow that it must notice before it changes anything else. A worker can
only change a job while its claim is valid. Each claim counts as an attempt, so that a job that kills its workers is
given up eventually.

A successful job has `done_at` only; a job that was given up has both `done_at` and `error`.
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
    """A job. `kind` defines the meaning of `details`. `attempts` were started; `error` is that of the last failed one.

    `claimed_by` is the worker that runs the job, at most until `claimed_until`."""

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
        """The state of the job at the given time."""
        if self.done_at is not None:
            return "done" if self.error is None else "failed"
        if self.claimed_until is not None and self.claimed_until > now:
            return "running"
        return "waiting" if self.due_at > now else "due"


def add(tx: Tx, kind: str, details: Mapping[str, Any], *, due_at: datetime, at: datetime) -> int:
    """Add a job that is due at `due_at`; returns its id."""
    row = {"kind": kind, "details": dict(details), "due_at": due_at, "created_at": at, "attempts": 0}
    return int(tx.execute(insert(schema.jobs).returning(_J.id), row).scalar_one())


def pending_kinds(tx: Tx) -> set[str]:
    """The kinds of all jobs that are not finished."""
    return set(tx.execute(select(_J.kind).where(_PENDING).distinct()).scalars())


def count_states(tx: Tx, now: datetime) -> dict[tuple[str, str], int]:
    """The number of jobs by kind and state."""
    counted: Counter[tuple[str, str]] = Counter((job.kind, job.state(now)) for job in read_all(tx))
    return dict(counted)


def find_due(tx: Tx, kinds: Collection[str], now: datetime) -> JobRow | None:
    """The job of these kinds that has been due the longest and is not claimed, or None."""
    mine = select(schema.jobs).where(_J.kind.in_(kinds), *_is_free(now)).order_by(_J.due_at, _J.id).limit(1)
    row = tx.execute(mine).first()
    return None if row is None else JobRow(*row)


def claim(tx: Tx, job_id: int, worker: str, now: datetime, until: datetime) -> JobRow | None:
    """Claim the job for the worker and count an attempt. Returns None if another worker was faster."""
    claimed = update(schema.jobs).where(_J.id == job_id, *_is_free(now))
    values = {"claimed_by": worker, "claimed_until": until, "attempts": _J.attempts + 1}
    row = tx.execute(claimed.values(values).returning(*schema.jobs.c)).first()
    return None if row is None else JobRow(*row)


def extend(tx: Tx, job: JobRow, until: datetime) -> bool:
    """Extend the claim, even an expired one if no other worker has taken the job. Returns False if it is lost."""
    return _change(tx, job, claimed_until=until)


def finish(tx: Tx, job: JobRow, at: datetime) -> bool:
    """Mark the job as successful. Returns False if the claim is lost."""
    return _change(tx, job, done_at=at, error=None, **_UNCLAIMED)


def reschedule(tx: Tx, job: JobRow, due_at: datetime, error: str) -> bool:
    """Record a failed attempt, and make the job due again at `due_at`. Returns False if the claim is lost."""
    return _change(tx, job, due_at=due_at, error=error, **_UNCLAIMED)


def give_up(tx: Tx, job: JobRow, at: datetime, error: str) -> bool:
    """Mark the job as failed permanently. Returns False if the claim is lost."""
    return _change(tx, job, done_at=at, error=error, **_UNCLAIMED)


def release(tx: Tx, job: JobRow) -> bool:
    """Release the claim of a stopping worker, so that another can continue. The attempt does not count.

    Returns False if the claim is lost."""
    return _change(tx, job, attempts=job.attempts - 1, **_UNCLAIMED)


def read_all(tx: Tx) -> list[JobRow]:
    """All stored jobs, ordered by the time they are or were due."""
    return [JobRow(*row) for row in tx.execute(select(schema.jobs).order_by(_J.due_at, _J.id))]


def purge_done(tx: Tx, before: datetime) -> int:
    """Remove the jobs that were done or given up before that time; returns how many."""
    return tx.execute(delete(schema.jobs).where(_J.done_at < before)).rowcount


_UNCLAIMED: Mapping[str, None] = {"claimed_by": None, "claimed_until": None}


def _is_free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _PENDING, _J.due_at <= now, or_(_J.claimed_until.is_(None), _J.claimed_until <= now)


def _change(tx: Tx, job: JobRow, **values: Any) -> bool:
    """Change the job if its claim is still the one in `job`. A later claim has a higher number of attempts."""
    mine = and_(_J.id == job.id, _PENDING, _J.claimed_by == job.claimed_by, _J.attempts == job.attempts)
    return tx.execute(update(schema.jobs).where(mine).values(values)).rowcount > 0
