"""Logs: one line a request, as JSON for machines or coloured for people. A key or password never gets here."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict


def configure_logs(*, style: str = "auto", level: str = "info") -> None:
    """Send every log line to standard error; `style` is "json", "text", or "auto" (text on a terminal)."""
    as_text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderers: list[Any] = [structlog.processors.JSONRenderer()]
    if as_text:
        renderers = [_escape, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _escape(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Write out control characters: a stranger's path must not steer the terminal that shows it.

    A traceback keeps its lines; nothing in it comes from outside but inside of quotes.
    """
    return {name: _printable(value) if name != "exception" else value for name, value in event.items()}


def _printable(value: Any) -> Any:
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in value)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of the process; log events are named by the fact (`package_pushed`)."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
