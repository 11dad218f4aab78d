"""Reads a request's body: either as a package into a spool, or to its end to discard it.

Invariant: a request never holds more than a few MiB of its body in memory; nothing that hashes, parses or touches a
disk runs on the event loop; and clients that stop sending or disconnect are noticed.

Every request with a body gets one `Body`. A push reads it with `package_into`. A body that `is_short` is parsed in the
same thread that does the rest of the push, because a thread switch costs as much as a database statement. Every
refusal, of the route, the key or the package, is sent only after `drain`: NuGet clients (seen with .NET SDK 10,
nuget.exe 5.8, nuget 2.8.7 and Paket 12) read no response before they have sent everything. If they are cut off, they
report a broken pipe instead of the reason, and send everything again.
"""

from time import perf_counter
from typing import ClassVar, Final, Protocol

import anyio
import anyio.to_thread
from starlette.types import Receive, Scope

from motherlode.domain.refusals import (
    EncodedBody,
    FormTooLarge,
    FragmentedBody,
    IncompleteBody,
    PackageTooLarge,
    SlowBody,
)
from motherlode.web.bodies.multipart import FirstPart, is_multipart, parse_boundary

FORM_BYTES: Final = 64 * 1024
STALL_TIMEOUT_S: Final = 60.0
DRAIN_BYTES: Final = 64 * 1024 * 1024
DRAIN_TIMEOUT_S: Final = 10.0
MAX_SMALL_CHUNKS: Final = 4_096
SMALL_CHUNK_BYTES: Final = 64
"""Min average chunk size in bytes after the first `MAX_SMALL_CHUNKS` chunks: each chunk costs as much as thousands of
bytes."""
MIN_RATE: Final = 1024
REFUSED_RATE: Final = 32 * 1024
REFUSED_STALL_S: Final = 30.0
"""Seconds over which a refused body, read only for its sender's sake, must average at least `REFUSED_RATE` bytes a
second: one megabyte in half a minute."""

_PIECE_BYTES: Final = 1024 * 1024
_SMALL_PIECE_BYTES: Final = 64 * 1024
_MOST_GATHERING: Final = 16
_ZIP: Final = b"PK\x03\x04"


class Sink(Protocol):
    """The destination of a package: a spool, or any binary file."""

    def write(self, chunk: bytes, /) -> object:
        """Write the next bytes of the package; called in a thread, one call at a time."""


