"""The start of each worker process. Heavy modules are imported only here.

A worker never outlives its parent process, however that ends: it holds the reading end of a pipe whose other end only
the parent has, and the kernel closes that end.
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
from motherlode.cli.listening import is_listening_here, limit_unsent_bytes
from motherlode.settings import Settings
from motherlode.web.stopping import WorkerStop

if TYPE_CHECKING:
    from motherlode.web.guard import Guarded

_METRICS_BYTES: Final = 1024 * 1024
"""Size of each metrics file: more than all routes, methods and statuses together can fill."""
_POLL_INTERVAL_S: Final = 0.02
_SWITCH_INTERVAL_S: Final = 0.0005
"""Interval after which a computing thread gives up the interpreter, a tenth of Python's default: the event loop waits
behind each such thread, for each request."""
_TIME_SLICE_S: Final = 0.0001
"""How long a thread keeps the processor while others want it. With Linux's default of 3 ms, the event loop and the
engine's threads, which often have short work, wait that long behind a computing thread."""
ENGINE_LOG: dict[str, Any] = {
    "handlers": {"ours": {"()": "motherlode.cli.worker.EngineLog"}},
    "loggers": {"_granian": {"handlers": ["ours"], "propagate": False}},
}


@dataclass(frozen=True, slots=True)
class Serving:
    """A worker's report that it accepts connections."""

    process_id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A worker's report of why it cannot serve; `reason` is a message for the user."""

    reason: str


class EngineLog(logging.Handler):
    """Writes the HTTP engine's log lines in the format of all others."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        from motherlode.observe.logs import get_logger

        get_logger().log(record.levelno, "engine", message=record.getMessage(), exc_info=record.exc_info)


def load_app(settings: Settings, report: Connection, guarded: "Guarded") -> Any:
    """Prepare the data folder and return this worker's ASGI application.

    Every worker prepares the folder; for all but the first there is nothing left to do. So the parent does not import
    the application, and the server answers as soon as one worker has. Sends `Failed` to `report` if the worker cannot
    serve, or `Serving` once it accepts connections. A guard keeps the connections of `guarded` within its bounds.
    """
    stop = WorkerStop(is_listening_here)
    end_with_parent()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    os_files.take_short_turns(_TIME_SLICE_S)
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
    except Exception as error:  # noqa: BLE001 the next worker would fail in the same way
        get_logger().exception("worker_failed")
        _give_up(
            report,
            f"The server cannot start because of an internal error ({type(error).__name__}). The log has the details.",
        )
    guarding = (guarded, app.sites.is_trusted, app.sender.note_unread)
    threading.Thread(target=guard_connections, args=guarding, name="guard-connections", daemon=True).start()
    threading.Thread(target=_report_serving, args=(report,), name="report-serving", daemon=True).start()
    stop.finish_requests()
    return app


def _give_up(report: Connection, reason: str) -> NoReturn:
    """End this worker and with it the server: another worker would fail in the same way."""
    report.send(Failed(reason))
    raise SystemExit(1)


def _report_serving(report: Connection) -> None:
    """Tell the parent once the engine has opened this worker's socket; the engine itself does not report that."""
    while not is_listening_here():
        time.sleep(_POLL_INTERVAL_S)
    limit_unsent_bytes()
    report.send(Serving(os.getpid()))


def _reserve_metrics() -> None:
    """Reserve disk space for this worker's counters. If the disk is full, let the worker count in memory only.

    Counters are kept in memory-mapped sparse files; writing into a hole of one on a full disk kills the process.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return
    for left in Path(folder).glob("gauge_livesum_*.db"):
        if not os_files.is_running(int(left.stem.rpartition("_")[2])):
            left.unlink(missing_ok=True)  # of a worker that died: its live values are gone
    files = [Path(folder) / f"{kind}_{os.getpid()}.db" for kind in ("counter", "histogram", "gauge_livesum")]
    try:
        for file in files:
            file.write_bytes(bytes(_METRICS_BYTES))
    except OSError:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        for file in files:
            file.unlink(missing_ok=True)


def end_with_parent() -> None:
    """From now on, end this process as soon as its parent ends."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, name="end-with-parent", daemon=True).start()


def _end_now() -> None:
    """End the process without the interpreter's shutdown.

    The engine's threads may use the interpreter while it shuts down, which aborts the process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
