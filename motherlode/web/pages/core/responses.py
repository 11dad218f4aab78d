"""Responses with pages: cached pages, invalidated like documents, and fresh pages made for one request.

Invariant: cached pages contain nothing about the reader. For a signed-in user, the personal part is put into a copy,
which is never cached. Pages are never served from `motherlode.web.response_cache`, since that does not look at cookies.
"""

import gzip
from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from motherlode.projections.documents.cache import FEED_WIDE, Document, DocumentKey
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.web.base_url import header
from motherlode.web.pages.core.headers import HTML, page_headers
from motherlode.web.pages.core.templates import PAGES, VISITOR_BEGINS, VISITOR_ENDS
from motherlode.web.request import Request
from motherlode.web.responses import (
    NO_STORE,
    REVALIDATE,
    PreparedResponse,
    is_match,
    not_modified_response,
    offers_gzip,
)

_VARY: Final = "Accept-Encoding, Cookie"
_MIN_GZIP_BYTES: Final = 1_000


async def page_response(
    request: Request, name: str, render: Callable[[RenderContext], RenderedDocument], *, is_indexed: bool = True
) -> Response:
    """Return the page of that name on this feed, from memory if the feed has not changed since it was rendered.

    `name` must contain everything that the page depends on, apart from the feed, its settings and the site's address.
    In the page, absolute addresses begin with `source.urls.base`, links with `source.paths.base`. Raises what `render`
    raises."""
    key = DocumentKey(request.require_feed.id, FEED_WIDE, f"page/{request.snapshot.access}/{name}", request.site.root)
    reader = request.services.reader
    document = reader.find(key)
    if document is None:
        document = await request.render(
            reader.read, key, request.require_feed, render, is_checked=request.site.is_checked, is_zipped=True
        )
    if request.signed_in_user is not None:
        # in a thread, since compressing a large page takes long
        return await request.read(fresh_page_response, request, document.body, is_indexed=is_indexed)
    return _answer_kept(request, document, is_indexed=is_indexed)


def fresh_page_response(request: Request, body: bytes, status: int = 200, *, is_indexed: bool = True) -> Response:
    """Return a page that was made for this request only, and that caches must not store.

    The page is compressed even if it contains a token next to text that an attacker may choose: each response masks the
    token differently, so the compressed length reveals nothing about it."""
    headers = _headers(request, is_indexed=is_indexed) | {"Cache-Control": NO_STORE, "Vary": _VARY}
    if request.signed_in_user is not None:
        body = _personalise(request, body)
    if len(body) >= _MIN_GZIP_BYTES and offers_gzip(header(request.scope, b"accept-encoding")):
        body = gzip.compress(body, 4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers=headers, media_type=HTML)


def _answer_kept(request: Request, document: Document, *, is_indexed: bool) -> Response:
    """Return the cached page for readers who have not signed in; 304 if the browser has it already."""
    is_zipped = document.zipped is not None and offers_gzip(header(request.scope, b"accept-encoding"))
    key = ("page", is_zipped, is_indexed)
    prepared = document.prepared.get(key)
    if prepared is None:
        headers = _headers(request, is_indexed=is_indexed)
        prepared = document.prepared[key] = _prepare(document, headers, is_zipped=is_zipped)
    etag, raw_headers = prepared
    if is_match(header(request.scope, b"if-none-match"), etag):
        return not_modified_response(raw_headers)
    body = document.zipped if is_zipped and document.zipped is not None else document.body
    return PreparedResponse(200, list(raw_headers), body)


def _prepare(
    document: Document, headers: dict[str, str], *, is_zipped: bool
) -> tuple[str, tuple[tuple[bytes, bytes], ...]]:
    etag = document.etag[:-1] + '-gz"' if is_zipped else document.etag
    body = document.zipped if is_zipped and document.zipped is not None else document.body
    headers |= {"Cache-Control": REVALIDATE, "ETag": etag, "Vary": _VARY}
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return etag, tuple(Response(body, headers=headers, media_type=document.media_type).raw_headers)


def _headers(request: Request, *, is_indexed: bool) -> dict[str, str]:
    headers = dict(page_headers(request.services.image_hosts))
    return headers if is_indexed else headers | {"X-Robots-Tag": "noindex"}


def _personalise(request: Request, body: bytes) -> bytes:
    """Return the page for the signed-in user: the user's name and a sign-out button replace the sign-in link."""
    before, begin, rest = body.partition(VISITOR_BEGINS)
    _, end, after = rest.partition(VISITOR_ENDS)
    if not begin or not end:
        return body
    site = request.site
    own = PAGES.render(
        "_visitor.html", feed=None, root=site.root, links=site.prefix, path="/", signed_in_user=request.signed_in_user
    )
    return b"".join((before, begin, own, end, after))
