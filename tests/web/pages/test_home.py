"""The home of a feed: what it is, what is on it, and the lines that set up a client with the reader's addresses."""

import asyncio
import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from motherlode.app import make_app
from motherlode.config import load_settings
from motherlode.domain.logos import Logo, format_logo
from motherlode.projections.pages.queries import HOME_CARDS
from motherlode.projections.search.index_folder import IndexFolder
from motherlode.store.data_folder import search_path
from motherlode.usecases.maintenance.record_usage import record_downloads
from motherlode.web.pages.parts.client_setup import SetUp, set_up
from tests.faults.processes import ask_until
from tests.protocol.feeds import create_feed, set_feed
from tests.protocol.live_changes import add_user, basic
from tests.support.builders import nupkg
from tests.support.servers import Server
from tests.web.pages.browsing import Browser, text_of
from tests.web.pages.markup import Page, find_faults, parse_page

KEY = "key-of-the-tests-of-homes"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


def home(server: Server, path: str = "/") -> Page:
    answer = server.get(path)
    assert answer.status == 200
    return parse_page(answer.body, server.url)


def lines_of(page: Page) -> str:
    return "\n".join("".join(code.itertext()) for code in page.all("code"))


def ids_under(page: Page, heading: str) -> list[str]:
    section = page.one("section", aria_labelledby=heading)
    return ["".join(each.itertext()) for each in section.iter("a") if each.get("href", "").startswith("/packages/")]


def all_lines(lines: SetUp) -> str:
    return "\n".join(line.text for line in [*lines.first_push, *(line for tab in lines.tabs for line in tab.lines)])


def test_an_empty_feed_shows_how_to_make_the_first_push(server: Server) -> None:
    page = home(server)
    assert find_faults(page) == []
    assert "Push the first package" in page.text
    assert "dotnet pack --output packages" in lines_of(page)
    assert 'dotnet nuget push "packages/*.nupkg" --source motherlode --api-key KEY' in lines_of(page)
    assert f"dotnet nuget add source {server.url}/v3/index.json --name motherlode" in lines_of(page)
    assert server.key not in server.get("/").body.decode()


def test_what_was_pushed_is_on_the_home_with_the_next_request(server: Server) -> None:
    first = server.get("/")
    server.push(nupkg("Acme.First"))
    server.push(nupkg("Acme.Second", "2.0.0-beta"))
    page = home(server)
    assert find_faults(page) == []
    assert ids_under(page, "newest") == ["Acme.Second", "Acme.First"]
    assert sorted(ids_under(page, "popular")) == ["Acme.First", "Acme.Second"]
    assert server.get("/", If_None_Match=str(first.header("etag"))).status == 200
    server.change("DELETE", "Acme.Second", "2.0.0-beta")
    assert ids_under(home(server), "newest") == ["Acme.First"]


def test_it_counts_what_its_search_finds(server: Server) -> None:
    for package_id, version in (("Acme.One", "1.0.0"), ("Acme.Two", "2.0.0"), ("Acme.Next", "1.0.0-beta")):
        assert server.push(nupkg(package_id, version)).status == 201
    [field] = [each for each in home(server).all("input") if each.get("type") == "search"]
    assert field.get("placeholder") == "Search 2 packages"
    assert "2 packages" in home(server, "/packages").text
    [all_of_them] = [each for each in home(server).all("a") if "sort=downloads" in each.get("href", "")]
    found = home(server, all_of_them.get("href", "")).text
    assert all(package_id in found for package_id in ids_under(home(server), "popular"))


def test_what_became_popular_is_shown_without_another_download(tmp_path: Path) -> None:
    """Rankings follow the counts by themselves, while the page is in memory."""
    app = make_app(load_settings({"MOTHERLODE_BOOTSTRAP_KEY": KEY}, data=tmp_path / "data"))
    services = app._house
    try:
        for number in range(HOME_CARDS + 2):
            ask(app, "PUT", "/api/v2/package", nupkg(f"Acme.N{number}"))
        assert services.searching.maintain() or services.searching.maintain()
        before = ids_under(parse_page(ask(app, "GET", "/"), "http://testserver"), "popular")
        assert "Acme.N9" not in before
        feed_id = services.follower.snapshot.feeds["default"].id
        services.tally.count((feed_id, "acme.n9", "1.0.0", services.clock.now().date()), "curl")
        record_downloads(services.tally, db=services.db)
        assert ids_under(parse_page(ask(app, "GET", "/"), "http://testserver"), "popular") == before
        services.searching._follower.rank()
        assert ids_under(parse_page(ask(app, "GET", "/"), "http://testserver"), "popular") == [
            "Acme.N9",
            *before[:-1],
        ]
    finally:
        services.close()


