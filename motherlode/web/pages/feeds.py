"""The page that lists the server's feeds: exactly those that the reader may read.

The list depends on the reader, so each response is rendered anew and never cached.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.responses import Response

from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.domain.permissions import Actor, may_read
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.base_url import BaseUrl
from motherlode.web.pages.core.responses import fresh_page_response
from motherlode.web.pages.core.templates import PAGES, brand_of
from motherlode.web.pages.pager import count_pages, make_pager, parse_page_number
from motherlode.web.request import Request

FEEDS_PER_PAGE: Final = 50
_PATH: Final = "/feeds"


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A feed in the list. `home` and `logo` are paths, `logo` may be None; `source` is the address for clients."""

    name: str
    title: str
    about: str
    is_private: bool
    home: str
    logo: str | None
    source: str


async def get_feeds(request: Request) -> Response:
    """List the feeds that the reader may read; 404 after the last page."""
    feeds = readable_feeds(
        request.snapshot.feeds.values(), request.signed_in_user.actor if request.signed_in_user else None
    )
    page = _asked_page(request)
    pager = make_pager(
        page, count_pages(len(feeds), FEEDS_PER_PAGE), lambda number: request.site.prefix + _path(number)
    )
    body = PAGES.render(
        "feeds.html",
        feed=None,
        root=request.site.root,
        links=request.site.prefix,
        path=_path(page),
        is_indexed=page == 1,
        lines=[_make_line(feed, request.site) for feed in feeds[(page - 1) * FEEDS_PER_PAGE : page * FEEDS_PER_PAGE]],
        total=len(feeds),
        pager=pager,
        signed_in_user=request.signed_in_user,
    )
    return fresh_page_response(request, body, 404 if pager.is_beyond else 200, is_indexed=page == 1)


def readable_feeds(feeds: Iterable[Feed], actor: Actor | None) -> list[Feed]:
    """Return the public feeds and the private feeds that the actor may read: the default feed first, then by name."""
    readable = (
        feed for feed in feeds if not feed.policy.is_private or (actor is not None and may_read(actor, feed.name))
    )
    return sorted(readable, key=lambda feed: (feed.name != DEFAULT_FEED, feed.name))


def _make_line(feed: Feed, site: BaseUrl) -> FeedLine:
    below = feed_path(feed.name)
    urls = Urls(site.prefix + below)
    return FeedLine(
        name=feed.name,
        title=brand_of(feed.face),
        about=feed.face.about,
        is_private=feed.policy.is_private,
        home=urls.home,
        logo=urls.logo if feed.face.logo else None,
        source=Urls(site.root + below).service_index,
    )


def _asked_page(request: Request) -> int:
    query = dict(reversed(parse_qsl(request.scope.get("query_string", b"").decode("latin-1"))))
    return parse_page_number(query.get("page", ""))


def _path(page: int) -> str:
    return _PATH if page == 1 else f"{_PATH}?page={page}"
