"""The page that lists the feeds of the server, to each visitor those that he may read."""

from collections.abc import Callable, Iterator

import pytest

from motherlode.usecases.accounts.accounts import set_role
from motherlode.usecases.feeds.feeds import create_feed as make_feed
from motherlode.usecases.feeds.roles import withdraw_role
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_user, beside, change
from tests.support.servers import Server, start_server
from tests.web.pages.browsing import TEXT_HTML, Browser
from tests.web.pages.markup import Page, find_faults, parse_page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(data=tmp_path_factory.mktemp("feeds") / "data")
    try:
        create_feed(server, "tools", "title=Build <tools>", "about=What we build with.")
        create_feed(server, "inner", "read=authenticated", "title=For the team")
        create_feed(server, "vault", "read=authenticated")
        yield server
    finally:
        server.stop()


def read(answer) -> Page:
    page = parse_page(answer.body)
    assert find_faults(page) == []
    return page


def as_administrator(server: Server) -> Browser:
    password = add_user(server, "chief")
    change(server, set_role, "chief", "administrator")
    browser = Browser(server)
    assert browser.sign_in("chief", password).status == 303
    return browser


def homes(page: Page) -> list[str]:
    return [link.get("href", "") for heading in page.all("h2") for link in heading.iter("a")]


@pytest.mark.parametrize("path", ["/feeds", "/feeds/", "/FEEDS", "/feeds?page=0"])
def test_everybody_sees_the_public_feeds_the_default_one_first(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 200
    page = read(answer)
    assert homes(page) == ["/", "/feeds/tools/"]
    assert "Build <tools>" in page.text
    assert "What we build with." in page.text
    assert f"{server.url}/feeds/tools/v3/index.json" in page.text
    assert "inner" not in page.text
    assert "For the team" not in page.text
    assert "Sign in to see private feeds" in page.text


def test_who_signed_in_sees_the_private_feeds_that_he_may_read(server: Server) -> None:
    browser = Browser(server)
    assert browser.sign_in("reader", add_user(server, "reader", inner="reader")).status == 303
    page = read(browser.get("/feeds"))
    assert homes(page) == ["/", "/feeds/inner/", "/feeds/tools/"]
    assert "private" in page.text
    assert "vault" not in page.text
    assert "Sign in to see" not in page.text
    change(server, withdraw_role, "inner", "reader")
    assert homes(read(browser.get("/feeds"))) == ["/", "/feeds/tools/"]


def test_an_administrator_sees_all(server: Server) -> None:
    browser = as_administrator(server)
    assert homes(read(browser.get("/feeds"))) == ["/", "/feeds/inner/", "/feeds/tools/", "/feeds/vault/"]


def test_the_list_of_one_visitor_is_kept_for_nobody(server: Server) -> None:
    browser = Browser(server)
    assert browser.sign_in("other", add_user(server, "other", vault="reader")).status == 303
    for answer in (browser.get("/feeds"), server.get("/feeds", Accept=TEXT_HTML)):
        assert answer.header("cache-control") == "no-store"
        assert answer.header("etag") is None
    assert "/feeds/vault/" in homes(read(browser.get("/feeds")))
    assert "vault" not in read(server.get("/feeds")).text


@pytest.mark.parametrize("path", ["/", "/packages", "/stats", "/sign-in", "/packages/No.Such", "/feeds/tools/"])
def test_pages_lead_to_it(server: Server, path: str) -> None:
    page = parse_page(server.get(path, Accept=TEXT_HTML).body, server.url)
    assert "/feeds" in [link.get("href") for link in page.one("footer").iter("a")]


def test_a_server_without_a_feed_for_everybody_says_so(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_FEED_READ": "authenticated"})
    page = read(server.get("/feeds"))
    assert homes(page) == []
    assert "No feeds available to you" in page.text
    assert "default" not in page.text


def test_many_feeds_have_pages(serve: Callable[..., Server]) -> None:
    server = serve()
    with beside(server) as services:
        for number in range(60):
            settings = {"read": "authenticated"} if number % 2 else {}
            make_feed(
                f"f{number:02}",
                settings,
                CONSOLE,
                defaults=services.feed_defaults,
                db=services.db,
                clock=services.clock,
            )
    assert len(homes(read(server.get("/feeds")))) == 31
    assert server.get("/feeds?page=2").status == 404
    browser = as_administrator(server)
    first, second = read(browser.get("/feeds")), read(browser.get("/feeds?page=2"))
    assert (len(homes(first)), len(homes(second))) == (50, 11)
    assert [link.get("href") for link in first.all("a") if link.get("rel") == "next"] == ["/feeds?page=2"]
    beyond = browser.get("/feeds?page=3")
    assert beyond.status == 404
    assert "Page 3 does not exist" in read(beyond).text
