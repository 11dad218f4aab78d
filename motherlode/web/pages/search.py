"""The search page of a feed: a form, the results, and links to further pages of results."""

from typing import Final

from starlette.responses import Response

from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.pages.core.responses import fresh_page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.pages.pager import count_pages, make_pager
from motherlode.web.pages.search_form import LAST_PAGE, PAGE_CARDS, Asked, parse_asked
from motherlode.web.request import Request

_TYPES: Final = (
    ("Dependency", "Library"),
    ("DotnetTool", ".NET tool"),
    ("Template", "Template"),
    ("McpServer", "MCP server"),
    ("MSBuildSdk", "MSBuild SDK"),
)
_FRAMEWORKS: Final = (
    ("net", ".NET (5 and later)"),
    ("netcoreapp", ".NET Core"),
    ("netstandard", ".NET Standard"),
    ("netframework", ".NET Framework"),
    *((name, name) for name in ("net10.0", "net9.0", "net8.0", "net6.0", "netcoreapp3.1")),
    *((name, name) for name in ("netstandard2.1", "netstandard2.0", "net481", "net48", "net472", "net462")),
)


async def get_packages(request: Request) -> Response:
    """Show the search form and the results; the search API gives the same results."""
    asked = parse_asked(request.scope["query_string"])
    body, status = await request.render(_render, request, asked)
    return fresh_page_response(request, body, status, is_indexed=asked.is_indexed)


def _render(request: Request, asked: Asked) -> tuple[bytes, int]:
    """Return the page and its status: 404 after the last page of results."""
    feed = request.require_feed
    results = request.services.showing.search(feed, asked.question(feed.id))
    packages = Urls(request.site.prefix + feed_path(feed.name)).packages
    last_page = min(LAST_PAGE, count_pages(results.total, PAGE_CARDS))
    pager = make_pager(asked.page, last_page, lambda page: f"{packages}{asked.at(page).query()}")
    body = PAGES.render(
        "search.html",
        feed=feed,
        root=request.site.root,
        links=request.site.prefix,
        path=f"{feed_path(feed.name)}/packages{asked.query()}",
        is_indexed=asked.is_indexed,
        asked=asked,
        total=results.total,
        cards=() if pager.is_beyond else results.cards,
        pager=pager,
        is_cut=asked.page == LAST_PAGE and results.total > LAST_PAGE * PAGE_CARDS,
        types=_with_asked(_TYPES, asked.type),
        frameworks=_with_asked(_FRAMEWORKS, asked.framework),
    )
    return body, 404 if pager.is_beyond else 200


def _with_asked(choices: tuple[tuple[str, str], ...], asked: str) -> list[tuple[str, str, bool]]:
    """Return the choices as (value, label, is selected); an `asked` value that is not a choice is added to them."""
    folded = asked.lower()
    known = [(value, label, value.lower() == folded) for value, label in choices]
    return known if not asked or any(is_asked for *_, is_asked in known) else [*known, (asked, asked, True)]
