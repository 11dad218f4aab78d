"""The daily job that collects garbage."""

from collections import Counter
from datetime import timedelta
from typing import Final

from motherlode.jobs.kinds import Kind, Task
from motherlode.observe.logs import get_logger
from motherlode.usecases.maintenance.gc import Removed
from motherlode.usecases.maintenance.gc import gc as collect_garbage


def _run(task: Task) -> None:
    counted: Counter[str] = Counter()

    def report(removed: Removed) -> None:
        counted[removed.kind] += 1
        get_logger().info("collected", kind=removed.kind, name=removed.name, bytes=removed.size)

    services = task.services
    freed = collect_garbage(
        db=services.db,
        blobs=services.blobs,
        clock=services.clock,
        reader_grace=services.reader_grace,
        quarantine=services.quarantine,
        indexed=services.searching.indexed(),
        report=report,
        step=task.step,
    )
    if counted:
        get_logger().info("garbage_collected", freed_bytes=freed, **counted)


GC: Final = Kind("gc", _run, every=timedelta(days=1))
