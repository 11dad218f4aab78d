"""Logs: one line a request, as JSON for machines or coloured for people. A key or password never gets here."""

import logging
import sys
from typing import Any

import structlog


def configure_logs(*, style: str = "auto", level: str = "info") -> None:
    """Send every log line to standard error; `style` is "json", "text", or "auto" (text on a terminal)."""
    as_text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of the process; log events are named by the fact (`package_pushed`)."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