class Body:
    """The body of one request, read once from start to end. Packages in it may have at most `max_bytes`.

    A legal body has at most `max_bytes`, plus 64 KiB for a form around the package. `stall_timeout_s` is how long the
    client may send nothing, `drain_timeout_s` how long a body that has become too long is still read. A client that
    sends fewer than `min_rate` bytes a second, on average over `stall_timeout_s`, is too slow.
    """

    _gathering: ClassVar[int] = 0
    """The number of bodies that are currently gathering a large piece."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        *,
        max_bytes: int,
        stall_timeout_s: float = STALL_TIMEOUT_S,
        drain_timeout_s: float = DRAIN_TIMEOUT_S,
        min_rate: int = MIN_RATE,
    ) -> None:
        self._headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self._is_http_1_1 = scope.get("http_version") == "1.1"
        self._receive = receive
        self._max_bytes = max_bytes
        self._stall_timeout_s = stall_timeout_s
        self._drain_timeout_s = drain_timeout_s
        self._pace = _Pace(min_rate, stall_timeout_s)
        self._announced_bytes = self._find_length()
        self._received_bytes = 0
        self._received_chunks = 0
        self._has_begun = False
        self._has_ended = False
        self._is_lost = False
        self._package: _Package | None = None
        self._start = b""

    @property
    def has_ended(self) -> bool:
        """Whether the whole body was read."""
        return self._has_ended

    async def is_short(self) -> bool:
        """Read about 1 MiB; return whether that is the whole body. Then `short_package_into` writes the package.

        Raises what `package_into` raises, except for errors of the sink and inside a form.
        """
        if self._package is None:
            self._refuse_encoded()
            content_type = self._get_header(b"content-type").decode("latin-1")
            self._refuse_announced(self._max_bytes + (FORM_BYTES if is_multipart(content_type) else 0))
            self._start = await self._next_piece()
            # quirk: `curl --data-binary` with a form's Content-Type sends only the package; no form begins like a zip
            boundary = None if self._start.startswith(_ZIP) else parse_boundary(content_type)
            self._package = _Package(None if boundary is None else FirstPart(boundary), self._max_bytes)
        return self._has_ended

    def short_package_into(self, sink: Sink) -> None:
        """Write the package of a body that `is_short` to `sink`, as `package_into` does. Call it once, in a thread."""
        assert self._package is not None  # noqa: S101 `is_short` was called before
        start, self._start = self._start, b""
        self._package.write(start, sink)
        self._finish(self._package)

    async def package_into(self, sink: Sink) -> None:
        """Write the package in this body to `sink`: a form's first part, or the whole body if it is not a form.

        The sink gets about 1 MiB at a time, in a thread. It holds the complete package only once this returns. Raises
        EncodedBody (a Content-Encoding other than identity), PackageTooLarge (by Content-Length or by count),
        InvalidForm, SlowBody, FragmentedBody, IncompleteBody (the body ended before its announced length, or the client
        disconnected and will not read a response), and what the sink raises.
        """
        if await self.is_short():
            await anyio.to_thread.run_sync(self.short_package_into, sink)
            return
        assert self._package is not None  # noqa: S101 `is_short` made it
        piece, self._start = self._start, b""
        await anyio.to_thread.run_sync(self._package.write, piece, sink)
        while not self._has_ended:
            piece = await self._next_piece()
            await anyio.to_thread.run_sync(self._package.write, piece, sink)
        self._finish(self._package)

    async def read_form(self, max_bytes: int) -> bytes:
        """Return the whole body if it has at most `max_bytes`, for example a page's form.

        Raises FormTooLarge as soon as there is more; EncodedBody, SlowBody, FragmentedBody and IncompleteBody as in
        `package_into`."""
        self._refuse_encoded()
        content = bytearray()
        while not self._has_ended:
            content += await self._next_chunk()
            if len(content) > max_bytes:
                raise FormTooLarge(max_bytes)
        self._refuse_cut()
        return bytes(content)

    async def drain(self) -> bool:
        """Read the rest of the body and discard it; return whether its end was reached.

        It reads up to the length of a legal body, and then up to 64 MiB or `drain_timeout_s` more. If it returns False,
        the connection cannot be reused: close it with the response. It raises nothing if the client stalls, disconnects
        or sends fewer than `REFUSED_RATE` bytes a second; it returns False.

        A client that waits for `100 Continue` does not get it: nothing is read of its body.
        """
        if self._is_awaiting_continue():
            return False
        self._stall_timeout_s = min(self._stall_timeout_s, REFUSED_STALL_S)
        self._pace = _Pace(REFUSED_RATE, self._stall_timeout_s)
        try:
            await self._skip_to(self._max_bytes + FORM_BYTES)
            with anyio.move_on_after(self._drain_timeout_s):
                await self._skip_to(self._max_bytes + FORM_BYTES + DRAIN_BYTES)
        except (FragmentedBody, IncompleteBody, SlowBody):
            return False
        return self._has_ended

    def _is_awaiting_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body (RFC 9110, 10.1.1). Over HTTP/1.1, the
        engine sends it when the body is first read."""
        is_asked = self._is_http_1_1 and self._get_header(b"expect").strip().lower() == b"100-continue"
        return is_asked and not self._has_begun

    async def _skip_to(self, length: int) -> None:
        while not self._has_ended and self._received_bytes < length:
            await self._next_chunk()

    async def _next_piece(self) -> bytes:
        """Return about the next 1 MiB, or the rest: large pieces need few thread switches, whatever the chunks' size.

        Only `_MOST_GATHERING` bodies gather large pieces at once. Other bodies get pieces of 64 KiB, so that many
        stalled clients do not hold too much memory.
        """
        piece = bytearray()
        await self._gather(piece, _SMALL_PIECE_BYTES)
        if Body._gathering < _MOST_GATHERING:
            Body._gathering += 1
            try:
                await self._gather(piece, _PIECE_BYTES)
            finally:
                Body._gathering -= 1
        if self._received_bytes > self._max_bytes + FORM_BYTES:
            raise PackageTooLarge(self._max_bytes)
        return bytes(piece)

    async def _gather(self, piece: bytearray, length: int) -> None:
        while not self._has_ended and len(piece) < length:
            piece += await self._next_chunk()

    def _finish(self, package: "_Package") -> None:
        self._refuse_cut()
        package.finish()

    def _refuse_cut(self) -> None:
        if self._announced_bytes is not None and self._received_bytes < self._announced_bytes:
            raise IncompleteBody

    async def _next_chunk(self) -> bytes:
        if self._is_lost:
            raise IncompleteBody
        self._has_begun = True
        message, asked = None, perf_counter()
        with anyio.move_on_after(self._stall_timeout_s):
            message = await self._receive()
        if message is None:
            self._is_lost = True
            raise SlowBody(self._stall_timeout_s)
        if message["type"] != "http.request":
            self._is_lost = True
            raise IncompleteBody
        chunk: bytes = message.get("body", b"")
        self._received_bytes += len(chunk)
        self._received_chunks += 1
        if self._received_chunks > MAX_SMALL_CHUNKS + self._received_bytes // SMALL_CHUNK_BYTES:
            self._is_lost = True
            raise FragmentedBody
        self._has_ended = not message.get("more_body", False)
        if self._pace.is_too_slow(len(chunk), perf_counter() - asked) and not self._has_ended:
            self._is_lost = True
            raise SlowBody(self._stall_timeout_s)
        return chunk

    def _refuse_encoded(self) -> None:
        codings = b",".join(value for name, value in self._headers if name == b"content-encoding")
        if any(coding.strip().lower() not in {b"", b"identity"} for coding in codings.split(b",")):
            raise EncodedBody

    def _refuse_announced(self, max_bytes: int) -> None:
        if self._announced_bytes is not None and self._announced_bytes > max_bytes:
            raise PackageTooLarge(self._max_bytes)

    def _find_length(self) -> int | None:
        length = self._get_header(b"content-length").strip()
        return int(length) if length.isdigit() else None

    def _get_header(self, name: bytes) -> bytes:
        return next((value for key, value in self._headers if key == name), b"")


