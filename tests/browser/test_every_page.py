"""Every page at once: nobody is shut out, nothing sticks out, the markup is sound, and little is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.chromium import ALL_WINDOWS, WINDOWS, Reader, Window
from tests.browser.pages import HOME, PACKAGE, PLACES, SEARCH, Place
from tests.support.servers import Server
from tests.web.pages.markup import find_faults, parse_page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_WINDOWS = (Window(320, scheme="dark"), Window(1280))
MOST_FIRST_BYTES = 60_000
MOST_BLOCKING = 2

_RUN_AXE = """(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, preload: false}).then(
  (found) => found.violations.flatMap((rule) => rule.nodes.map(
    (node) => `${rule.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))"""
_COUNT_BLOCKING = """() => performance.getEntriesByType('resource')
  .filter((each) => each.renderBlockingStatus === 'blocking').length"""
_FIND_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > room + 1).map((each) => each.outerHTML.slice(0, 160));
}"""


def names(given: Any) -> str:
    """How a parameter is called."""
    return given.name if isinstance(given, Place) else str(given)


@pytest.mark.parametrize("window", ALL_WINDOWS, ids=names)
@pytest.mark.parametrize("place", PLACES, ids=names)
def test_a_page_is_for_everybody(open_reader: Callable[..., Reader], axe: str, place: Place, window: Window) -> None:
    """Nothing sticks out of the window and the console stays empty; in each scheme axe-core finds nothing to say."""
    reader = open_reader(window)
    reader.visit(place.path, status=place.status)
    assert reader.page.evaluate(_FIND_WIDE) == []
    if window in AXE_WINDOWS:
        reader.page.evaluate(axe)
        assert reader.page.evaluate(_RUN_AXE, RULES) == []


@pytest.mark.parametrize("place", PLACES, ids=names)
def test_the_markup_of_a_page_is_sound(harbor: Server, place: Place) -> None:
    """A strict parser finds nothing to mend, ids are there once, what is referred to is there, one h1 and one main."""
    answer = harbor.get(place.path, Accept="text/html")
    assert answer.status == place.status
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert find_faults(parse_page(answer.body, harbor.url)) == []


@pytest.mark.parametrize("place", [HOME, SEARCH, PACKAGE], ids=names)
def test_little_is_sent_at_the_first_look(open_reader: Callable[..., Reader], place: Place) -> None:
    """At most 60 KB in all without the pictures of packages, and at most two requests that hold the page up."""
    reader = open_reader(WINDOWS[1])
    sent: dict[str, int] = {}
    reader.page.on("requestfinished", lambda request: sent.update({request.url: _size_of(request)}))
    reader.visit(place.path)
    reader.page.wait_for_load_state("networkidle")
    own = {url: size for url, size in sent.items() if not url.endswith(("/icon", "/logo"))}
    assert sum(own.values()) <= MOST_FIRST_BYTES, own
    assert reader.page.evaluate(_COUNT_BLOCKING) <= MOST_BLOCKING


def _size_of(request: Any) -> int:
    sizes = request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])
