"""Small files that belong to the pages: a feed's logo, its OpenSearch description, and robots.txt."""

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

from motherlode.domain.refusals import NoSuchAddress
from motherlode.projections.documents.cache import make_etag
from motherlode.web.base_url import header
from motherlode.web.pages.core.assets import ASSETS
from motherlode.web.pages.core.headers import SANDBOX
from motherlode.web.pages.core.templates import brand_of
from motherlode.web.request import Request
from motherlode.web.responses import REVALIDATE, is_match

_LONGEST_SHORT_NAME: Final = 16
"""Max characters of a ShortName (OpenSearch 1.1)."""


async def get_logo(request: Request) -> Response:
    """Return the feed's logo. Its first bytes were checked to be an image's; if opened directly, it runs nothing."""
    logo = request.require_feed.policy.logo
    if logo is None:
        raise NoSuchAddress(f"The feed {request.require_feed.name} has no logo.")
    return _answer(request, logo.content, logo.media_type)


async def get_opensearch(request: Request) -> Response:
    """Return the description that lets browsers search this feed from their address bar (OpenSearch 1.1)."""
    brand = brand_of(request.require_feed.face)
    image = request.site.root + ASSETS.path_of("mark.svg")
    lines = (
        '<?xml version="1.0" encoding="utf-8"?>',
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">',
        f"<ShortName>{escape(brand[:_LONGEST_SHORT_NAME].strip())}</ShortName>",
        f"<Description>{escape(f'NuGet packages on {brand}')}</Description>",
        "<InputEncoding>UTF-8</InputEncoding>",
        f'<Image width="32" height="32" type="image/svg+xml">{escape(image)}</Image>',
        f'<Url type="text/html" template={quoteattr(request.urls.packages + "?q={searchTerms}")}/>',
        "</OpenSearchDescription>",
        "",
    )
    return _answer(request, "\n".join(lines).encode(), "application/opensearchdescription+xml")


async def get_robots(request: Request) -> Response:
    """Return robots.txt: it excludes the addresses for programs and the endless searches. It names no feed."""
    prefix = request.site.prefix
    paths = ("/v3/", "/api/", "/packages?")
    lines = (
        "User-agent: *",
        *(f"Disallow: {prefix}{path}" for path in paths),
        *(f"Disallow: {prefix}/feeds/*{path}" for path in paths),
        f"Disallow: {prefix}/sign-in",
        "",
    )
    return _answer(request, "\n".join(lines).encode(), "text/plain; charset=utf-8")


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    """Return the bytes, which caches must revalidate before each use; 304 if the client has them already."""
    etag = make_etag(request.services.db.history, body)
    headers = {
        "Cache-Control": REVALIDATE,
        "Content-Security-Policy": SANDBOX,
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    if is_match(header(request.scope, b"if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
