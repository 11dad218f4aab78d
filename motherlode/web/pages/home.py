"""The home page of a feed: its description, its newest and most downloaded packages, and how to set up clients.

On a new server it is the first page that people see. So while the feed is empty and no user has a password, it links to
the form that creates the first account."""

from functools import partial

from starlette.responses import Response

from motherlode.domain.refusals import SearchUnready
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.projections.pages.views import FeedView
from motherlode.protocol.urls import Urls, feed_path
from motherlode.usecases.accounts.first_administrator import is_first_use
from motherlode.web.pages.core.headers import HTML
from motherlode.web.pages.core.responses import page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.pages.parts.client_setup import set_up
from motherlode.web.request import Request


async def get_home(request: Request) -> Response:
    """Show the home page of the feed, without its lists while the search index is being built."""
    # all addresses of the site share the cached page, but commands for http have an option more than those for https
    scheme = request.site.root.partition(":")[0]
    # rankings change without an event, some time after the downloads that change them
    name = f"home/{scheme}/{request.services.searching.generation}"
    return await page_response(request, name, partial(_render, request))


def _render(request: Request, source: RenderContext) -> RenderedDocument:
    feed, root = request.require_feed, source.urls.base
    path = feed_path(feed.name)
    lines = set_up(feed.name, Urls(root + path).service_index, request.site.root, is_private=feed.policy.is_private)
    view = _find_view(request, source)
    is_empty = view is not None and view.total == 0
    body = PAGES.render(
        "home.html",
        feed=feed,
        root=root,
        links=source.paths.base,
        path=f"{path}/",
        view=view,
        set_up=lines,
        # creating the first user increments `access`, which is part of the cached page's name
        is_first_use=is_empty and not feed.policy.is_private and is_first_use(db=request.services.db),
    )
    return RenderedDocument(body, feed.created_at, HTML, is_kept=view is not None, counted=source.counted)


def _find_view(request: Request, source: RenderContext) -> FeedView | None:
    """Return the feed's lists, or None while the search index is being built."""
    try:
        return request.services.showing.home(source, request.require_feed)
    except SearchUnready:
        return None
