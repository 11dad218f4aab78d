"""By keyboard alone: everything can be reached in an order that makes sense, and one always sees where one is."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import PHONE_DARK, WINDOWS, Reader, Window
from tests.browser.pages import HOME, NO_PACKAGE, PACKAGE, SEARCH, SIGN_IN, STATISTICS, Place

Open = Callable[..., Reader]
MOST_STOPS = 400
_COUNT_STOPS = """() => {
  const wanted = 'a[href], button, input:not([type=hidden]), select, summary, textarea, [tabindex="0"]';
  return [...document.querySelectorAll(wanted)].filter((each) => each.checkVisibility() && !each.disabled
    && each.tabIndex >= 0).length;
}"""


def names(given: Place | Window) -> str:
    """How a parameter is called."""
    return given.name if isinstance(given, Place) else str(given)


@pytest.mark.parametrize("window", [WINDOWS[0], WINDOWS[3]], ids=names)
@pytest.mark.parametrize("place", [HOME, SEARCH, PACKAGE, STATISTICS, SIGN_IN, NO_PACKAGE], ids=names)
def test_tab_reaches_everything_and_shows_where_it_is(open_reader: Open, place: Place, window: Window) -> None:
    """As many stops as there are things to use; each is in view, and marked as the one that has the focus."""
    reader = open_reader(window)
    reader.visit(place.path, status=place.status)
    stops: dict[int, dict[str, Any]] = {}
    for _ in range(MOST_STOPS):
        reader.page.keyboard.press("Tab")
        focus = reader.focus()
        if focus is not None and focus["at"] in stops:
            break
        if focus is not None:
            stops[focus["at"]] = focus
    assert [stop for stop in stops.values() if not (stop["shown"] and stop["marked"])] == []
    assert len(stops) == reader.page.evaluate(_COUNT_STOPS)


@pytest.mark.parametrize("place", [SEARCH, PACKAGE, STATISTICS], ids=names)
def test_the_first_stop_skips_to_the_content(open_reader: Open, place: Place) -> None:
    reader = open_reader(PHONE_DARK)
    reader.visit(place.path)
    reader.page.evaluate("() => document.activeElement.blur()")
    reader.page.keyboard.press("Tab")
    focus = reader.focus()
    assert focus is not None
    assert focus["href"] == "#main"
    assert focus["shown"]
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator("#main")).to_be_focused()


def test_arrows_go_through_tabs(reader: Reader) -> None:
    """The list of tabs is one stop; arrows, Home and End choose, and what is chosen is shown."""
    reader.visit("/")
    tabs = reader.page.get_by_role("region", name="Set up").get_by_role("tab")
    tabs.first.focus()
    reader.page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(tabs.first).to_have_attribute("aria-selected", "false")
    reader.page.keyboard.press("End")
    expect(tabs.last).to_be_focused()
    reader.page.keyboard.press("Home")
    expect(tabs.first).to_be_focused()
    reader.page.keyboard.press("ArrowLeft")
    expect(tabs.last).to_be_focused()
    expect(reader.page.get_by_role("region", name="Set up").get_by_role("tabpanel")).to_have_count(1)


def test_copying_by_keyboard_keeps_the_focus(reader: Reader) -> None:
    reader.visit("/")
    button = reader.page.get_by_role("tabpanel").get_by_role("button", name="Copy").first
    button.focus()
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    expect(button).to_be_focused()
