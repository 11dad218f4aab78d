"""Runs the jobs that are due, one after the other, in one thread of each worker.

A worker claims a job in the table before it runs it, so only one worker runs it. If a worker dies, its claim expires
and another worker starts the job again. A failed attempt is repeated after growing delays; after `MOST_ATTEMPTS` the
job is given up, and a recurring job is scheduled again. Errors of the runner itself are logged and retried; they never
end the thread.
"""

import os
import secrets
from collections.abc import Sequence
from datetime import timedelta
from threading import Event, Thread
from typing import Final

from motherlode.domain.refusals import Refusal
from motherlode.jobs.kinds import Kind, Stopped, Task
from motherlode.observe.logs import get_logger
from motherlode.services import Services
from motherlode.store import jobs
from motherlode.store.database.sqlite import Tx
from motherlode.store.jobs import JobRow
from motherlode.store.sanitize import sanitize

CLAIM: Final = timedelta(minutes=5)
"""How long a claim lasts unless it is extended. It must be longer than any single step."""
PROLONG_AFTER: Final = CLAIM / 3
MOST_ATTEMPTS: Final = 5
FIRST_DELAY: Final = timedelta(minutes=1)
"""Delay after the first failed attempt. Each further delay is four times as long."""
KEPT: Final = timedelta(days=7)
"""How long finished jobs stay in the table."""
LOOK_INTERVAL_S: Final = 5.0
_RETRY_INTERVAL_S: Final = 60.0
_MAX_ERROR: Final = 300
_WORKER_GONE: Final = "the worker died or took too long"


class Runner:
    """The job runner of one worker."""

    def __init__(self, services: Services, kinds: Sequence[Kind]) -> None:
        self._services = services
        self._kinds = {kind.name: kind for kind in kinds}
        self._worker = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start to run jobs, in a thread."""
        self._thread = Thread(target=self._run_until_stopped, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop running jobs. A running job finishes its current step and is left to another worker."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def run_next(self) -> bool:
        """Run the next job that is due. Returns False if there is none. Raises Busy, StorageFull."""
        self._schedule()
        now = self._services.clock.now()
        with self._services.db.read() as tx:
            due = jobs.find_due(tx, list(self._kinds), now)
        if due is None:
            return False
        with self._services.db.write() as tx:
            job = jobs.claim(tx, due.id, self._worker, now, now + CLAIM)
        if job is not None:
            self._attempt(job)
        return True

    def _schedule(self) -> None:
        """Add a missing job of every recurring kind. One may be missing if a worker died before it added the next."""
        rounds = {kind.name: kind.every for kind in self._kinds.values() if kind.every is not None}
        with self._services.db.read() as tx:
            missing = rounds.keys() - jobs.pending_kinds(tx)
        if not missing:
            return
        with self._services.db.write() as tx:
            now = self._services.clock.now()
            for name in sorted(missing - jobs.pending_kinds(tx)):
                jobs.add(tx, name, {}, due_at=now + rounds[name], at=now)

    def _attempt(self, job: JobRow) -> None:
        log = get_logger().bind(job=job.id, kind=job.kind, attempt=job.attempts)
        if job.attempts > MOST_ATTEMPTS:
            self._fail(job, job.error or _WORKER_GONE)
            log.error("job_given_up", error=_WORKER_GONE)
            return
        try:
            self._kinds[job.kind].run(Task(self._services, job.details, self._stepper(job)))
        except Stopped:
            self._release(job)
            log.info("job_stopped")
        except (Refusal, OSError) as error:
            self._fail(job, str(error))
            log.warning("job_failed", error=str(error))
        except Exception as error:
            self._fail(job, f"{type(error).__name__}: {error}")
            log.exception("job_failed")
        else:
            self._finish(job)
            log.info("job_done")

    def _stepper(self, job: JobRow) -> "_Stepper":
        return _Stepper(self._services, job, self._stopping)

    def _finish(self, job: JobRow) -> None:
        with self._services.db.write() as tx:
            if jobs.finish(tx, job, self._services.clock.now()):
                self._come_round(tx, job)

    def _fail(self, job: JobRow, error: str) -> None:
        """Reschedule the job, or give it up after the last attempt."""
        reason = sanitize(error, _MAX_ERROR) or "unknown error"
        with self._services.db.write() as tx:
            now = self._services.clock.now()
            if job.attempts < MOST_ATTEMPTS:
                jobs.reschedule(tx, job, now + FIRST_DELAY * 4 ** (job.attempts - 1), reason)
            elif jobs.give_up(tx, job, now, reason):
                self._come_round(tx, job)

    def _release(self, job: JobRow) -> None:
        with self._services.db.write() as tx:
            jobs.release(tx, job)

    def _come_round(self, tx: Tx, job: JobRow) -> None:
        """Schedule the next job of the kind if it recurs, and remove old finished jobs."""
        now = self._services.clock.now()
        every = self._kinds[job.kind].every
        if every is not None:
            jobs.add(tx, job.kind, {}, due_at=now + every, at=now)
        jobs.purge_done(tx, now - KEPT)

    def _run_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._run_and_log())

    def _run_and_log(self) -> float:
        """Run the next job and log errors. Returns how many seconds to wait before the next call."""
        try:
            return 0.0 if self.run_next() else LOOK_INTERVAL_S
        except Refusal as refusal:
            get_logger().warning("jobs_not_run", reason=str(refusal))
        except Exception:  # noqa: BLE001
            # the next call may succeed, and without this thread the worker would run no more jobs
            get_logger().exception("jobs_not_run")
        return _RETRY_INTERVAL_S


class _Stepper:
    """Called between two steps of a job: extends its claim, or raises `Stopped`."""

    def __init__(self, services: Services, job: JobRow, stopping: Event) -> None:
        self._services = services
        self._job = job
        self._stopping = stopping
        self._extended_at = services.clock.now()

    def __call__(self) -> None:
        if self._stopping.is_set():
            raise Stopped
        now = self._services.clock.now()
        if now - self._extended_at < PROLONG_AFTER:
            return
        with self._services.db.write() as tx:
            if not jobs.extend(tx, self._job, now + CLAIM):
                raise Stopped
        self._extended_at = now
