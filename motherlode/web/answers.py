"""Answers to reads: documents and packages, with validators, compression, ranges, and no byte where HEAD asked.

Documents may always be kept but must be asked for again before they are used (`no-cache` and a strong ETag), so that
nobody misses a fresh push through us; a package's bytes never change and may be kept for ever.
"""

import re
from email.utils import format_datetime
from typing import Any, BinaryIO, Final

import anyio.to_thread
from starlette.responses import Response

from motherlode.domain.refusals import InvalidRange
from motherlode.projections.documents import BlobFile, Document
from motherlode.store.blobs.base import Blobs
from motherlode.web.site import Scope, header

Receive = Any
Send = Any

REVALIDATE: Final = "no-cache"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
NO_STORE: Final = "no-store"

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_CHUNK_BYTES: Final = 256 * 1024
_READ_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


def answer_document(scope: Scope, document: Document, *, is_negotiable: bool, cache: str) -> Response:
    """A document, compressed if the client offers gzip and the document may be; 304 if the client has it already."""
    is_zipped = is_negotiable and document.zipped is not None and offers_gzip(header(scope, b"accept-encoding"))
    etag = document.etag[:-1] + '-gz"' if is_zipped else document.etag
    headers = _READ_HEADERS | {
        "Cache-Control": cache,
        "ETag": etag,
        "Last-Modified": format_datetime(document.changed_at.replace(microsecond=0), usegmt=True),
    }
    if is_negotiable:
        headers["Vary"] = "Accept-Encoding"
    if is_match(header(scope, b"if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    body = document.zipped if is_zipped and document.zipped is not None else document.body
    return Response(body, headers=headers, media_type=document.media_type)


def offers_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip was offered by name, and not with a weight of nothing. Nothing else is ever sent: clients under mono
    offer deflate and cannot read it."""
    for part in (accept_encoding or "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


def is_match(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names the tag; weak marks do not count (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags


def parse_range(value: str | None, size: int) -> tuple[int, int] | None:
    """The first and last byte of a single range, None if the whole file is meant (no range, several, or not in bytes).

    Raises `InvalidRange` if no byte of the file is in it (RFC 9110, 14.1.2)."""
    match = _RANGE.fullmatch(value.strip()) if value else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
        is_empty = int(match[2]) == 0
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
        is_empty = first >= size
    if is_empty or size == 0:
        raise InvalidRange(size)
    return first, last


def answer_blob(scope: Scope, file: BlobFile, blobs: Blobs, *, name: str) -> Response:
    """The bytes of a package: all of them, one range, or none (304)."""
    modified = file.published_at.replace(microsecond=0)
    headers = _READ_HEADERS | {
        "Accept-Ranges": "bytes",
        "Cache-Control": IMMUTABLE,
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": file.etag,
        "Last-Modified": format_datetime(modified, usegmt=True),
    }
    if is_match(header(scope, b"if-none-match"), file.etag):
        return Response(status_code=304, headers=headers)
    asked = header(scope, b"range") if _is_range_wanted(scope, file.etag) else None
    bounds = parse_range(asked, file.size)
    first, last = bounds or (0, file.size - 1)
    if bounds:
        headers["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    headers["Content-Length"] = str(last - first + 1)
    return BlobAnswer(206 if bounds else 200, headers, file, blobs, first, last - first + 1)


def _is_range_wanted(scope: Scope, etag: str) -> bool:
    condition = header(scope, b"if-range")
    return condition is None or condition.strip() == etag


class BlobAnswer(Response):
    """Sends a stored file: whole by the server's own sendfile where there is one, else in pieces read by a thread."""

    def __init__(
        self, status: int, headers: dict[str, str], file: BlobFile, blobs: Blobs, first: int, length: int
    ) -> None:
        super().__init__(status_code=status, headers=headers, media_type="application/octet-stream")
        self._file = file
        self._blobs = blobs
        self._first = first
        self._length = length

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        path = self._blobs.path(self._file.blob)
        is_whole = self._length == self._file.size
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif is_whole and path is not None and "http.response.pathsend" in scope.get("extensions", {}):
            await send({"type": "http.response.pathsend", "path": str(path)})
        else:
            await self._send_pieces(send)

    async def _send_pieces(self, send: Send) -> None:
        file = await anyio.to_thread.run_sync(self._open)
        try:
            left = self._length
            while left > 0:
                piece = await anyio.to_thread.run_sync(file.read, min(left, _CHUNK_BYTES))
                if not piece:
                    raise EOFError(self._file.blob)
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
        finally:
            await anyio.to_thread.run_sync(file.close)

    def _open(self) -> BinaryIO:
        file = self._blobs.open(self._file.blob)
        file.seek(self._first)
        return file
