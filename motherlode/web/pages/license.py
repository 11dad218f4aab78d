"""The page of a version's license file: its text, as it is."""

from functools import partial

from starlette.responses import Response

from motherlode.nuget.package import Identity
from motherlode.projections.documents.v3 import Rendered, Source
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.pages.core.headers import HTML
from motherlode.web.pages.core.responses import answer_page
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.request import Visit


async def get_license(visit: Visit) -> Response:
    """The license file of a version."""
    identity = Identity(visit.package_id, visit.version)
    name = f"license/{identity.id.key}/{identity.version.key}"
    return await answer_page(visit, name, partial(_render, visit, identity))


def _render(visit: Visit, asked: Identity, source: Source) -> Rendered:
    feed = visit.the_feed
    view = visit.house.showing.license(source, feed, asked.id, asked.version)
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
    return Rendered(body, source.feed_created_at, HTML)
