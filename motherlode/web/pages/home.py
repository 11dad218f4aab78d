"""The home of a feed: what it is, what is new and liked on it, and how to set up a client for it.

While a feed is empty and nobody can sign in on the server, it leads to where the first user is made: it is the first
page that is seen."""

from functools import partial

from starlette.responses import Response

from motherlode.domain.refusals import SearchUnready
from motherlode.projections.documents.v3 import Rendered, Source
from motherlode.projections.pages.views import FeedView
from motherlode.protocol.urls import Urls, feed_path
from motherlode.usecases.accounts.first_administrator import is_first_use
from motherlode.web.pages.core.headers import HTML
from motherlode.web.pages.core.responses import answer_page
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.pages.parts.client_setup import set_up
from motherlode.web.request import Visit


async def get_home(visit: Visit) -> Response:
    """The home of the feed; without its lists while the index that they are read from is being built."""
    # what is kept is shared by all addresses of the site, and the lines for http say more than those for https
    scheme = visit.site.root.partition(":")[0]
    # rankings change without an event, some time after the downloads that move them
    name = f"home/{scheme}/{visit.house.searching.generation}"
    return await answer_page(visit, name, partial(_render, visit))


def _render(visit: Visit, source: Source) -> Rendered:
    feed, root = visit.the_feed, source.urls.base
    path = feed_path(feed.name)
    lines = set_up(feed.name, Urls(root + path).service_index, visit.site.root, is_private=feed.policy.is_private)
    view = _find_view(visit, source)
    is_empty = view is not None and view.total == 0
    body = PAGES.render(
        "home.html",
        feed=feed,
        root=root,
        links=source.paths.base,
        path=f"{path}/",
        view=view,
        set_up=lines,
        # the first user counts up `access`, which is part of the name of what is kept
        is_first_use=is_empty and not feed.policy.is_private and is_first_use(db=visit.house.db),
    )
    return Rendered(body, feed.created_at, HTML, is_kept=view is not None, counted=source.counted)


def _find_view(visit: Visit, source: Source) -> FeedView | None:
    """What is on the feed; None while there is no index to ask."""
    try:
        return visit.house.showing.home(source, visit.the_feed)
    except SearchUnready:
        return None
