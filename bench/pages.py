"""Pages: how long the server takes for one that it has not made before, and how much a browser loads at first.

Each page is asked for alone, on one connection, so that no page waits for another.
"""

import gzip
import http.client
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from time import perf_counter
from typing import Final
from urllib.parse import quote

from bench import words
from bench.figures import Figures, median
from bench.ground import Ground
from bench.load import LoadFailed
from bench.servers import Motherlode

PAGES: Final = 200
"""How many different pages are asked for."""
_HEADERS: Final = {"Accept": "text/html", "Accept-Encoding": "gzip"}

Paths = Callable[[int], Sequence[str]]
"""The paths of a case on a feed of so many ids."""


@dataclass(frozen=True, slots=True)
class PageViews:
    """Pages of the feed of 100,000 packages."""

    paths: Paths

    def measure(self, ground: Ground) -> Figures:
        """Milliseconds of pages asked for the first time and once more; kilobytes of a page, and of a first view with
        all that the page loads from this server but pictures of packages; requests that hold a first view up."""
        ground.end_motherlode()
        server = ground.motherlode("large")
        paths = self.paths(ground.size("large").ids)
        _time_all(server, ["/v3/index.json", "/v3/search?q=warm"])
        first, again = _time_all(server, paths), _time_all(server, paths)
        return {
            "first_p50_ms": median(first),
            "first_p99_ms": sorted(first)[len(first) * 99 // 100],
            "again_p50_ms": median(again),
            **_weigh(server, paths[0]),
        }


def package_pages(ids: int) -> Sequence[str]:
    """Pages of packages from everywhere on the feed."""
    count = min(PAGES, ids)
    return [f"/packages/{quote(words.package_id(number))}" for number in range(0, ids, ids // count)][:count]


def search_pages(_ids: int) -> Sequence[str]:
    """Searches for words from common to rare, none of them twice."""
    return [f"/packages?q={quote(word.lower())}" for word in words.WORDS[: PAGES * 4 : 4]]


def _time_all(server: Motherlode, paths: Sequence[str]) -> list[float]:
    """Milliseconds from each request to the last byte of its answer, one after the other."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        return [_time(connection, path) for path in paths]


def _time(connection: http.client.HTTPConnection, path: str) -> float:
    started = perf_counter()
    connection.request("GET", path, headers=_HEADERS)
    response = connection.getresponse()
    response.read()
    took_ms = (perf_counter() - started) * 1000
    if response.status != 200:
        raise LoadFailed(f"{path} answers {response.status}")
    return took_ms


def _weigh(server: Motherlode, path: str) -> Figures:
    body, is_zipped = server.get(path, gzip=True)
    loaded = _Loaded()
    loaded.feed((gzip.decompress(body) if is_zipped else body).decode())
    parts = {address.partition("#")[0].removeprefix(server.url) for address in loaded.addresses}
    sizes = [len(server.get(part, gzip=True)[0]) for part in parts if part.startswith("/static/")]
    return {
        "page_kb": len(body) / 1000,
        "first_view_kb": (len(body) + sum(sizes)) / 1000,
        "blocking_count": len(loaded.blocking),
    }


class _Loaded(HTMLParser):
    """What a page has a browser load: all addresses, and those that it waits for before it shows anything."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.blocking: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        address = found.get("src") if tag in {"script", "img"} else found.get("href")
        if not address or tag not in {"script", "img", "use", "link"}:
            return
        if tag == "link" and found.get("rel") not in {"stylesheet", "icon"}:
            return
        self.addresses.add(address)
        is_later = found.get("type") == "module" or "defer" in found or "async" in found
        if found.get("rel") == "stylesheet" or (tag == "script" and not is_later):
            self.blocking.add(address)
