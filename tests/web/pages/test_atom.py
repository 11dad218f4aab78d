"""The Atom feed of an id's versions (RFC 4287)."""

from datetime import datetime
from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.support.builders import nupkg
from tests.support.servers import Answer, Server
from tests.web.pages.markup import parse_page

ATOM = "{http://www.w3.org/2005/Atom}"
PATH = "/packages/acme.fed/feed.atom"


@pytest.fixture(scope="module")
def fed(shared_server: Server) -> Server:
    notes = "Now <b>bold</b> & fast."
    for package in (
        nupkg("Acme.Fed", "2.0.0", releaseNotes=notes, authors="Ada & Bob"),
        nupkg("Acme.Fed", "1.0.1"),
        nupkg("Acme.Fed", "3.0.0"),
    ):
        assert shared_server.push(package).status == 201
    shared_server.change("DELETE", "Acme.Fed", "3.0.0")
    return shared_server


def read(answer: Answer) -> Element:
    assert answer.status == 200
    assert answer.header("content-type") == "application/atom+xml; charset=utf-8"
    return fromstring(answer.body)


def texts(feed: Element, path: str) -> list[str]:
    return [each.text or "" for each in feed.findall(path.replace("/", f"/{ATOM}").replace("atom:", ATOM))]


def test_it_lists_the_versions_that_were_pushed_last_first_and_no_unlisted_one(fed: Server) -> None:
    feed = read(fed.get(PATH))
    assert texts(feed, "atom:title") == ["Versions of Acme.Fed"]
    assert texts(feed, "atom:entry/title") == ["Acme.Fed 1.0.1", "Acme.Fed 2.0.0"]
    assert texts(feed, "atom:entry/summary") == ["A test package.", "Now <b>bold</b> & fast."]
    assert texts(feed, "atom:entry/author/name")[1] == "Ada & Bob"


def test_it_has_what_every_feed_must_have(fed: Server) -> None:
    feed = read(fed.get(PATH))
    pages = [f"{fed.url}/packages/Acme.Fed{version}" for version in ("", "/1.0.1", "/2.0.0")]
    assert [*texts(feed, "atom:id"), *texts(feed, "atom:entry/id")] == pages
    times = [datetime.fromisoformat(at) for at in [*texts(feed, "atom:updated"), *texts(feed, "atom:entry/updated")]]
    assert times == [max(times), *sorted(times[1:], reverse=True)]
    links = {each.get("rel"): each.get("href") for each in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{fed.url}/packages/Acme.Fed/feed.atom", "alternate": pages[0]}


def test_the_page_of_the_package_names_it(fed: Server) -> None:
    page = parse_page(fed.get("/packages/acme.fed").body, fed.url)
    assert page.one("link", type="application/atom+xml").get("href") == "/packages/Acme.Fed/feed.atom"


def test_readers_that_have_it_are_told_so(fed: Server) -> None:
    tag = str(fed.get(PATH).header("etag"))
    assert fed.get(PATH, If_None_Match=tag).status == 304
    assert fed.get(PATH.upper(), If_None_Match=tag).status == 304


def test_what_is_not_there_has_no_feed(fed: Server) -> None:
    assert fed.get("/packages/acme.nothing/feed.atom").status == 404
