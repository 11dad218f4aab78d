"""The daily job that removes verification keys that expired unused."""

from datetime import timedelta
from typing import Final

from motherlode.jobs.kinds import Kind, Task
from motherlode.usecases.keys.verification_keys import purge_keys


def _run(task: Task) -> None:
    purge_keys(db=task.services.db, clock=task.services.clock)


PURGE_KEYS: Final = Kind("purge-keys", _run, every=timedelta(days=1))
