"""Sends responses so that clients that do not read them occupy little: a few pieces of each response in memory, and no
file that cannot be sent yet.

Invariant: the number of files open for sending is bounded, whatever clients request. If a client disconnects or stops
reading, its response ends and its file is closed.

Whole files are sent by the engine itself while few of them are under way. The engine does not report when it is done: a
file counts as sent when its connection brings the next request, or when the kernel has no data left for the client
(`note_unread`, called from the guard's thread). Everything else longer than a piece is sent piece by piece, a limited
number of responses at once.
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
"""Bytes of a piece. A client that reads nothing keeps four or five pieces of a response in memory."""
MOST_UNSEEN: Final = 48
"""Max files that the engine sends itself at once; only the engine knows whether they are sent."""
MOST_AT_ONCE: Final = 64
MOST_OF_CLIENT: Final = 16
"""Max responses sent piece by piece at once, in total and per client, for files and for texts each; others wait."""
_UNDER_WAY_S: Final = 1.0
"""Seconds that the engine may take before it starts to send a file."""
_SHORT_PATIENCE_S: Final = 5.0
"""Seconds that a client may leave a piece unread while others wait for a place."""


class Sender:
    """Sends the responses of one worker. `client_of` returns the client's address for a request."""

    def __init__(self, client_of: Callable[[Scope], str], write_timeout_s: float) -> None:
        self._client_of = client_of
        self._write_timeout_s = write_timeout_s
        self._files = Places(MOST_AT_ONCE, MOST_OF_CLIENT)
        self._texts = Places(MOST_AT_ONCE, MOST_OF_CLIENT)
        self._unseen: dict[Any, float] = {}

    def note_request(self, scope: Scope) -> None:
        """Note a new request on a connection: its previous response is sent."""
        if self._unseen:
            self._unseen.pop(scope.get("client"), None)

    def note_unread(self, ports: set[int], looked_at: float) -> None:
        """Note that at `looked_at` (monotonic) the kernel had unsent data only for clients with these ports."""
        for client, since in list(self._unseen.items()):
            if since < looked_at - _UNDER_WAY_S and client[1] not in ports:
                self._unseen.pop(client, None)

    async def send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a response. Returns when the client apparently has it, does not read it, or has disconnected."""
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
        """Whether the engine may send a file itself: not over HTTP/2, where the next request on a connection does not
        mean that the previous response is sent."""
        is_able = "http.response.pathsend" in scope.get("extensions", {}) and scope.get("client") is not None
        return is_able and scope.get("http_version") != "2" and len(self._unseen) < MOST_UNSEEN

    async def _send_pieces(
        self, answer: Response, pieces: Pieces, send: Send, places: Places, gone: "Future[None] | None" = None
    ) -> None:
        """Send the pieces one after the other; stop if the client disconnects or stops reading.

        After a stop the response is shorter than its Content-Length, and the engine closes the connection."""
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
    """Provide a future that is done as soon as the client has disconnected."""

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
    """Yield the bytes of a file, which is open only while they are sent."""
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
