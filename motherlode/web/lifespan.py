"""The lifespan of a worker.

While a worker serves, it maintains the search index and runs jobs. Every few seconds, and once more when it stops, it
writes downloads, uses of keys, the database's progress, and the numbers of attempts left out of the audit log. At the
end it also flushes the request log."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import anyio.to_thread

from motherlode.domain.refusals import Refusal
from motherlode.observe.logs import RequestLog, get_logger
from motherlode.services import Services
from motherlode.usecases.maintenance.history import record_history
from motherlode.usecases.maintenance.record_usage import record_downloads, record_uses
from motherlode.web.auth.audit_recorder import AuditRecorder
from motherlode.web.background import BackgroundTasks

FLUSH_INTERVAL_S: Final = 10.0
"""Seconds between two writes: how long counted downloads and uses of keys may stay in memory."""


class Background(Protocol):
    """Work that runs next to the requests, in threads of its own."""

    def start(self) -> None:
        """Start the threads."""

    def stop(self) -> None:
        """Stop as soon as the current work can be interrupted safely; may block until then."""


class Lifespan:
    """Speaks ASGI's lifespan protocol for one worker."""

    def __init__(
        self,
        services: Services,
        background: Background,
        request_log: RequestLog,
        recording: AuditRecorder,
        later: BackgroundTasks,
    ) -> None:
        self._house = services
        self._background = background
        self._recording = recording
        self._later = later
        self._request_log = request_log

    async def run(self, receive: Any, send: Any) -> None:
        """Start, serve, stop; return when the worker may exit."""
        await receive()
        self._house.searching.start()
        self._background.start()
        flusher = asyncio.create_task(self._flush_for_ever())
        gc.freeze()  # objects made at startup stay: the garbage collector can skip them
        await send({"type": "lifespan.startup.complete"})
        await receive()
        flusher.cancel()
        with suppress(asyncio.CancelledError):
            await flusher
        await anyio.to_thread.run_sync(self._background.stop)
        self._recording.tell_more(is_end=True)
        await self._later.finish()
        await self._flush()
        self._request_log.flush()
        await anyio.to_thread.run_sync(self._house.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_INTERVAL_S)
            self._house.metrics.show_cache(self._house.documents.bytes_kept)
            self._recording.tell_more()
            await self._flush()

    async def _flush(self) -> None:
        await self._write(self._record_downloads, failed="downloads_not_recorded")
        await self._write(self._record_uses, failed="key_uses_not_recorded")
        await self._write(self._record_history, failed="history_not_recorded")

    async def _write(self, record: Callable[[], None], *, failed: str) -> None:
        try:
            await anyio.to_thread.run_sync(record)
        except (Refusal, OSError) as error:
            get_logger().warning(failed, reason=str(error))
        except Exception:  # noqa: BLE001 unwritten data is kept for the next time; nothing else may fail
            get_logger().exception(failed)

    def _record_downloads(self) -> None:
        record_downloads(self._house.tally, db=self._house.db)

    def _record_history(self) -> None:
        record_history(db=self._house.db, blobs=self._house.blobs, clock=self._house.clock)

    def _record_uses(self) -> None:
        uses = self._house.key_uses.take()
        try:
            record_uses(uses, db=self._house.db)
        except BaseException:
            self._house.key_uses.put_back(uses)
            raise
