"""The parent process of the workers: starts them, replaces them if they die or the certificate changes, stops them.

Workers are spawned, not forked: on every platform each starts as a clean interpreter, without half-copied locks,
connections or threads of its parent. A worker that is replaced stops only once the new one accepts connections, and
first finishes its requests.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from granian.constants import Interfaces, SSLProtocols
from granian.log import LogLevels
from granian.server import MPServer

from motherlode.cli.engine import engine_settings, make_room
from motherlode.cli.listening import Listening
from motherlode.cli.output import CommandFailed
from motherlode.cli.tls import KEY_KINDS, ServedCertificate
from motherlode.cli.wakeup import WakeUp
from motherlode.cli.worker import ENGINE_LOG, Failed, Serving, load_app
from motherlode.observe.logs import get_logger
from motherlode.settings import Settings
from motherlode.web.guard import Guarded

_START_TIMEOUT_S: Final = 60.0
_POLL_INTERVAL_S: Final = 0.02
_MALLOC_ARENAS: Final = "2"
"""Max arenas of glibc's malloc. With the default, eight for each core, each thread keeps the memory that it freed."""
_LAST_REQUESTS_S: Final = 3600.0
"""Max time for a replaced worker to finish its requests: enough for long uploads, not for clients that never end."""


class Supervisor(MPServer):
    """Granian's supervisor with two changes.

    Ctrl+C on a terminal stops the workers before the supervisor does; it expects that. It replaces workers without a
    gap in which none accepts connections.
    """

    def __init__(self, *args: Any, certificate: ServedCertificate | None, **kwargs: Any) -> None:
        """Take Granian's arguments and the certificate that workers start from, or None for http."""
        super().__init__(*args, **kwargs)
        self._copy = self._next_copy = None if certificate is None else certificate.copy
        self._serving: set[int] = set()
        self._retiring: list[Any] = []
        self.main_loop_interrupt = WakeUp(lambda: self.interrupt_signal)
        self._build_ssl_context(self._copy)

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Stop the server. From here on a worker that ends is expected."""
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def use(self, copy: Path) -> None:
        """Replace the running workers by new ones with this certificate. Returns at once."""
        self._next_copy = copy
        self.signal_handler_reload()  # type: ignore[no-untyped-call]

    def note_serving(self, process_id: int) -> None:
        """Note that a worker accepts connections."""
        self._serving.add(process_id)

    def _build_ssl_context(self, copy: Path | None) -> None:
        self.build_ssl_context(copy, copy, None, SSLProtocols.tls12, None, [], False)  # noqa: FBT003

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace every worker, one after the other. These do not count as workers that died."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        former, copy = self._copy, self._next_copy
        self._build_ssl_context(copy)
        if all(self._replace(index, spawn_target, target_loader) for index in range(self.workers)):
            self._copy = copy
            _remove(former, unless=copy)
            get_logger().info("workers_replaced")
        elif not self.interrupt_signal:
            self._build_ssl_context(former)
            _remove(copy, unless=former)
            self._next_copy = former if self._next_copy == copy else self._next_copy
            get_logger().error(
                "workers_not_replaced", reason=f"A new worker did not start. Supported keys: {KEY_KINDS}."
            )
        if self.interrupt_signal or self.interrupt_children or self.reload_signal:
            self.main_loop_interrupt.set()

    def _replace(self, index: int, spawn_target: Any, target_loader: Any) -> bool:
        """Start a worker and stop the old one once the new one serves. On failure keep the old one and return False."""
        new: Any = self._spawn_worker(idx=index, target=spawn_target, callback_loader=target_loader)
        new.interrupt_by_parent = True  # until it serves, it need not be restarted if it ends
        new.start()
        if not self._wait_until_serving(new):
            self._give_up(new)
            return False
        new.interrupt_by_parent = False
        old, self.wrks[index] = self.wrks[index], new
        if not new.is_alive():
            self.interrupt_children.append(index)
        self._retire(old)
        return True

    def _give_up(self, new: Any) -> None:
        """Kill a worker that does not serve. During a stop it may just have begun to, so let it finish its requests."""
        if self.interrupt_signal:
            self._retire(new)
        else:
            new.kill()
            new.join()

    def _wait_until_serving(self, worker: Any) -> bool:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while worker.inner.pid not in self._serving:
            if self.interrupt_signal or not worker.is_alive() or time.monotonic() > deadline:
                return False
            time.sleep(_POLL_INTERVAL_S)
        return True

    def _retire(self, worker: Any) -> None:
        """Tell a worker to finish its requests and end, and wait for that on another thread."""
        self._serving.discard(worker.inner.pid)
        self._retiring = [each for each in self._retiring if each.is_alive()]
        self._retiring.append(worker)
        worker.terminate()
        threading.Thread(target=_kill_after, args=(worker, _LAST_REQUESTS_S), daemon=True).start()

    def _stop_workers(self) -> None:
        """Stop the running workers and wait for those that are already ending, for `workers_kill_timeout` in all."""
        deadline = time.monotonic() + (self.workers_kill_timeout or 0)
        super()._stop_workers()  # type: ignore[no-untyped-call]
        for worker in self._retiring:
            _kill_after(worker, max(deadline - time.monotonic(), _POLL_INTERVAL_S))


def supervise(
    settings: Settings, listening: Listening, certificate: ServedCertificate | None, when_started: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT. Returns when all requests in flight are finished and all workers have ended.

    With a certificate it serves only https. Calls `when_started` once, just before workers start. Raises CommandFailed
    if a worker cannot serve, or if workers keep dying.
    """
    multiprocessing.set_start_method("spawn", force=True)
    os.environ.setdefault("MALLOC_ARENA_MAX", _MALLOC_ARENAS)  # for the workers: glibc reads it when a process starts
    room = make_room(settings.server)
    supervisor = Supervisor(
        "motherlode.app",
        address=listening.host,
        port=listening.port,
        interface=Interfaces.ASGI,
        workers=settings.server.workers,
        backpressure=room.most,
        **engine_settings(settings.server),
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=ENGINE_LOG,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=settings.server.stop_timeout_s,
        certificate=certificate,
    )
    supervisor.on_startup(when_started)
    guarded = Guarded(listening.family, listening.port, room.bounds)
    reports, report = multiprocessing.Pipe(duplex=False)
    reasons: list[str] = []
    _run_in_background(_listen_to_workers, reports, reasons, supervisor)
    if certificate is not None:
        _run_in_background(certificate.follow, supervisor.use, threading.Event())
    try:
        supervisor.serve(target_loader=partial(load_app, settings, report, guarded), wrap_loader=False)
    except SystemExit as ended:
        if ended.code and not supervisor.interrupt_signal:
            raise CommandFailed(_explain_end(certificate)) from ended
    if reasons:
        raise CommandFailed(reasons[0])


def _run_in_background(work: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


def _listen_to_workers(reports: Connection, reasons: list[str], supervisor: Supervisor) -> None:
    """Note which workers serve, and stop if one reports that it cannot. Ends when the pipe is closed."""
    with suppress(EOFError):
        while True:
            match reports.recv():
                case Serving(process_id):
                    supervisor.note_serving(process_id)
                case Failed(reason):
                    reasons.append(reason)
                    supervisor.signal_handler_interrupt()


def _explain_end(certificate: ServedCertificate | None) -> str:
    message = "The server stopped because its workers kept crashing. The log says why."
    return message if certificate is None else f"{message} Supported certificate keys: {KEY_KINDS}."


def _remove(copy: Path | None, *, unless: Path | None) -> None:
    if copy is not None and copy != unless:
        copy.unlink(missing_ok=True)


def _kill_after(worker: Any, timeout_s: float) -> None:
    worker.join(timeout_s)
    if worker.is_alive():
        worker.kill()
        worker.join()
