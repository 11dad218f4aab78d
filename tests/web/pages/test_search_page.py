"""The page that searches: what its address means, what it shows, and that no address breaks it."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from motherlode.search.subjects import Sort
from motherlode.web.pages.search_form import Asked, parse_asked
from tests.protocol.live_changes import add_key, add_user
from tests.support.builders import nupkg
from tests.support.servers import Server, start_server
from tests.web.pages.browsing import TEXT_HTML
from tests.web.pages.markup import Page, find_faults, parse_page

TOOL = '<packageTypes><packageType name="DotnetTool" /></packageTypes>'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(data=tmp_path_factory.mktemp("search") / "data")
    try:
        add_user(server, "ada", default="publisher")
        for number in range(45):
            assert server.push(nupkg(f"Many.N{number:02}", description="One of many.")).status == 201
        server.push(
            nupkg("Acme.Json", title="Title of it", description="Reads & writes <b>json</b>.", tags="json fast")
        )
        server.push(nupkg("Acme.Early", "1.0.0-beta", description="Not yet done."))
        server.push(nupkg("Acme.Tool", more=TOOL))
        server.push(nupkg("Old.Thing", files={"lib/net48/_._": b""}))
        server.push(nupkg("Ada.Own"), key=add_key(server, "ada"))
        server.push(nupkg("Acme.Gone"))
        server.change("DELETE", "Acme.Gone", "1.0.0")
        yield server
    finally:
        server.stop()


def look(server: Server, query: str = "") -> Page:
    answer = server.get(f"/packages{query}")
    assert answer.status == 200, query
    page = parse_page(answer.body, server.url)
    assert find_faults(page) == []
    return page


def found(page: Page) -> list[str]:
    return ["".join(heading.itertext()) for heading in page.all("h2")]


def count(page: Page) -> str:
    return "".join(page.one("span", id="count").itertext())


def test_a_card_says_what_a_package_is(server: Server) -> None:
    page = look(server, "?q=id:acme.json")
    card = page.one("article", _class="card")
    text = " ".join("".join(card.itertext()).split())
    for part in ("Acme.Json", "1.0.0", "0 downloads", "by Sample Authors", "Reads & writes <b>json</b>."):
        assert part in text
    links = [link.get("href") for link in card.iter("a")]
    assert links == ["/packages/Acme.Json", "/packages?q=tags%3Ajson", "/packages?q=tags%3Afast"]
    assert count(page) == "1 package"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?q=acme.json", ["Acme.Json"]),
        ("?q=tags%3Ajson", ["Acme.Json"]),
        ("?q=early", []),
        ("?q=early&prerelease=true", ["Acme.Early"]),
        ("?type=dotnettool", ["Acme.Tool"]),
        ("?owner=ADA", ["Ada.Own"]),
        ("?q=owner:ada", ["Ada.Own"]),
        ("?owner=nobody", []),
        ("?framework=netframework&q=thing", ["Old.Thing"]),
        ("?framework=net8.0&q=thing", ["Old.Thing"]),
        ("?framework=netcoreapp2.0&q=id:old.thing", ["Old.Thing"]),
        ("?framework=netframework&q=acme.json", []),
        ("?q=gone", []),
    ],
)
def test_words_and_filters_find_what_the_api_finds(server: Server, query: str, ids: list[str]) -> None:
    assert found(look(server, query)) == ids


def test_the_newest_come_first_when_asked_for(server: Server) -> None:
    assert found(look(server, "?sort=newest"))[:3] == ["Ada.Own", "Old.Thing", "Acme.Tool"]


def test_pages_hold_twenty_and_lead_on_until_the_last(server: Server) -> None:
    seen: list[str] = []
    path = "?q=many"
    for number in (1, 2, 3):
        page = look(server, path)
        assert count(page) == f"45 packages, page {number} of 3"
        seen += found(page)
        following = [link for link in page.all("a") if link.get("rel") == "next"]
        assert len(following) == (number < 3)
        assert len([link for link in page.all("a") if link.get("rel") == "prev"]) == (number > 1)
        path = following[0].attrib["href"].removeprefix("/packages") if following else ""
    assert len(seen) == len(set(seen)) == 45


@pytest.mark.parametrize("page", ["4", "9", "151", "152", "000900", "999999", "99999999999999999999"])
def test_after_the_last_page_there_is_none(server: Server, page: str) -> None:
    answer = server.get(f"/packages?q=many&page={page}", Accept=TEXT_HTML)
    assert answer.status == 404
    assert answer.header("x-robots-tag") == "noindex"
    beyond = parse_page(answer.body, server.url)
    assert find_faults(beyond) == []
    assert found(beyond) == []
    assert "This search has 3 pages" in beyond.text
    back = [link.get("href") for link in beyond.one("div", _class="nothing").iter("a")]
    assert back == ["/packages?q=many&page=3"]
    assert server.request("HEAD", f"/packages?q=many&page={page}").status == 404


@pytest.mark.parametrize("query", ["?q=nonesuch&page=2", "?q=acme.json&page=2", "?owner=nobody&page=151"])
def test_a_search_that_fills_no_page_has_one(server: Server, query: str) -> None:
    assert server.get(f"/packages{query}").status == 404
    assert server.get(f"/packages{query.partition('&page')[0]}").status == 200


def test_pages_are_named_by_their_numbers(server: Server) -> None:
    page = look(server, "?q=many&page=2")
    numbers = page.one("nav", _class="pages").find("ol")
    assert numbers is not None
    links = {"".join(link.itertext()): link for link in numbers.iter("a")}
    assert {name: link.get("href") for name, link in links.items()} == {
        "Page 1": "/packages?q=many",
        "Page 2": "/packages?q=many&page=2",
        "Page 3": "/packages?q=many&page=3",
    }
    assert [name for name, link in links.items() if link.get("aria-current") == "page"] == ["Page 2"]
    assert [each for each in look(server, "?q=acme.json").all("nav") if each.get("class") == "pages"] == []


def test_a_search_that_finds_nothing_says_what_may_help(server: Server) -> None:
    page = look(server, "?q=nonesuch&type=Template")
    assert count(page) == "No packages"
    links = [link.get("href") for link in page.one("div", id="results").iter("a")]
    assert links == [
        "/packages?q=nonesuch&type=Template&prerelease=true",
        "/packages?q=nonesuch",
        "/packages",
    ]


def test_the_form_shows_what_was_asked(server: Server) -> None:
    page = look(server, "?q=%22a+b%22&type=Odd&framework=net6.0-android&sort=newest&prerelease=on&owner=Bea")
    assert page.one("input", id="q").get("value") == '"a b"'
    assert page.one("input", id="owner").get("value") == "Bea"
    assert "checked" in page.one("input", _name="prerelease").attrib
    chosen = [option.get("value") for option in page.all("option") if "selected" in option.attrib]
    assert chosen == ["Odd", "net6.0-android", "newest"]


def test_a_framework_nobody_knows_filters_nothing_and_is_told(server: Server) -> None:
    page = look(server, "?q=acme.json&framework=dotnot9")
    assert found(page) == ["Acme.Json"]
    assert "Unknown framework dotnot9" in page.text


def test_a_search_is_made_for_one_request_and_is_not_indexed_by_others(server: Server) -> None:
    answer = server.get("/packages?q=acme", Accept_Encoding="gzip")
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-encoding") == "gzip"
    assert answer.header("x-robots-tag") == "noindex"
    assert look(server, "?q=acme").one("meta", _name="robots").get("content") == "noindex"
    assert server.get("/packages").header("x-robots-tag") is None


def test_an_address_can_be_shared(server: Server) -> None:
    page = look(server, "?page=1&sort=relevance&q=a%26b&type=&owner=")
    assert page.one("link", rel="canonical").get("href") == "/packages?q=a%26b"
    assert page.one("a", _class="sign-in").get("href") == f"/sign-in?next={quote('/packages?q=a%26b')}"


@pytest.mark.parametrize(
    "query",
    [
        "?page=0&sort=best&prerelease=maybe",
        "?page=-1",
        "?page=%D9%A3",
        "?q=" + "x" * 5_000,
        "?q=%00%FF%C0%80",
        "?q=%22%22%22id:::",
        "?type=" + "y" * 5_000,
        "?framework=%00",
        "?owner=%27%20OR%201=1--",
        "?q=a&q=b&Q=c",
        "?&&&=&=x",
        "?q=%F0%9F%98%80%E2%80%AE",
        "?a=" + "&a=".join("b" * 2_000),
    ],
)
def test_no_address_breaks_the_page(server: Server, query: str) -> None:
    look(server, query)


class TestAddresses:
    @pytest.mark.parametrize(
        "asked",
        [
            Asked(),
            Asked(q="a b&c=d", type="DotnetTool", framework="net8.0", owner="ada"),
            Asked(prerelease=True, sort=Sort.NEWEST, page=7),
        ],
    )
    def test_an_address_means_the_search_it_was_made_of(self, asked: Asked) -> None:
        assert parse_asked(asked.query().removeprefix("?").encode()) == asked

    def test_an_address_names_only_what_is_not_as_by_default(self) -> None:
        assert Asked().query() == ""
        assert Asked(page=2, prerelease=True, q="é").query() == "?q=%C3%A9&prerelease=true&page=2"

    @pytest.mark.parametrize(
        ("text", "page"), [("3", 3), ("", 1), ("0", 1), ("x", 1), ("1e3", 1), ("0002", 2), ("900", 900)]
    )
    def test_pages_are_counted_from_one(self, text: str, page: int) -> None:
        asked = parse_asked(f"page={text}".encode())
        assert asked.page == page
        assert asked.question(1).skip == (min(page, 151) - 1) * 20
