"""Responses to reads: documents and packages, with validators, compression, ranges and HEAD.

Caches may store documents but must revalidate them before each use (`no-cache` and a strong ETag), so that clients see
every push immediately. The same holds for the files of a version, unless they can neither change nor be deleted: then
they may be cached forever (`immutable`). The handler chooses with `cache`. All responses from private feeds go through
`make_private`: shared caches must not store them, and pages of other sites cannot read them.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from starlette.responses import Response

from motherlode.domain.refusals import InvalidRange
from motherlode.projections.documents.cache import BlobFile, Document
from motherlode.store.blobs.protocol import Blobs
from motherlode.web.base_url import Scope, header

REVALIDATE: Final = "no-cache"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
NO_STORE: Final = "no-store"

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_OF_BODY: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})
_HTTP_DATES: Final = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_LONGEST_DATE: Final = 40
_SANDBOX: Final = "default-src 'none'; sandbox"
_READ_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


def make_private(response: Response) -> None:
    """Restrict a response to its caller: `Cache-Control` becomes private or stays `no-store`, `Vary` gets Authorization
    and Cookie, and CORS headers are removed."""
    cache, vary = NO_STORE.encode(), b"Authorization, Cookie"
    kept = []
    for pair in response.raw_headers:
        name, value = pair
        if name == b"cache-control":
            cache = value if value == cache else b"private, " + value.removeprefix(b"public, ")
        elif name == b"vary":
            vary = value.removesuffix(b", Cookie") + b", Authorization, Cookie"
        elif not name.startswith(b"access-control-"):
            kept.append(pair)
    response.raw_headers[:] = [*kept, (b"cache-control", cache), (b"vary", vary)]


def document_response(
    scope: Scope, document: Document, *, is_negotiable: bool, cache: str, is_foreign: bool = False
) -> Response:
    """Return a document, compressed if the client accepts gzip and `is_negotiable`; 304 if the client has it already.

    `is_foreign` is for content that a publisher wrote, and that a browser must not run."""
    is_zipped = is_negotiable and document.zipped is not None and offers_gzip(header(scope, b"accept-encoding"))
    key = (is_zipped, is_negotiable, cache, is_foreign)
    prepared = document.prepared.get(key)
    if prepared is None:
        prepared = document.prepared[key] = _prepare(
            document, is_zipped=is_zipped, is_negotiable=is_negotiable, cache=cache, is_foreign=is_foreign
        )
    etag, raw_headers = prepared
    is_dated = document.counted is None
    if _is_unchanged(scope, etag, document.changed_at if is_dated else None, is_exact=document.is_exact):
        return not_modified_response(raw_headers)
    body = document.zipped if is_zipped and document.zipped is not None else document.body
    return PreparedResponse(200, list(raw_headers), body)


class PreparedResponse(Response):
    """A response with ready-made raw headers; it skips Starlette's work of making them."""

    def __init__(self, status: int, raw_headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = raw_headers


def not_modified_response(raw_headers: Iterable[tuple[bytes, bytes]]) -> Response:
    """Return 304 with the given headers, except for those that describe a body."""
    return PreparedResponse(304, [pair for pair in raw_headers if pair[0] not in _OF_BODY], b"")


def _prepare(
    document: Document, *, is_zipped: bool, is_negotiable: bool, cache: str, is_foreign: bool
) -> tuple[str, tuple[tuple[bytes, bytes], ...]]:
    """Return the ETag and the headers of a full response; they are the same for all requests with these options."""
    etag = document.etag[:-1] + '-gz"' if is_zipped else document.etag
    headers = _READ_HEADERS | {
        "Cache-Control": cache,
        "ETag": etag,
    }
    if document.counted is None:  # download counts change the bytes at unrecorded times
        headers["Last-Modified"] = _http_date(document.changed_at)
    if is_negotiable:
        headers["Vary"] = "Accept-Encoding"
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    if is_foreign:
        headers["Content-Security-Policy"] = _SANDBOX
    body = document.zipped if is_zipped and document.zipped is not None else document.body
    return etag, tuple(Response(body, headers=headers, media_type=document.media_type).raw_headers)


def fresh_response(body: bytes) -> Response:
    """Return JSON that was made for this request only, and that caches must not store."""
    return Response(body, headers=_READ_HEADERS | {"Cache-Control": NO_STORE}, media_type="application/json")


def offers_gzip(accept_encoding: str | None) -> bool:
    """Whether the client accepts gzip by name, with a weight other than 0. No other coding is ever sent: clients under
    mono offer deflate but cannot read it."""
    for part in (accept_encoding or "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


def is_match(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match contains the ETag; `W/` is ignored (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags


def _is_unchanged(scope: Scope, etag: str, changed_at: datetime | None, *, is_exact: bool) -> bool:
    """Whether the client has these bytes, by If-None-Match or, without it, by If-Modified-Since (RFC 9110, 13.2.2).

    Times in whole seconds cannot tell apart two changes within a second. So unless `is_exact`, If-Modified-Since must
    be later than the second of the last change.
    """
    tags = header(scope, b"if-none-match")
    if tags is not None or changed_at is None:
        return is_match(tags, etag)
    since = parse_http_date(header(scope, b"if-modified-since") or "")
    return since is not None and changed_at.replace(microsecond=0) + timedelta(seconds=not is_exact) <= since


def _http_date(moment: datetime) -> str:
    """Format a time as an HTTP date, rounded down to whole seconds."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


@lru_cache(maxsize=256)
def parse_http_date(text: str) -> datetime | None:
    """Return the date in any of the three formats of RFC 9110, 5.6.7, or None for other texts."""
    for form in _HTTP_DATES if len(text) <= _LONGEST_DATE else ():
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def parse_range(value: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of a single range, or None for the whole file (no range, several, or not bytes).

    Raises `InvalidRange` if the range contains no byte of the file (RFC 9110, 14.1.2)."""
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


def blob_response(scope: Scope, file: BlobFile, blobs: Blobs, *, name: str, cache: str) -> Response:
    """Return the bytes of a package: all of them, one range, or none (304)."""
    key = (name, cache)
    raw_headers = file.prepared.get(key)
    if raw_headers is None:
        raw_headers = file.prepared[key] = _prepare_blob(file, name, cache)
    if _is_unchanged(scope, file.etag, file.changed_at, is_exact=file.is_exact):
        return not_modified_response(raw_headers)
    asked = header(scope, b"range") if _is_range_wanted(scope, file.etag) else None
    bounds = parse_range(asked, file.size)
    if bounds is None:
        length = (b"content-length", str(file.size).encode("ascii"))
        return BlobResponse(200, [*raw_headers, length], file, blobs, 0, file.size)
    first, last = bounds
    part = [
        (b"content-length", str(last - first + 1).encode("ascii")),
        (b"content-range", f"bytes {first}-{last}/{file.size}".encode("ascii")),
    ]
    return BlobResponse(206, [*raw_headers, *part], file, blobs, first, last - first + 1)


def _prepare_blob(file: BlobFile, name: str, cache: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that every response for the file has."""
    headers = _READ_HEADERS | {
        "Accept-Ranges": "bytes",
        "Cache-Control": cache,
        "Content-Disposition": _attachment(name),
        "Content-Type": "application/octet-stream",
        "ETag": file.etag,
        "Last-Modified": _http_date(file.changed_at or file.published_at),
    }
    return tuple(Response(None, 304, headers=headers).raw_headers)


def _attachment(name: str) -> str:
    """Return a Content-Disposition that saves the file under `name` (word characters, dots and dashes).

    Non-ASCII characters are in `filename*` (RFC 6266), and replaced by `_` for clients that do not support it."""
    plain = name.encode("ascii", "replace").decode("ascii").replace("?", "_")
    extended = "" if name.isascii() else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


def _is_range_wanted(scope: Scope, etag: str) -> bool:
    """Whether a range may be sent: only for GET (RFC 9110, 14.2), and only if If-Range, if present, matches."""
    if scope["method"] != "GET":
        return False
    condition = header(scope, b"if-range")
    return condition is None or condition.strip() == etag


class BlobResponse(PreparedResponse):
    """A stored file, or `length` bytes of it starting at `first`; `motherlode.web.sending` sends it."""

    def __init__(
        self, status: int, raw_headers: list[tuple[bytes, bytes]], file: BlobFile, blobs: Blobs, first: int, length: int
    ) -> None:
        super().__init__(status, raw_headers, b"")
        self._file = file
        self._blobs = blobs
        self._first = first
        self.length = length

    @property
    def whole_path(self) -> Path | None:
        """The path of the file, or None if only a part is sent or the file has no path."""
        return self._file.path if self.length == self._file.size else None

    def open(self) -> BinaryIO:
        """Open the file at the first byte to send; may block."""
        file = self._blobs.open(self._file.blob)
        file.seek(self._first)
        return file
