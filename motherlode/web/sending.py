"""How answers are sent, so that clients that do not read them hold little: no more than a few pieces of any answer, and
no file that cannot be sent yet.

Invariant: so many files are open for sending at most, whoever asks for them; a client that goes, or does not read,
ends its answer and closes its file.

Whole files go out by the engine's own file sending while few of them are under way. It does not say when it is done: a
file counts as sent when its connection brings the next request, or when the kernel has nothing left for the client
(`note_unread`, from the guard's thread). All else longer than a piece is sent piece by piece, and only so much at once.
"""

import asyncio
from asyncio import Future, ensure_future
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from time import monotonic
from typing import Any, Final

import anyio.to_thread
from starlette.responses import Response

from motherlode.web.base_url import Scope
from motherlode.web.places import Places
from motherlode.web.responses import BlobResponse

Receive = Any
Send = Any
Pieces = AsyncGenerator[tuple[bytes, bool], None]
"""Pieces of a body, each with whether it is the last one."""

PIECE_BYTES: Final = 64 * 1024
"""What a client that reads nothing may keep in memory of one answer, four or five times."""
MOST_UNSEEN: Final = 48
"""Of so many files the engine may know alone whether they are sent."""
MOST_AT_ONCE: Final = 64
MOST_OF_CLIENT: Final = 16
"""So many files, and as many texts, are sent piece by piece at once, in all and to one client; others wait."""
_UNDER_WAY_S: Final = 1.0
"""The engine may take as long to begin with a file."""
_SHORT_PATIENCE_S: Final = 5.0
"""How long a client may leave a piece unread while others wait for a place."""


class Sender:
    """Sends the answers of one worker. `client_of` tells whom a request comes from."""

    def __init__(self, client_of: Callable[[Scope], str], write_timeout_s: float) -> None:
        self._client_of = client_of
        self._write_timeout_s = write_timeout_s
        self._files = Places(MOST_AT_ONCE, MOST_OF_CLIENT)
        self._texts = Places(MOST_AT_ONCE, MOST_OF_CLIENT)
        self._unseen: dict[Any, float] = {}

    def note_request(self, scope: Scope) -> None:
        """A connection brings a request: what it was answered before is sent."""
        if self._unseen:
            self._unseen.pop(scope.get("client"), None)

    def note_unread(self, ports: set[int], looked_at: float) -> None:
        """At that time (monotonic) the kernel had something left for the clients with these ports alone."""
        for client, since in list(self._unseen.items()):
            if since < looked_at - _UNDER_WAY_S and client[1] not in ports:
                self._unseen.pop(client, None)

    async def send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an answer; returns when the client has it as far as can be told, does not read it, or is gone."""
        if scope["method"] == "HEAD":
            await _send_whole(response, b"", send)
        elif isinstance(response, BlobResponse):
            await self._send_file(response, scope, receive, send)
        elif len(response.body) > PIECE_BYTES:
            async with self._texts.of(self._client_of(scope)):
                await self._send_pieces(response, _pieces_of(bytes(response.body)), send, self._texts)
        else:
            await response(scope, receive, send)

    async def _send_file(self, answer: BlobResponse, scope: Scope, receive: Receive, send: Send) -> None:
        if answer.whole_path is not None and self._may_pass_on(scope):
            self._unseen[scope["client"]] = monotonic()
            await send(_start(answer))
            await send({"type": "http.response.pathsend", "path": str(answer.whole_path)})
        elif answer.length <= PIECE_BYTES:
            await _send_whole(answer, await anyio.to_thread.run_sync(_read_short, answer), send)
        else:
            async with _watch(receive) as gone, self._files.of(self._client_of(scope)):
                if not gone.done():
                    await self._send_pieces(answer, _pieces_in(answer), send, self._files, gone)

    def _may_pass_on(self, scope: Scope) -> bool:
        """Whether the engine may send a file by itself. Over HTTP/2 a connection tells nothing of its answers."""
        is_able = "http.response.pathsend" in scope.get("extensions", {}) and scope.get("client") is not None
        return is_able and scope.get("http_version") != "2" and len(self._unseen) < MOST_UNSEEN

    async def _send_pieces(
        self, answer: Response, pieces: Pieces, send: Send, places: Places, gone: "Future[None] | None" = None
    ) -> None:
        """Send piece after piece, each when the one before is on its way; stop when the client is gone, or reads none.

        Then the answer is shorter than it says, and the engine closes the connection."""
        await send(_start(answer))
        async with aclosing(pieces):
            async for piece, is_last in pieces:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_SHORT_PATIENCE_S if places.is_full else self._write_timeout_s):
                        await send({"type": "http.response.body", "body": piece, "more_body": not is_last})
                    if gone is None or not gone.done():
                        continue
                return


async def _send_whole(response: Response, body: bytes, send: Send) -> None:
    await send(_start(response))
    await send({"type": "http.response.body", "body": body})


def _start(response: Response) -> dict[str, Any]:
    return {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}


@asynccontextmanager
async def _watch(receive: Receive) -> "AsyncIterator[Future[None]]":
    """What is done as soon as the client is gone."""

    async def wait() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    gone = ensure_future(wait())
    try:
        yield gone
    finally:
        gone.cancel()


async def _pieces_of(body: bytes) -> Pieces:
    for first in range(0, len(body), PIECE_BYTES):
        yield body[first : first + PIECE_BYTES], first + PIECE_BYTES >= len(body)


async def _pieces_in(answer: BlobResponse) -> Pieces:
    """The bytes of a file, which is open only meanwhile."""
    file = await anyio.to_thread.run_sync(answer.open)
    try:
        left = answer.length
        while left > 0:
            piece = await anyio.to_thread.run_sync(file.read, min(left, PIECE_BYTES))
            if not piece:
                raise EOFError
            left -= len(piece)
            yield piece, left == 0
    finally:
        await anyio.to_thread.run_sync(file.close)


def _read_short(answer: BlobResponse) -> bytes:
    with answer.open() as file:
        piece = file.read(answer.length)
    if len(piece) < answer.length:
        raise EOFError
    return piece
