"""Refusals for people at a browser: pages with the status, code and request id that programs get, and for those who
must sign in the form that does it, whether there is anything behind it or not."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import html5lib
import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_user, basic
from tests.protocol.reads import stable_headers
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, start_server
from tests.web.pages.browsing import TEXT_HTML, Browser, hidden_of, text_of, token_of

HTML = {"Accept": TEXT_HTML}
PATHS = [
    "/",
    "/packages?q=acme&page=2",
    "/packages/Acme.Inner",
    "/packages/Acme.Inner/1.0.0/license",
    "/stats",
    "/no/such/path",
    "/v3/index.json",
    "/v3/flat/acme.inner/1.0.0/acme.inner.1.0.0.nupkg",
]


@dataclass
class Place:
    """A server with the feed `inner` for some and `outer` for all, and who reads: in a browser that signed in."""

    server: Server
    reader: Browser
    stranger: Browser
    password: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = start_server(data=tmp_path_factory.mktemp("errors") / "data")
    try:
        create_feed(server, "inner", "read=authenticated")
        create_feed(server, "outer")
        for feed in ("inner", "outer"):
            assert server.push(nupkg("Acme.Inner"), feed=f"/feeds/{feed}").status == 201
        password = add_user(server, "ada", inner="reader")
        reader, stranger = Browser(server), Browser(server)
        assert reader.sign_in("ada", password).status == 303
        assert stranger.sign_in("bob", add_user(server, "bob")).status == 303
        yield Place(server, reader, stranger, password)
    finally:
        server.stop()


def is_whole_page(answer: Answer) -> bool:
    """Whether it is HTML without a fault, and says so."""
    html5lib.HTMLParser(strict=True).parse(answer.body.decode())
    return answer.header("content-type") == "text/html; charset=utf-8"


def seen(answer: Answer, feed: str, *, but: str = "") -> tuple[int, dict[str, str], str]:
    """All that a browser sees, but for the name of the feed, tokens, and what differs between any two answers."""
    headers = {name: value for name, value in stable_headers(answer).items() if name != "set-cookie"}
    body = answer.body.decode().replace(f"/feeds/{feed}", "/feeds/FEED").replace(repr(feed), "FEED")
    body = body.replace(f"&#39;{feed}&#39;", "FEED").replace(answer.header("x-request-id") or "-", "REQUEST")
    headers.pop("content-length", None)
    return answer.status, headers, re.sub(r"[0-9a-f]{128}", "TOKEN", body)


class TestPrivateFeeds:
    @pytest.mark.parametrize("path", PATHS)
    def test_who_has_not_signed_in_gets_the_form_that_leads_back_and_no_prompt(self, place: Place, path: str) -> None:
        browser = Browser(place.server)
        answer = browser.get(f"/feeds/inner{path}")
        assert (answer.status, answer.all_headers("www-authenticate")) == (401, ['Bearer realm="Motherlode"'])
        assert is_whole_page(answer)
        fields = hidden_of(answer, "/sign-in")
        assert fields["next"] == f"/feeds/inner{path}"
        entered = browser.post("/sign-in", fields | {"name": "ada", "password": place.password})
        assert (entered.status, entered.header("location")) == (303, f"/feeds/inner{path}")

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("headers", [{}, {"Cookie": f"motherlode-session={'x' * 43}"}, basic("ada", "not it")])
    def test_a_feed_that_is_not_there_gives_the_same(self, place: Place, path: str, headers: dict[str, str]) -> None:
        shut, gone = (
            seen(place.server.request("GET", f"/feeds/{feed}{path}", headers=HTML | headers), feed)
            for feed in ("inner", "never")
        )
        assert shut == gone
        assert shut[0] == 401

    @pytest.mark.parametrize("path", PATHS)
    def test_who_may_not_read_it_gets_what_a_feed_that_is_not_there_gives(self, place: Place, path: str) -> None:
        shut, gone = (place.stranger.get(f"/feeds/{feed}{path}") for feed in ("inner", "never"))
        assert shut.status == 404
        assert is_whole_page(shut)
        assert "You are signed in as bob" in text_of(shut)
        assert seen(shut, "inner") == seen(gone, "never")

    @pytest.mark.parametrize("path", PATHS)
    def test_programs_get_the_challenge(self, place: Place, path: str) -> None:
        for accept in (
            *("*/*", "application/json", "application/atom+xml,application/xml", "application/json, text/html;q=0.2"),
            *("text/html;q=0.2", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
        ):
            answer = place.server.request("GET", f"/feeds/inner{path}", headers={"Accept": accept})
            assert answer.header("www-authenticate") == 'Basic realm="Motherlode", charset="UTF-8"'
            assert json.loads(answer.body)["code"] == "sign-in-needed"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"},
            {"Accept": "*/*", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        ],
    )
    def test_what_a_page_shows_opens_no_prompt_when_the_session_has_ended(
        self, place: Place, headers: dict[str, str]
    ) -> None:
        for path in ("/logo", "/v3/flat/acme.inner/1.0.0/icon"):
            answer = place.server.request("GET", f"/feeds/inner{path}", headers=headers)
            assert (answer.status, answer.all_headers("www-authenticate")) == (401, ['Bearer realm="Motherlode"'])
            assert json.loads(answer.body)["code"] == "sign-in-needed"

    def test_a_wrong_login_in_the_address_is_said(self, place: Place) -> None:
        answer = place.server.request("GET", "/feeds/inner/", headers=HTML | basic("ada", "not it"))
        assert "The user name or password is wrong" in text_of(answer)

    def test_nobody_keeps_it(self, place: Place) -> None:
        for browser in (Browser(place.server), place.stranger):
            answer = browser.get("/feeds/inner/")
            assert answer.header("cache-control") == "no-store"
            assert {"Authorization", "Cookie"} <= set((answer.header("vary") or "").split(", "))

    def test_a_head_request_gets_the_same_without_the_page(self, place: Place) -> None:
        answer = Browser(place.server).ask("HEAD", "/feeds/inner/")
        assert (answer.status, answer.header("content-type"), answer.body) == (401, "text/html; charset=utf-8", b"")


class TestPages:
    @pytest.mark.parametrize(
        ("path", "status", "code"),
        [
            ("/no/such/path", 404, "address-not-found"),
            ("/feeds/outer/packages/Absent.Thing", 404, "package-not-found"),
            ("/feeds/outer/packages/Acme.Inner/9.9.9", 404, "package-not-found"),
            ("/feeds/outer/v3/flat/absent.thing/index.json", 404, "package-not-found"),
            ("/feeds/outer/v3/search?take=x", 400, "parameter-invalid"),
            ("/sign-out", 405, "method-refused"),
        ],
    )
    def test_they_say_what_programs_are_told(self, place: Place, path: str, status: int, code: str) -> None:
        answer, plain = Browser(place.server).get(path), place.server.get(path)
        problem = json.loads(plain.body)
        assert (answer.status, plain.status, problem["code"]) == (status, status, code)
        assert is_whole_page(answer)
        words = text_of(answer)
        assert code in words
        assert problem["detail"] in words
        assert (answer.header("x-request-id") or "-") in words
        assert (answer.header("allow"), answer.header("retry-after")) == (plain.header("allow"), None)

    def test_they_run_nothing_and_are_kept_and_indexed_by_nobody(self, place: Place) -> None:
        answer = Browser(place.server).get("/no/such/path")
        assert "default-src 'none'" in (answer.header("content-security-policy") or "")
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("cache-control") == "no-store"
        assert answer.header("access-control-allow-origin") is None
        assert answer.header("x-robots-tag") == "noindex"

    def test_they_lead_home(self, place: Place) -> None:
        answer = Browser(place.server).get("/feeds/outer/packages/Absent.Thing")
        assert b'href="/feeds/outer/"' in answer.body

    def test_they_greet_who_is_signed_in(self, place: Place) -> None:
        answer = place.reader.get("/feeds/outer/no/such/path")
        assert "You are signed in as ada" in text_of(answer)
        assert token_of(answer, "/sign-out")

    def test_what_the_address_says_is_shown_as_text(self, place: Place) -> None:
        answer = Browser(place.server).get("/feeds/outer/packages/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert answer.status == 404
        assert b"<script>alert" not in answer.body
        assert is_whole_page(answer)

    def test_writes_of_programs_are_answered_as_ever_whatever_they_accept(self, place: Place) -> None:
        answer = place.server.request("PUT", "/api/v2/package", body=b"x", headers=HTML)
        assert (answer.status, answer.header("content-type")) == (401, "application/problem+json")