class _Pace:
    """Checks that a client sends `rate` bytes a second, on average over each `window_s` spent waiting for it."""

    def __init__(self, rate: int, window_s: float) -> None:
        self._rate = rate
        self._window_s = window_s
        self._waited_s = 0.0
        self._received_bytes = 0

    def is_too_slow(self, received_bytes: int, waited_s: float) -> bool:
        """Count bytes and the time waited for them; return whether a window has ended with too few bytes."""
        self._waited_s += waited_s
        self._received_bytes += received_bytes
        if self._waited_s < self._window_s:
            return False
        is_slow = self._received_bytes < self._rate * self._waited_s
        self._waited_s, self._received_bytes = 0.0, 0
        return is_slow


class _Package:
    """Extracts the package from a body and counts its bytes; runs in threads."""

    def __init__(self, form: FirstPart | None, max_bytes: int) -> None:
        self._form = form
        self._left_bytes = max_bytes
        self._max_bytes = max_bytes

    def write(self, piece: bytes, sink: Sink) -> None:
        package = piece if self._form is None else self._form.feed(piece)
        self._left_bytes -= len(package)
        if self._left_bytes < 0:
            raise PackageTooLarge(self._max_bytes)
        if package:
            sink.write(package)

    def finish(self) -> None:
        if self._form is not None:
            self._form.finish()
