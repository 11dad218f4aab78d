"""What runs in each worker process before it serves: nothing heavy is imported until here.

A worker never outlives the process that started it, however that one ends: it holds the reading end of a pipe whose
other end only the parent has, and the kernel closes that.
"""

import atexit
import logging
import multiprocessing
import os
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from motherlode import os_files
from motherlode.cli.listening import hold_little_unsent, is_listening_here
from motherlode.settings import Settings
from motherlode.web.stopping import WorkerStop

if TYPE_CHECKING:
    from motherlode.web.guard import Guarded

_METRICS_BYTES: Final = 1024 * 1024
"""More than all routes, methods and statuses together can fill."""
_LOOK_S: Final = 0.02
_SWITCH_S: Final = 0.0005
"""After so long a thread that computes gives the interpreter to whoever waits for it, a tenth of Python's default: the
event loop waits behind each of them, for each request."""
_TURN_S: Final = 0.0001
"""So long a thread keeps the processor while others want it: the event loop and the engine's threads often have
something short to do, and wait behind a thread that computes for the 3 ms that Linux gives else."""
ENGINE_LOG: dict[str, Any] = {
    "handlers": {"ours": {"()": "motherlode.cli.worker.EngineLog"}},
    "loggers": {"_granian": {"handlers": ["ours"], "propagate": False}},
}


@dataclass(frozen=True, slots=True)
class Serving:
    """A worker reports that it takes connections."""

    process_id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A worker reports why it cannot serve, in a sentence."""

    reason: str


class EngineLog(logging.Handler):
    """Lets the lines of the HTTP engine look like all the others."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        from motherlode.observe.logs import get_logger

        get_logger().log(record.levelno, "engine", message=record.getMessage(), exc_info=record.exc_info)


def load_app(settings: Settings, report: Connection, guarded: "Guarded") -> Any:
    """The ASGI application of this worker, once the data folder is ready.

    Each worker makes it ready, and finds it done after the first: so the parent imports nothing of all that, and the
    server answers as soon as one has imported it. Why it cannot be done goes into `report`, and so does, later, that
    this worker takes connections. The connections named by `guarded` are kept within its
    bounds.
    """
    stop = WorkerStop(is_listening_here)
    end_with_parent()
    sys.setswitchinterval(_SWITCH_S)
    os_files.take_short_turns(_TURN_S)
    atexit.register(_end_now)
    _reserve_metrics()
    from motherlode.app import make_app
    from motherlode.domain.refusals import Refusal
    from motherlode.observe.logs import configure_logs, get_logger
    from motherlode.web.guard import guard_connections

    configure_logs(style=settings.log.format, level=settings.log.level)
    try:
        app = make_app(settings)
    except (Refusal, OSError) as reason:
        _give_up(report, str(reason))
    except Exception as error:  # noqa: BLE001 whatever it is, the next worker would meet it too
        get_logger().exception("worker_failed")
        _give_up(report, f"The server cannot start, by a fault of its own ({type(error).__name__}): the log has more.")
    guarding = (guarded, app.sites.is_trusted, app.sender.note_unread)
    threading.Thread(target=guard_connections, args=guarding, name="guard-connections", daemon=True).start()
    threading.Thread(target=_report_serving, args=(report,), name="report-serving", daemon=True).start()
    stop.finish_requests()
    return app


def _give_up(report: Connection, reason: str) -> NoReturn:
    """End this worker, and with it the server: another worker would come no further."""
    report.send(Failed(reason))
    raise SystemExit(1)


def _report_serving(report: Connection) -> None:
    """Tell the parent once the engine, which says nothing itself, has opened this worker's socket."""
    while not is_listening_here():
        time.sleep(_LOOK_S)
    hold_little_unsent()
    report.send(Serving(os.getpid()))


def _reserve_metrics() -> None:
    """Give this worker's counters their room on the disk before they are used, or let it count for itself alone.

    They lie in mapped files, which are made with holes; to write into a hole on a full disk ends the process.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return
    for left in Path(folder).glob("gauge_livesum_*.db"):
        if not os_files.is_running(int(left.stem.rpartition("_")[2])):
            left.unlink(missing_ok=True)  # of a worker that died: what it kept in memory is gone with it
    files = [Path(folder) / f"{kind}_{os.getpid()}.db" for kind in ("counter", "histogram", "gauge_livesum")]
    try:
        for file in files:
            file.write_bytes(bytes(_METRICS_BYTES))
    except OSError:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        for file in files:
            file.unlink(missing_ok=True)


def end_with_parent() -> None:
    """From now on, end at once when the parent process does."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, name="end-with-parent", daemon=True).start()


def _end_now() -> None:
    """Skip what an interpreter does at its end, once all else is done.

    The engine's own threads may want the interpreter once more while it is being taken down, and abort the process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
