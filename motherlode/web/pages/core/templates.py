"""Pages from templates: whatever comes out of a package or a request is escaped, and nothing undefined is passed over.

Invariant: a rendered page holds nothing about who asks. What is personal stands between two marks, for the anonymous,
and `motherlode.web.pages.core.responses` puts something else there; no text can hold the marks, since it is escaped.
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
"""Characters that no page may hold, wherever they come from."""
_BREAKS: Final = re.compile(r"([._-]+)")
_SIZES: Final = ("KB", "MB", "GB", "TB")


class Pages:
    """The templates of all pages; safe to use from any thread."""

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
        """A page.

        `root` is what absolute addresses of the site begin with, `links` what those begin with that the page itself
        uses: the path of `root`, so that a page works under whatever name it was opened. Neither has a slash at the
        end. `path` is the page's own path below them, with its query, as its canonical address and the way back from
        signing in. A page of no feed (None) is the server's: its templates have no `face`, and `urls` are those of the
        first feed.

        Templates know `feed`, `face`, `brand` (what the feed is called), `urls` (paths), `public_urls` (the same ones,
        absolute), `root`, `links`, `path`, `is_indexed` (True unless it is given), and `context`.
        """
        below = feed_path(feed.name) if feed else ""
        face = feed.face if feed else None
        known: dict[str, Any] = {"feed": feed, "face": face, "brand": brand_of(face), "path": path}
        known |= {"root": root, "links": links, "urls": Urls(links + below), "public_urls": Urls(root + below)}
        page = self._templates.get_template(template).render(known | {"is_indexed": True} | context)
        return _NO_HTML.sub("", page).encode()


def brand_of(face: FeedBranding | None) -> str:
    """What a feed is called on its pages; without a title the default feed, and the server itself, is the program."""
    return _NAMELESS if face is None or face.title == DEFAULT_FEED else face.title


def format_number(number: int) -> str:
    """A number for people: 1,234,567."""
    return f"{number:,}"


def format_compact(number: int) -> str:
    """A number where there is little room: 999, 1.2K, 34K, 5.6M."""
    for unit, size in (("", 1), ("K", 10**3), ("M", 10**6), ("B", 10**9)):
        if number < size * 1000 or unit == "B":
            tenths = number * 10 // size
            is_short = unit and tenths < 100 and tenths % 10
            return f"{tenths // 10}.{tenths % 10}{unit}" if is_short else f"{tenths // 10}{unit}"
    raise AssertionError("unreachable")


def format_size(size: int) -> str:
    """A size in bytes for people: 512 bytes, 1.4 KB, 12 MB."""
    if size < 1024:
        return f"{size} byte" if size == 1 else f"{size} bytes"
    amount = float(size)
    for unit in _SIZES:
        amount /= 1024
        if amount < 999.5 or unit == _SIZES[-1]:
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    raise AssertionError("unreachable")


def format_day(at: datetime) -> str:
    """The UTC day of a moment: 3 Feb 2026."""
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def mark_time(at: datetime) -> Markup:
    """A moment as `<time>`: its day, which a script makes relative; its title is exact."""
    at = at.astimezone(UTC)
    exact = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}" data-relative>{}</time>').format(
        at.strftime("%Y-%m-%dT%H:%M:%SZ"), exact, format_day(at)
    )


def mark_breaks(text: str) -> Markup:
    """An id or a name that may go on in the next line after each dot, hyphen and underscore."""
    return Markup("").join(
        part if index % 2 == 0 else Markup("{}<wbr>").format(part) for index, part in enumerate(_BREAKS.split(text))
    )


@pass_context
def _static(context: Context, name: str) -> str:
    """The address of an asset, as pages use it."""
    return str(context["links"]) + ASSETS.path_of(name)


@pass_context
def _public_static(context: Context, name: str) -> str:
    """The absolute address of an asset, for those who are told of a page elsewhere."""
    return str(context["root"]) + ASSETS.path_of(name)


@pass_context
def _icon(context: Context, name: str) -> Markup:
    """A symbol of icons.svg, of the text's size and colour, which says nothing to those who do not see it."""
    address = f"{_static(context, 'icons.svg')}#{name}"
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>').format(address)


PAGES: Final = Pages()