def ask(app: Any, method: str, path: str, body: bytes = b"") -> bytes:
    """The body of the application's answer to one request."""
    headers = [(b"host", b"127.0.0.1:5555"), (b"x-nuget-apikey", KEY.encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    scope |= {"scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 5555), "extensions": {}}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] in (200, 201), sent
    return b"".join(message.get("body", b"") for message in sent)


def test_a_page_that_did_not_change_is_not_sent_again(shared_server: Server) -> None:
    for encoding in ("gzip", "identity"):
        answer = shared_server.get("/", Accept_Encoding=encoding)
        again = shared_server.get("/", Accept_Encoding=encoding, If_None_Match=str(answer.header("etag")))
        assert (again.status, again.body) == (304, b"")
        assert answer.header("cache-control") == again.header("cache-control") == "no-cache"
        assert {"Accept-Encoding", "Cookie"} <= set(str(answer.header("vary")).split(", "))
    zipped = shared_server.get("/", Accept_Encoding="gzip")
    assert zipped.header("content-encoding") == "gzip"
    assert gzip.decompress(zipped.body) == shared_server.get("/").body
    assert zipped.header("etag") != shared_server.get("/").header("etag")


def test_a_page_runs_and_loads_nothing_from_elsewhere(shared_server: Server) -> None:
    answer = shared_server.get("/")
    assert answer.header("content-security-policy") == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "same-origin"
    assert answer.header("access-control-allow-origin") is None
    assert answer.header("content-type") == "text/html; charset=utf-8"


def test_images_may_come_from_the_hosts_that_are_set(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_PAGES_IMAGE_HOSTS": "img.shields.io, Badge.example.com"})
    policy = str(server.get("/").header("content-security-policy"))
    assert "; img-src 'self' https://badge.example.com https://img.shields.io;" in policy


def test_gallery_allows_images_from_the_hosts_that_the_public_gallery_trusts(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_PAGES_IMAGE_HOSTS": "gallery"})
    policy = str(server.get("/").header("content-security-policy"))
    (images,) = [part.split() for part in policy.split("; ") if part.startswith("img-src")]
    assert {"'self'", "https://img.shields.io", "https://www.codecov.io", "https://github.com"} < set(images)
    assert all(each.startswith("https://") for each in images[2:])
    assert "*" not in policy


def test_a_feed_shows_its_title_its_text_and_its_logo(server: Server) -> None:
    create_feed(server, "tools", "title=Build <tools> & more", "about=What we restore “every day”.")
    page = home(server, "/feeds/tools")
    assert find_faults(page) == []
    assert "".join(page.one("h1").itertext()) == "Build <tools> & more"
    assert "".join(page.one("title").itertext()) == "Build <tools> & more"
    assert "What we restore “every day”." in "".join(page.one("p", _class="about").itertext())
    assert page.one("img", _class="hero-logo").get("src", "").startswith("/static/mark.")
    set_feed(server, "tools", f"logo={format_logo(Logo('image/png', PNG))}")
    page = home(server, "/feeds/tools")
    assert page.one("img", _class="hero-logo").get("src") == "/feeds/tools/logo"
    assert page.one("meta", property="og:image").get("content") == f"{server.url}/feeds/tools/logo"


def test_a_page_says_its_one_address_however_it_was_asked_for(shared_server: Server) -> None:
    create_feed(shared_server, "other")
    for path, canonical in (("/", "/"), ("/feeds/default", "/"), ("/feeds/other", "/feeds/other/")):
        page = home(shared_server, path)
        assert page.one("link", rel="canonical").get("href") == canonical
        assert page.one("link", rel="search").get("href") == f"{canonical.rstrip('/')}/opensearch.xml"
        assert page.one("a", _class="sign-in").get("href") == f"/sign-in?next={canonical}"
    assert "--name other" in lines_of(home(shared_server, "/feeds/other"))


@pytest.mark.parametrize("public_url", ["https://nuget.example.com", "https://example.com/nuget"])
def test_the_lines_have_the_address_that_readers_use(serve: Callable[..., Server], public_url: str) -> None:
    server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": public_url})
    page = parse_page(server.get("/").body, public_url)
    assert f"dotnet nuget add source {public_url}/v3/index.json --name motherlode\n" in lines_of(page)
    assert page.one("link", rel="stylesheet").get("href", "").startswith(f"{urlsplit(public_url).path}/static/app.")
    assert "insecure" not in page.text.lower()


def test_whoever_is_signed_in_is_named_on_a_page_that_nobody_keeps(shared_server: Server) -> None:
    password = add_user(shared_server, "ada")
    browser, before = Browser(shared_server), shared_server.get("/").body
    browser.sign_in("ada", password)
    answer = browser.get("/")
    page = parse_page(answer.body, shared_server.url)
    assert find_faults(page) == []
    assert "".join(page.one("span", _class="visitor-name").itertext()) == "ada"
    assert page.one("form", action="/sign-out").get("method") == "post"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("etag") is None
    assert shared_server.get("/").body == before


def test_a_page_for_somebody_is_compressed_and_its_token_is_another_text_each_time(shared_server: Server) -> None:
    """So that the length of what was sent tells nothing of the token, whatever else stands on the page."""
    browser = Browser(shared_server)
    browser.sign_in("bea", add_user(shared_server, "bea"))
    pages = []
    for path in ("/", "/", "/packages", "/nothing-here"):
        answer = browser.get(path, Accept_Encoding="gzip")
        assert answer.header("content-encoding") == "gzip", path
        pages.append(parse_page(gzip.decompress(answer.body), shared_server.url))
    tokens = [page.one("input", _name="token").get("value", "") for page in pages]
    assert len(set(tokens)) == len(tokens)
    assert [browser.post("/sign-out", {"token": token}).status for token in (tokens[0][:-1], tokens[0])] == [403, 303]


def test_a_server_on_which_nobody_can_sign_in_leads_to_where_the_first_user_is_made(server: Server) -> None:
    """On empty feeds that everybody reads, as long as there is no user: then not on pages that browsers have either."""
    create_feed(server, "tools")
    for path in ("/", "/feeds/tools/"):
        page = home(server, path)
        assert find_faults(page) == []
        notice = page.one("p", _class="notice")
        assert [link.get("href") for link in notice.iter("a")] == [f"/sign-in?next={path}"]
        assert "This server has no users yet" in page.text
    known = str(server.get("/").header("etag"))
    add_user(server, "ada")
    assert server.get("/", If_None_Match=known).status == 200
    for path in ("/", "/feeds/tools/"):
        assert "This server has no users" not in home(server, path).text


def test_a_feed_that_holds_something_says_nothing_of_the_first_user(server: Server) -> None:
    """A server that nobody but keys ever uses does not say so for good."""
    create_feed(server, "tools")
    server.push(nupkg("Acme.First"))
    assert "This server has no users" not in home(server).text
    assert "This server has no users" in home(server, "/feeds/tools/").text


def test_a_feed_that_only_some_may_read_says_nothing_of_the_first_user(server: Server) -> None:
    create_feed(server, "inner", "read=authenticated")
    answer = server.get("/feeds/inner/", **basic("any", server.key))
    assert answer.status == 200
    assert b"This server has no users" not in answer.body


def test_while_the_index_is_built_all_but_the_lists_is_there(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Another process holds the lock of those who build, so that no index comes to be before it lets go."""
    data = tmp_path / "data"
    server = serve(data=data)
    server.push(nupkg("Acme.First"))
    server.stop()
    shutil.rmtree(search_path(data))
    building = IndexFolder(search_path(data), "").try_building()
    assert building is not None
    try:
        server = serve(data=data)
        page = home(server)
        assert find_faults(page) == []
        assert "The search index is being built" in page.text
        assert "Push the first package" not in page.text
        assert page.one("form", role="search").get("action") == "/packages"
        assert f"dotnet nuget add source {server.url}/v3/index.json --name motherlode" in lines_of(page)
        refused = Browser(server).get("/packages?q=acme")
        assert refused.status == 503
        assert find_faults(parse_page(refused.body, server.url)) == []
        assert "its index is being built" in text_of(refused)
    finally:
        building.release()
    assert ids_under(ask_until(lambda: with_lists(server), what="the lists"), "newest") == ["Acme.First"]


def with_lists(server: Server) -> Page | None:
    page = home(server)
    return None if "is being built" in page.text else page


def test_options_on_a_page_allow_no_other_origin(shared_server: Server) -> None:
    for path, allowed in (("/", "GET, HEAD"), ("/packages", "GET, HEAD"), ("/sign-in", "GET, HEAD, POST")):
        answer = shared_server.request("OPTIONS", path, headers={"Origin": "https://example.com"})
        assert (answer.status, answer.header("allow")) == (204, allowed)
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


class TestSetUp:
    def test_plain_http_is_said_to_be_meant_and_https_is_not(self) -> None:
        plain = all_lines(set_up("default", "http://host/v3/index.json", "http://host", is_private=False))
        assert plain.count("--allow-insecure-connections") == 4
        assert plain.count('allowInsecureConnections="true"') == 1
        secure = all_lines(set_up("default", "https://host/v3/index.json", "https://host", is_private=False))
        assert "nsecure" not in secure

    def test_a_public_feed_asks_for_no_login_and_a_private_one_for_one_everywhere(self) -> None:
        public = all_lines(set_up("inner", "https://host/v3/index.json", "https://host", is_private=False))
        assert "password" not in public.lower()
        lines = set_up("inner", "https://host/feeds/inner/v3/index.json", "https://host", is_private=True)
        by_name = {tab.name: "\n".join(line.text for line in tab.lines) for tab in lines.tabs}
        login = "--username NAME --password {} --store-password-in-clear-text"
        assert login.format("KEY") in by_name["dotnet"]
        assert login.format('"$MOTHERLODE_KEY"') in by_name["github"]
        assert login.format('"$MOTHERLODE_KEY"') in by_name["gitlab"]
        assert '<add key="ClearTextPassword" value="%MOTHERLODE_KEY%" />' in by_name["config"]
        assert "<inner>" in by_name["config"]

    def test_a_source_whose_name_begins_with_a_digit_has_credentials_that_are_xml(self) -> None:
        """As .NET writes such names: the first character by its number."""
        lines = set_up("7zip", "https://host/v3/index.json", "https://host", is_private=True)
        config = next(tab for tab in lines.tabs if tab.name == "config").lines[0].text
        assert "<_x0037_zip>" in config
        assert "</_x0037_zip>" in config
