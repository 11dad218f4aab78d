"""The page that shows a version's license file as plain text."""

from functools import partial

from starlette.responses import Response

from motherlode.nuget.package import Identity
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.pages.core.headers import HTML
from motherlode.web.pages.core.responses import page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.request import Request


async def get_license(request: Request) -> Response:
    """Show the license file of a version."""
    identity = Identity(request.package_id, request.version)
    name = f"license/{identity.id.key}/{identity.version.key}"
    return await page_response(request, name, partial(_render, request, identity))


def _render(request: Request, asked: Identity, source: RenderContext) -> RenderedDocument:
    feed = request.require_feed
    view = request.services.showing.license(source, feed, asked.id, asked.version)
    path = Urls(feed_path(feed.name)).license_page(view.identity)
    body = PAGES.render(
        "license.html",
        feed=feed,
        root=source.urls.base,
        links=source.paths.base,
        path=path,
        view=view,
        is_indexed=False,
    )
    return RenderedDocument(body, source.feed_created_at, HTML)
