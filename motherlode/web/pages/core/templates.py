"""Renders pages from templates: texts from packages and requests are escaped, and undefined variables are errors.

Invariant: a rendered page contains nothing about the reader. The part between two markers is for anonymous readers, and
`motherlode.web.pages.core.responses` replaces it for signed-in users. No text can contain the markers, because texts
are escaped.
"""

import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.projections.documents.catalog_follower import Feed, FeedBranding
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.pages.core.assets import ASSETS
from motherlode.web.pages.parts.links import link_addresses

VISITOR_BEGINS: Final = b"<!--visitor-->"
VISITOR_ENDS: Final = b"<!--/visitor-->"

_TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMELESS: Final = "Motherlode"
_NO_CHARACTERS: Final = "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_HTML: Final = re.compile(f"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")
"""Characters that HTML does not allow; they are removed from every page."""
_BREAKS: Final = re.compile(r"([._-]+)")
_SIZES: Final = ("KB", "MB", "GB", "TB")


class Pages:
    """The templates of all pages; thread-safe."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {
            "static": _static,
            "public_static": _public_static,
            "icon": _icon,
            "program_version": version("motherlode"),
        }
        self._templates.filters |= {"number": format_number, "compact": format_compact, "size": format_size}
        self._templates.filters |= {"when": mark_time, "day": format_day, "breakable": mark_breaks}
        self._templates.filters |= {"linked": link_addresses}

    def render(self, template: str, *, feed: Feed | None, root: str, links: str, path: str, **context: Any) -> bytes:
        """Render a page.

        `root` is the base of the site's absolute addresses. `links` is the base of the links within pages: the path of
        `root`, so that pages work under every host name. Neither ends with a slash. `path` is the page's path below
        them, with its query: it is the canonical address, and the target after signing in. If `feed` is None the page
        belongs to the server: `face` is None, and `urls` are those of the default feed.

        Templates get `feed`, `face`, `brand` (the feed's title), `urls` (paths), `public_urls` (absolute addresses),
        `root`, `links`, `path`, `is_indexed` (True by default), and `context`.
        """
        below = feed_path(feed.name) if feed else ""
        face = feed.face if feed else None
        known: dict[str, Any] = {"feed": feed, "face": face, "brand": brand_of(face), "path": path}
        known |= {"root": root, "links": links, "urls": Urls(links + below), "public_urls": Urls(root + below)}
        page = self._templates.get_template(template).render(known | {"is_indexed": True} | context)
        return _NO_HTML.sub("", page).encode()


def brand_of(face: FeedBranding | None) -> str:
    """Return the title on a feed's pages: "Motherlode" for the server itself and for an untitled default feed."""
    return _NAMELESS if face is None or face.title == DEFAULT_FEED else face.title


def format_number(number: int) -> str:
    """Format a number for readers: 1,234,567."""
    return f"{number:,}"


def format_compact(number: int) -> str:
    """Format a number in little space: 999, 1.2K, 34K, 5.6M."""
    for unit, size in (("", 1), ("K", 10**3), ("M", 10**6), ("B", 10**9)):
        if number < size * 1000 or unit == "B":
            tenths = number * 10 // size
            is_short = unit and tenths < 100 and tenths % 10
            return f"{tenths // 10}.{tenths % 10}{unit}" if is_short else f"{tenths // 10}{unit}"
    raise AssertionError("unreachable")


def format_size(size: int) -> str:
    """Format a size in bytes for readers: 512 bytes, 1.4 KB, 12 MB."""
    if size < 1024:
        return f"{size} byte" if size == 1 else f"{size} bytes"
    amount = float(size)
    for unit in _SIZES:
        amount /= 1024
        if amount < 999.5 or unit == _SIZES[-1]:
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    raise AssertionError("unreachable")


def format_day(at: datetime) -> str:
    """Format the UTC day of a time: 3 Feb 2026."""
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def mark_time(at: datetime) -> Markup:
    """Return a time as a `<time>` element. It shows the day, which a script makes relative; its title is exact."""
    at = at.astimezone(UTC)
    exact = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}" data-relative>{}</time>').format(
        at.strftime("%Y-%m-%dT%H:%M:%SZ"), exact, format_day(at)
    )


def mark_breaks(text: str) -> Markup:
    """Return an id or a name with possible line breaks after dots, hyphens and underscores."""
    return Markup("").join(
        part if index % 2 == 0 else Markup("{}<wbr>").format(part) for index, part in enumerate(_BREAKS.split(text))
    )


@pass_context
def _static(context: Context, name: str) -> str:
    """Return the path of an asset, for links in pages."""
    return str(context["links"]) + ASSETS.path_of(name)


@pass_context
def _public_static(context: Context, name: str) -> str:
    """Return the absolute address of an asset, for previews of the page on other sites."""
    return str(context["root"]) + ASSETS.path_of(name)


@pass_context
def _icon(context: Context, name: str) -> Markup:
    """Return a symbol from icons.svg in the text's size and colour, hidden from screen readers."""
    address = f"{_static(context, 'icons.svg')}#{name}"
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>').format(address)


PAGES: Final = Pages()
