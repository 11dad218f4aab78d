"""The home of a feed: what it is, what is new and liked on it, and how to set up a client for it."""

from functools import partial

from starlette.responses import Response

from motherlode.projections.packages import Rendered, Source
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.pages.answering import answer_page
from motherlode.web.pages.headers import HTML
from motherlode.web.pages.rendering import PAGES
from motherlode.web.pages.set_up import set_up
from motherlode.web.visit import Visit


async def get_home(visit: Visit) -> Response:
    """The home of the feed."""
    # what is kept is shared by all addresses of the site, and the lines for http say more than those for https
    scheme = visit.site.root.partition(":")[0]
    return await answer_page(visit, f"home/{scheme}", partial(_render, visit))


def _render(visit: Visit, source: Source) -> Rendered:
    feed, root = visit.the_feed, source.urls.base
    path = feed_path(feed.name)
    lines = set_up(feed.name, Urls(root + path).service_index, visit.site.root, is_private=feed.policy.is_private)
    view = visit.house.showing.home(source, feed)
    body = PAGES.render("home.html", feed=feed, root=root, path=f"{path}/", view=view, set_up=lines)
    return Rendered(body, feed.created_at, HTML, counted=source.counted)
