"""Addresses in plain text become links, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.web.pages.parts.links import link_addresses
from tests.web.pages.markup import find_dangers, parse_page
from tests.web.pages.payloads import ADDRESSES, TEXTS

REL = "nofollow noopener noreferrer ugc"
PAGE = "<!DOCTYPE html><html lang=en><head><title>x</title></head><body><main><h1>x</h1><p>{}</p></main></body></html>"


def links_in(text: str) -> list[str]:
    """The addresses that the text leads to; also checks that the text itself stays as it is."""
    page = parse_page(PAGE.format(link_addresses(text)))
    found = page.one("p").iter("a")
    assert page.errors == []
    assert find_dangers(page) == []
    assert "".join(page.one("p").itertext()) == text
    links = []
    for link in found:
        assert link.get("rel") == REL
        assert link.get("href") == "".join(link.itertext())
        links.append(link.get("href", ""))
    return links


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("no address", []),
        ("https://example.com/notes", ["https://example.com/notes"]),
        ("See http://example.com/a?b=c&d=e#f for more", ["http://example.com/a?b=c&d=e#f"]),
        ("See https://example.com/notes.", ["https://example.com/notes"]),
        ("Is it https://example.com/notes?!", ["https://example.com/notes"]),
        ("(see https://example.com/notes)", ["https://example.com/notes"]),
        ("(https://example.com/a).", ["https://example.com/a"]),
        ("https://example.com/a_(b)", ["https://example.com/a_(b)"]),
        ("(https://example.com/a_(b))", ["https://example.com/a_(b)"]),
        ("[https://example.com/a]", ["https://example.com/a"]),
        ("<https://example.com/a>", ["https://example.com/a"]),
        ('"https://example.com/a"', ["https://example.com/a"]),
        ("[notes](https://example.com/a)", ["https://example.com/a"]),
        ("**https://example.com/a**", ["https://example.com/a"]),
        ("https://example.com/a, https://example.com/b;\nhttps://example.com/c", [
            "https://example.com/a", "https://example.com/b", "https://example.com/c",
        ]),
        ("HTTPS://Example.com/A", ["HTTPS://Example.com/A"]),
        ("https://example.com/ä", ["https://example.com/ä"]),
        ("xhttps://example.com/", []),
        ("https://", []),
        ("https://...", []),
        ("ftp://example.com/a", []),
        ("javascript:alert(1)", []),
        ("https://user:secret@example.com/", []),
        ("https://example.com:99999/", []),
        ("www.example.com", []),
    ],
)  # fmt: skip
def test_addresses_lead_where_they_say(text: str, links: list[str]) -> None:
    assert links_in(text) == links


@pytest.mark.parametrize("payload", [*TEXTS, *ADDRESSES])
def test_no_text_becomes_markup(payload: str) -> None:
    for text in (payload, f"https://example.com/{payload}", f"see {payload}https://example.com/"):
        page = parse_page(PAGE.format(link_addresses(text)))
        assert find_dangers(page) == []
        assert {each.tag for each in page.one("p").iter()} <= {"p", "a"}


@given(st.text(alphabet=st.sampled_from("htps:/.()[]<>&\"' ab@?#")).map(lambda text: f"http://a.b/{text}"))
def test_whatever_stands_around_an_address_stays(text: str) -> None:
    links_in(text)
