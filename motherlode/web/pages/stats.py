"""A feed's download statistics, as a page and as CSV tables."""

import csv
import io
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from starlette.responses import Response

from motherlode.domain.refusals import NoSuchAddress
from motherlode.projections.documents.cache import FEED_WIDE
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.projections.pages.views import NamedCount, StatsView
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.pages.core.headers import HTML
from motherlode.web.pages.core.responses import page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.pages.parts.charts import draw_days, draw_share
from motherlode.web.request import Request
from motherlode.web.v3.documents import answer

Row = tuple[str, int]

_CSV: Final = "text/csv; charset=utf-8"
_TABLES: Final[dict[str, tuple[str, Callable[[StatsView], Iterable[Row]]]]] = {
    "days": ("day", lambda view: ((each.day.isoformat(), each.count) for each in view.days)),
    "packages": ("package", lambda view: ((each.name, each.count) for each in view.packages)),
    "clients": ("client", lambda view: ((each.name, each.count) for each in view.clients)),
}
_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


async def get_stats(request: Request) -> Response:
    """Show the feed's downloads by day, package and client."""
    return await page_response(request, f"stats/{request.services.clock.now().date()}", partial(_render, request))


async def get_stats_csv(request: Request) -> Response:
    """Return one table of the statistics as CSV."""
    table = request.parameters["table"].lower()
    if table not in _TABLES:
        raise NoSuchAddress(f"This table does not exist. The tables are {', '.join(_TABLES)}.")
    name = f"stats/{table}/{request.services.clock.now().date()}"
    render = partial(_render_csv, request, table)
    response = await answer(request, render, id_key=FEED_WIDE, name=name, has_links=False, is_foreign=True)
    request.ready = None  # a cached response would lack the header below
    response.headers["Content-Disposition"] = f'attachment; filename="{request.require_feed.name}-{table}.csv"'
    return response


def format_csv(head: str, rows: Iterable[Row]) -> bytes:
    """Return a CSV table of two columns. Texts are escaped so that spreadsheets do not read them as formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((head, "downloads"))
    writer.writerows((f"'{name}" if name.startswith(_FORMULA_BEGINS) else name, count) for name, count in rows)
    return text.getvalue().encode()


def _render(request: Request, source: RenderContext) -> RenderedDocument:
    feed = request.require_feed
    view = request.services.showing.stats(source, feed)
    body = PAGES.render(
        "stats.html",
        feed=feed,
        root=source.urls.base,
        links=source.paths.base,
        path=Urls(feed_path(feed.name)).stats,
        view=view,
        days_chart=draw_days(view.days),
        packages=_with_bars(view.packages),
        clients=_with_bars(view.clients),
    )
    return RenderedDocument(body, source.feed_created_at, HTML, counted=source.counted)


def _with_bars(counts: Iterable[NamedCount]) -> list[tuple[NamedCount, str]]:
    rows = tuple(counts)
    highest = max((row.count for row in rows), default=0)
    return [(row, draw_share(row.count, highest)) for row in rows]


def _render_csv(request: Request, table: str, source: RenderContext) -> RenderedDocument:
    head, rows_of = _TABLES[table]
    view = request.services.showing.stats(source, request.require_feed)
    return RenderedDocument(format_csv(head, rows_of(view)), source.feed_created_at, _CSV, counted=source.counted)
