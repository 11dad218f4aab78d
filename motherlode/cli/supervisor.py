"""The process above the workers: starts them, replaces one that dies, and stops them in order.

Workers are spawned, not forked: each begins as a clean interpreter on every platform, with no lock, connection or
thread of its parent half copied.
"""

import multiprocessing
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from motherlode.cli.listening import Listening
from motherlode.cli.output import CommandFailed
from motherlode.cli.worker import ENGINE_LOG, load_app
from motherlode.config import Settings


class Supervisor(MPServer):
    """Granian's own, which also knows that workers told to stop by a terminal end before it tells them."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Stop: from here on an ending worker is expected."""
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


def supervise(settings: Settings, listening: Listening, when_started: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; returns when every request in flight was finished and every worker has ended.

    `when_started` is called once, as soon as workers are about to start. Raises CommandFailed when workers keep dying.
    """
    multiprocessing.set_start_method("spawn", force=True)
    supervisor = Supervisor(
        "motherlode.app",
        address=listening.host,
        port=listening.port,
        interface=Interfaces.ASGI,
        workers=settings.server.workers,
        http=HTTPModes.auto,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=ENGINE_LOG,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=settings.server.stop_timeout_s,
    )
    supervisor.on_startup(when_started)
    reports, report = multiprocessing.Pipe(duplex=False)
    reasons: list[str] = []
    listen = partial(_stop_for_reasons, reports, reasons, supervisor.signal_handler_interrupt)
    threading.Thread(target=listen, name="listen-to-workers", daemon=True).start()
    try:
        supervisor.serve(target_loader=partial(load_app, settings, report), wrap_loader=False)
    except SystemExit as ended:
        if not supervisor.interrupt_signal:
            raise CommandFailed("The server ended because its workers kept dying: the log says why.") from ended
    if reasons:
        raise CommandFailed(reasons[0])


def _stop_for_reasons(reports: Connection, reasons: list[str], stop: Callable[[], None]) -> None:
    """Wait until a worker reports why it cannot serve, and stop then; the pipe's end means that none ever will."""
    with suppress(EOFError):
        reasons.append(reports.recv())
        stop()
