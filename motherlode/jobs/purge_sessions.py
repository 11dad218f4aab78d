"""The daily job that removes expired browser sessions."""

from datetime import timedelta
from typing import Final

from motherlode.jobs.kinds import Kind, Task
from motherlode.usecases.sign_in.sessions import purge_sessions


def _run(task: Task) -> None:
    purge_sessions(db=task.services.db, clock=task.services.clock)


PURGE_SESSIONS: Final = Kind("purge-sessions", _run, every=timedelta(days=1))
