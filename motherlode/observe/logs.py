"""Logs: one line per request, as JSON for machines or coloured text for people. Keys and passwords are never logged.

Most lines of a log are for requests. So, as JSON, these are formatted without structlog and written in batches.
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
"""Created once, because json.dumps creates an encoder for each call. It escapes everything that is not ASCII, which
includes characters that end a line or control a terminal."""


@dataclass(frozen=True, slots=True)
class _Output:
    """The logger factory of structlog. `takes_batches` is set if requests are logged, and as JSON."""

    lines: Lines
    takes_batches: bool

    def __call__(self, *_: Any) -> Lines:
        return self.lines


def configure_logs(*, style: str = "auto", level: str = "info") -> None:
    """Send every log line to standard error. `style` is "json", "text", or "auto" (text on a terminal, else JSON)."""
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
    """Escape control characters, so that the path of a request cannot control the terminal that shows it.

    A traceback keeps its line breaks.
    """
    return {name: _printable(value, has_lines=name == "exception") for name, value in event.items()}


def _printable(value: Any, *, has_lines: bool) -> Any:
    if not isinstance(value, str):
        return value
    return "\n".join(map(printable, value.split("\n"))) if has_lines else printable(value)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of the process. Events are named after the fact (`package_pushed`)."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


class Facts:
    """The log fields that all requests of a kind share, encoded as JSON only once."""

    def __init__(self, **facts: Any) -> None:
        self.named = facts

    @cached_property
    def beginning(self) -> str:
        """The beginning of a JSON object with these fields; the caller appends the other fields."""
        # encoding each string takes a third of the time of encoding an object that contains it
        return "{" + "".join(f'"{name}": {_encode(value)}, ' for name, value in self.named.items())


class RequestLog:
    """Writes a line for each answered request."""

    def __init__(self, lines: Lines | None) -> None:
        self._lines = lines

    def note(self, facts: Facts, request_id: str, status: int, duration_s: float, client: str) -> bool:
        """Log one request. Returns whether the caller must call `flush` after LONGEST_WAIT_S."""
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
        """Write the lines that wait for their batch."""
        if self._lines is not None:
            self._lines.flush()


def get_request_log() -> RequestLog:
    """The request log, as configured by `configure_logs`."""
    output = structlog.get_config()["logger_factory"]
    return RequestLog(output.lines if isinstance(output, _Output) and output.takes_batches else None)
