"""Pages and searches of clients have threads of their own."""

import asyncio
from threading import Event
from types import SimpleNamespace

from anyio import CapacityLimiter

from motherlode.projections.documents.v3 import RenderedDocument
from motherlode.web.base_url import BaseUrls
from motherlode.web.pages.core.responses import page_response
from motherlode.web.request import Request

SCOPE = {
    "type": "http",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "headers": [(b"host", b"127.0.0.1")],
    "client": ("192.0.2.1", 1),
    "server": ("127.0.0.1", 80),
}
MOST_S = 30


def test_a_search_is_answered_while_pages_take_their_time(services, looker):
    """More pages than may be made at once all wait for what a search does."""
    feed, is_searched = looker.feed(), Event()
    told: list[bool] = []

    def render(source) -> RenderedDocument:
        told.append(is_searched.wait(MOST_S))
        return RenderedDocument(b"a page", services.clock.now())

    async def run() -> list[bytes]:
        rooms = SimpleNamespace(reader=looker.reader, image_hosts=frozenset())
        limiters = (CapacityLimiter(1), CapacityLimiter(1), CapacityLimiter(2))
        visit = Request(
            rooms, SCOPE, None, BaseUrls(None, ()).of(SCOPE), "request-1", *limiters, looker.follower.snapshot
        )
        visit.feed = feed
        pages = [asyncio.create_task(page_response(visit, name, render)) for name in ("one", "two", "three")]
        await asyncio.sleep(0)  # all of them have asked for a thread
        await visit.search(is_searched.set)
        return [bytes((await page).body) for page in pages]

    assert asyncio.run(run()) == [b"a page"] * 3
    assert told == [True] * 3
