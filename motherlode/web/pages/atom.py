"""The Atom feed of a package's versions (RFC 4287), for feed readers: the listed versions, most recently pushed first.

The ids of the feed and its entries are the addresses of their pages, so they stay stable while the server keeps its
address.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.projections.pages.views import Card, VersionsView
from motherlode.protocol.urls import Urls
from motherlode.web.request import Request
from motherlode.web.v3.documents import answer

_ATOM: Final = "application/atom+xml; charset=utf-8"
_FEED: Final = Markup(
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<feed xmlns="http://www.w3.org/2005/Atom">\n'
    "<id>{page}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n"
    '<link rel="self" type="application/atom+xml" href="{own}"/>\n'
    '<link rel="alternate" type="text/html" href="{page}"/>\n'
    "<author><name>{author}</name></author>\n<generator>Motherlode</generator>\n"
    "{entries}</feed>\n"
)
_ENTRY: Final = Markup(
    "<entry>\n<id>{page}</id>\n<title>{title}</title>\n<published>{at}</published>\n<updated>{at}</updated>\n"
    '<link rel="alternate" type="text/html" href="{page}"/>\n'
    '<author><name>{author}</name></author>\n<summary type="text">{summary}</summary>\n</entry>\n'
)


async def get_versions_feed(request: Request) -> Response:
    """Return the Atom feed of a package's versions."""
    package_id = request.package_id
    render = partial(_render, request)
    return await answer(request, render, id_key=package_id.key, name="versions-feed", is_foreign=True)


def render_versions(view: VersionsView, urls: Urls) -> bytes:
    """Return the Atom feed as XML."""
    feed = _FEED.format(
        page=urls.package_page(view.id),
        own=urls.versions_feed(view.id),
        title=f"Versions of {view.id.written}",
        updated=_format(max(card.published_at for card in view.releases)),
        author=_author_of(view.releases[0]),
        entries=Markup().join(_render_entry(card, urls) for card in view.releases),
    )
    return feed.encode()


def _render(request: Request, source: RenderContext) -> RenderedDocument:
    view = request.services.showing.versions(source, request.require_feed, request.package_id)
    return RenderedDocument(render_versions(view, source.urls), view.changed_at, _ATOM)


def _render_entry(card: Card, urls: Urls) -> Markup:
    package = card.package
    return _ENTRY.format(
        page=urls.version_page(card.identity),
        title=f"{card.identity.id.written} {card.identity.version.normalized}",
        at=_format(card.published_at),
        author=_author_of(card),
        summary=package.release_notes or package.summary or package.description or "",
    )


def _author_of(card: Card) -> str:
    return card.package.authors or card.identity.id.written


def _format(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
