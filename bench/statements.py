"""How many SQL statements a push over HTTP takes, counted by SQLite itself in an application within this process."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from bench.feeds import settings_of
from motherlode.app import make_app
from motherlode.observe.logs import configure_logs
from motherlode.store.data_folder import first_key_path
from tests.support.builders import nupkg
from tests.support.servers import form

_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "--")


def statements_of_a_push(data: Path) -> float:
    """The statements of one push of a further version, BEGIN, COMMIT and the head check's PRAGMA left out."""
    return float(len(push_statements(data)))


def push_statements(data: Path) -> list[str]:
    """Those statements, as SQLite ran them: of the fourth push, when whatever is done once has been done."""
    settings = settings_of(data)
    configure_logs(level="error")
    with _traced() as seen:
        app = make_app(settings)
        key = first_key_path(data).read_text(encoding="ascii").strip()
        for minor in range(4):
            seen.clear()
            status = asyncio.run(_push(app, key, nupkg("Acme.Probed", f"1.{minor}.0", payload_bytes=9000, seed=minor)))
            if status != 201:
                raise OSError(f"the probe's push was answered {status}")
    return [statement for statement in seen if not statement.upper().startswith(_NOT_COUNTED)]


@contextmanager
def _traced() -> Iterator[list[str]]:
    """Every statement of every connection that is opened in here."""
    seen: list[str] = []
    connect = sqlite3.connect

    def connect_traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(seen.append)
        return connection

    with mock.patch("sqlite3.connect", connect_traced):
        yield seen


async def _push(app: Any, key: str, package: bytes) -> int:
    body, content_type = form(package)
    headers = {"content-type": content_type, "content-length": str(len(body)), "x-nuget-apikey": key}
    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/api/v2/package/",
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "extensions": {},
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]
