"""Who a response is for: pages for browsers, JSON for programs."""

import pytest

from motherlode.web.accept import is_part_of_page, prefers_page

BROWSERS = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html, application/xhtml+xml, image/jxr, */*",
    "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
    "text/html, text/*;q=0.5, image/*, application/*",
    "text/html",
    "TEXT/HTML; charset=utf-8",
    "application/xhtml+xml, text/html;q=0.9, */*;q=0.1",
    "text/html, application/json;q=0.9",
    "text/html;level=1;q=0.7, */*;q=0.5",
]
PROGRAMS = [
    None,
    "",
    "*/*",
    "text/*",
    "application/json",
    "text/html;q=0.2",
    "text/html;q=0.2, */*;q=0.1",
    "text/html;q=0.2, application/json",
    "application/json, text/html",
    "application/problem+json, text/html",
    "text/html;q=0.8, */*",
    "text/html;q=0",
    "text/html;q=.2",
    "text/html; Q=0.2",
    "text/html;q=x",
    "text/html;q=",
    "text/html;q=nan",
    "text/html;q=1e9",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "text/html, image/gif, image/jpeg, */*; q=0.2",
    "application/vnd.x+text/html",
    "text/htmlx",
]


def request(*accept):
    """An ASGI scope with these lines of Accept."""
    return {"headers": [(b"accept", line.encode("latin-1")) for line in accept if line is not None]}


@pytest.mark.parametrize("accept", BROWSERS)
def test_browsers_get_pages(accept):
    assert prefers_page(request(accept))
    assert prefers_page(request(*accept.split(",")))


@pytest.mark.parametrize("accept", PROGRAMS)
def test_programs_get_json(accept):
    assert not prefers_page(request(accept))


@pytest.mark.parametrize(
    ("headers", "is_part"),
    [
        ([(b"accept", b"image/avif,image/webp,*/*;q=0.8")], True),
        ([(b"sec-fetch-mode", b"cors")], True),
        ([(b"accept", b"image/png")], False),
        ([], False),
    ],
)
def test_what_a_page_shows_is_known(headers, is_part):
    assert is_part_of_page({"headers": headers}) is is_part
