"""The application in this very process: what a server answers, without its sockets, so that it can be watched."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motherlode.app import make_app
from motherlode.config import load_settings


@dataclass(frozen=True)
class Heard:
    """What was answered."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Application:
    """An application that lives, and the key that it made at its first start."""

    app: Any
    key: str

    async def ask(
        self,
        path: str,
        *,
        query: bytes = b"",
        method: str = "GET",
        headers: Mapping[str, bytes] | None = None,
        body: Iterable[bytes] = (),
    ) -> Heard:
        """Send a request; the pieces of the body come as chunks."""
        sent = [(name.lower().encode(), value) for name, value in {"host": b"127.0.0.1:1", **(headers or {})}.items()]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": sent,
            "client": ("127.0.0.1", 2),
            "server": ("127.0.0.1", 1),
            "extensions": {},
        }
        chunks = iter([*body, b""])
        answered: dict[str, Any] = {"status": 0, "body": bytearray()}

        async def receive() -> dict[str, Any]:
            chunk = next(chunks, None)
            if chunk is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": chunk, "more_body": chunk != b""}

        async def send(message: dict[str, Any]) -> None:
            answered["status"] = message.get("status", answered["status"])
            answered["body"] += message.get("body", b"")

        await self.app(scope, receive, send)
        return Heard(answered["status"], bytes(answered["body"]))

    async def push(self, package: bytes, *, feed: str = "") -> Heard:
        """Push a package, not in a form."""
        headers = {"X-NuGet-ApiKey": self.key.encode(), "Content-Type": b"application/octet-stream"}
        pieces = [package[start : start + 65_536] for start in range(0, len(package), 65_536)]
        return await self.ask(f"{feed}/api/v2/package", method="PUT", headers=headers, body=pieces)


@asynccontextmanager
async def living(data: Path, **environment: str) -> AsyncIterator[Application]:
    """An application from its start to its end."""
    app = make_app(load_settings(environment, data=data))
    to_it, from_it = asyncio.Queue[dict[str, Any]](), asyncio.Queue[dict[str, Any]]()
    life = asyncio.create_task(app({"type": "lifespan"}, to_it.get, from_it.put))
    await to_it.put({"type": "lifespan.startup"})
    await from_it.get()
    try:
        yield Application(app, (data / "first-key.txt").read_text().strip())
    finally:
        await to_it.put({"type": "lifespan.shutdown"})
        await life
