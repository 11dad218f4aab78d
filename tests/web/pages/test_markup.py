"""What looks over pages finds what is wrong with them: else its silence would say nothing."""

import pytest

from tests.web.pages.markup import find_dangers, find_faults, parse_page
from tests.web.pages.payloads import ELEMENTS

PAGE = "<!DOCTYPE html><html lang=en><head><title>x</title></head><body><main id=main><h1>x</h1>{}</main></body></html>"


def test_a_sound_page_has_no_fault() -> None:
    assert find_faults(parse_page(PAGE.format('<p><a href="#main">up</a> <a href="https://example.com/">x</a>'))) == []


@pytest.mark.parametrize("payload", ELEMENTS)
def test_each_attack_that_got_through_would_be_seen(payload: str) -> None:
    assert find_faults(parse_page(PAGE.format(payload))) != []


@pytest.mark.parametrize(
    "markup",
    [
        "<script src=/static/app.js></script>",
        "<script src=https://evil.example/static/app.0123456789.js></script>",
        "<p onclick=x>",
        "<p style=color:red>",
        "<a href=' java\nscript:x'>x</a>",
        "<img src=//evil.example/x>",
        "<form action=/elsewhere></form>",
        "<meta http-equiv=refresh>",
        "<link rel=stylesheet href=/x>",
    ],
)
def test_what_could_run_or_load_is_a_danger(markup: str) -> None:
    assert find_dangers(parse_page(PAGE.format(markup))) != []


@pytest.mark.parametrize(
    "markup",
    [
        "<p id=main>",
        "<label for=nothing>x</label>",
        "<p aria-describedby='main nothing'>",
        "<a href=#nothing>x</a>",
        "<h1>y</h1>",
        "<p><div></p>",
    ],
)
def test_what_is_not_sound_is_a_fault(markup: str) -> None:
    assert find_faults(parse_page(PAGE.format(markup))) != []
