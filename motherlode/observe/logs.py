"""Logs: one line a request, as JSON for machines or coloured for people. A key or password never gets here.

Lines of requests are most of a log: as JSON they are made without structlog's machinery, and written in batches.
"""

import atexit
import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import structlog
from structlog.typing import EventDict

from motherlode.nuget.quoting import printable
from motherlode.observe.lines import Lines

_encode: Final = json.JSONEncoder(default=repr).encode
"""Made once: json.dumps makes an encoder for each line. What is not ASCII is written out: among it are characters that
end a line or steer a terminal."""


@dataclass(frozen=True, slots=True)
class _Output:
    """What structlog asks for the lines; `takes_batches` where requests are logged, and as JSON."""

    lines: Lines
    takes_batches: bool

    def __call__(self, *_: Any) -> Lines:
        return self.lines


def configure_logs(*, style: str = "auto", level: str = "info") -> None:
    """Send every log line to standard error; `style` is "json", "text", or "auto" (text on a terminal)."""
    as_text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderers: list[Any] = [structlog.processors.JSONRenderer(serializer=lambda event, **_: _encode(event))]
    if as_text:
        renderers = [_escape, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    number = logging.getLevelNamesMapping()[level.upper()]
    lines = Lines(sys.stderr.buffer)
    atexit.register(lines.flush)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_Output(lines, takes_batches=not as_text and number <= logging.INFO),
        cache_logger_on_first_use=True,
    )


def _escape(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Write out control characters: a stranger's path must not steer the terminal that shows it.

    A traceback keeps its lines.
    """
    return {name: _printable(value, has_lines=name == "exception") for name, value in event.items()}


def _printable(value: Any, *, has_lines: bool) -> Any:
    if not isinstance(value, str):
        return value
    return "\n".join(map(printable, value.split("\n"))) if has_lines else printable(value)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of the process; log events are named by the fact (`package_pushed`)."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


class Facts:
    """What the log says of every request of a kind, written as JSON only once."""

    def __init__(self, **facts: Any) -> None:
        self.named = facts

    @cached_property
    def beginning(self) -> str:
        """The beginning of a JSON object, to be gone on with."""
        # member by member: to encode a text takes a third of what it takes to encode an object that holds it
        return "{" + "".join(f'"{name}": {_encode(value)}, ' for name, value in self.named.items())


class RequestLog:
    """Lines of answered requests."""

    def __init__(self, lines: Lines | None) -> None:
        self._lines = lines

    def note(self, facts: Facts, request_id: str, status: int, duration_s: float, client: str) -> bool:
        """One line; whether the caller has to see to it that `flush` is called after LONGEST_WAIT_S."""
        duration_ms = round(duration_s * 1000, 2)
        if self._lines is None:
            one = {"request_id": request_id, "status": status, "duration_ms": duration_ms, "client": client}
            get_logger().info("request", **facts.named, **one)
            return False
        now = datetime.now(UTC).isoformat()[:-6]
        return self._lines.defer(
            f'{facts.beginning}"request_id": "{request_id}", "status": {status}, "duration_ms": {duration_ms}, '
            f'"client": {_encode(client)}, "event": "request", "level": "info", "timestamp": "{now}Z"}}'
        )

    def flush(self) -> None:
        """Write what waits for its batch."""
        if self._lines is not None:
            self._lines.flush()


def get_request_log() -> RequestLog:
    """The log of requests, as it was configured."""
    output = structlog.get_config()["logger_factory"]
    return RequestLog(output.lines if isinstance(output, _Output) and output.takes_batches else None)
