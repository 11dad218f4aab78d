"""Signing in and out with a browser, and the first use of a server on which nobody can sign in yet."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from motherlode.usecases.accounts.accounts import disable_account, set_password
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from tests.faults.processes import ask_until
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, audit_lines, basic, change
from tests.support.builders import nupkg
from tests.support.leaks import new_password
from tests.support.servers import Server, start_server
from tests.web.pages.browsing import FORM, Browser, cookie_line, hidden_of, text_of, token_of

WRONG = "The user name or password is wrong, or the account is disabled."
PRIVATE = "/feeds/inner/v3/index.json"
PAGE = "/feeds/inner/packages"
SESSION = "motherlode-session"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(data=tmp_path_factory.mktemp("sign-in") / "data")
    try:
        create_feed(server, "inner", "read=authenticated")
        assert server.push(nupkg("Acme.Inner"), feed="/feeds/inner").status == 201
        add_user(server, "first")
        yield server
    finally:
        server.stop()


@pytest.fixture
def browser(server: Server) -> Browser:
    return Browser(server)


@pytest.fixture
def ada(server: Server, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A reader of the private feed, of the test's own: name and password."""
    name = f"ada-{abs(hash(request.node.nodeid)) % 10**9}"
    return name, add_user(server, name, inner="reader")


class TestSigningIn:
    def test_the_right_password_leads_on_and_lets_read(self, browser: Browser, ada: tuple[str, str]) -> None:
        assert browser.get(PAGE).status == 401
        answer = browser.sign_in(*ada, target="/feeds/inner/packages?q=acme")
        assert (answer.status, answer.header("location")) == (303, "/feeds/inner/packages?q=acme")
        assert answer.header("cache-control") == "no-store"
        page = browser.get(PAGE)
        assert page.status == 200
        assert ada[0] in text_of(page)
        assert browser.get(PRIVATE).status == 200

    def test_the_cookie_is_for_this_site_alone_and_for_no_script(self, browser: Browser, ada: tuple[str, str]) -> None:
        answer = browser.sign_in(*ada)
        assert cookie_line(answer, SESSION) == f"{SESSION}=…; Max-Age=1209600; SameSite=Lax; Path=/; HttpOnly"
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", browser.cookies[SESSION])

    def test_the_name_counts_in_any_casing(self, browser: Browser, ada: tuple[str, str]) -> None:
        assert browser.sign_in(ada[0].upper(), ada[1]).status == 303

    def test_a_wrong_password_and_a_name_that_is_not_there_get_the_same_page(
        self, server: Server, ada: tuple[str, str]
    ) -> None:
        pages = []
        for name in (ada[0], "n" * len(ada[0])):
            answer = Browser(server).sign_in(name, "this is not it")
            assert (answer.status, answer.header("www-authenticate")) == (401, 'Bearer realm="Motherlode"')
            assert WRONG in text_of(answer)
            assert f'value="{name}"'.encode() in answer.body
            hidden = token_of(answer)
            pages.append(answer.body.decode().replace(name, "NAME").replace(hidden, "TOKEN"))
        assert pages[0] == pages[1]

    def test_the_form_after_a_wrong_one_works(self, browser: Browser, ada: tuple[str, str]) -> None:
        answer = browser.sign_in(ada[0], "this is not it", target=PAGE)
        again = hidden_of(answer, "/sign-in") | {"name": ada[0], "password": ada[1]}
        assert browser.post("/sign-in", again).header("location") == PAGE

    def test_a_service_account_a_disabled_user_and_a_key_do_not_sign_in(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        key = add_key(server, ada[0])
        assert browser.sign_in(ada[0], key).status == 401
        change(server, disable_account, ada[0])
        assert browser.sign_in(*ada).status == 401

    def test_a_key_that_was_given_for_a_name_is_not_shown_again(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        key = add_key(server, ada[0])
        answer = browser.sign_in(f" {key} ", ada[1])
        assert (answer.status, WRONG in text_of(answer)) == (401, True)
        assert key.encode() not in answer.body

    def test_many_wrong_ones_are_told_to_wait(self, serve: Callable[..., Server]) -> None:
        server = serve()
        add_user(server, "ada")
        browser = Browser(server)
        fields = {"token": token_of(browser.get("/sign-in")), "name": "ada", "password": "this is not it"}
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: browser.post("/sign-in", fields), range(20)))
        told = [answer for answer in answers if answer.header("retry-after")]
        assert {answer.status for answer in answers} == {401}
        assert told
        assert all("Too many attempts failed: wait" in text_of(answer) for answer in told)

    def test_it_is_in_the_audit_log_with_address_and_client(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        browser.headers["User-Agent"] = "Mosaic/0.9"
        browser.sign_in(*ada)
        browser.sign_out()
        lines = audit_lines(server, actor=ada[0])
        assert [(line.action, line.subject, line.address, line.client) for line in lines] == [
            ("sign-in", ada[0], "127.0.0.1", "Mosaic/0.9"),
            ("sign-out", ada[0], "127.0.0.1", "Mosaic/0.9"),
        ]

    def test_each_one_makes_a_new_session_and_ends_the_one_before(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        browser.sign_in(*ada)
        older = Browser(server, dict(browser.cookies))
        assert older.get(PRIVATE).status == 200
        browser.sign_in(*ada)
        assert browser.cookies[SESSION] != older.cookies[SESSION]
        assert (browser.get(PRIVATE).status, older.get(PRIVATE).status) == (200, 401)

    def test_a_session_set_by_somebody_else_is_not_taken_over(self, browser: Browser, ada: tuple[str, str]) -> None:
        planted = browser.cookies[SESSION] = "x" * 43
        browser.sign_in(*ada)
        assert browser.cookies[SESSION] != planted

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "evil.example",
            "/../elsewhere",
            "/%2e%2e/elsewhere",
            "/sign-out",
            "/ä",
            "",
        ],
    )
    def test_it_leads_to_no_other_site(self, browser: Browser, ada: tuple[str, str], target: str) -> None:
        answer = browser.sign_in(*ada, target=target)
        assert (answer.status, answer.header("location")) == (303, "/")

    def test_nothing_of_it_is_written_to_the_log(self, server: Server, browser: Browser, ada: tuple[str, str]) -> None:
        browser.sign_in(*ada)
        browser.get(PAGE)
        log = (server.data.parent / "data.log").read_text()
        assert browser.cookies[SESSION] not in log
        assert ada[1] not in log


class TestTheForm:
    def test_without_its_token_nothing_is_done(self, browser: Browser, ada: tuple[str, str]) -> None:
        browser.get("/sign-in")
        for fields in ({}, {"token": ""}, {"token": "0" * 64}, {"token": "ä"}):
            answer = browser.post("/sign-in", {"name": ada[0], "password": ada[1], **fields})
            assert answer.status == 403
            assert "The form has expired" in text_of(answer)
        assert SESSION not in browser.cookies

    def test_a_token_of_another_browser_is_none(self, server: Server, browser: Browser, ada: tuple[str, str]) -> None:
        browser.get("/sign-in")
        other = token_of(Browser(server).get("/sign-in"))
        assert browser.post("/sign-in", {"name": ada[0], "password": ada[1], "token": other}).status == 403

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "SELF"},
        ],
    )
    def test_one_that_another_site_sent_is_refused(
        self, server: Server, browser: Browser, ada: tuple[str, str], headers: dict[str, str]
    ) -> None:
        sent = {name: value.replace("SELF", server.url) for name, value in headers.items()}
        answer = browser.send("/sign-in", {"name": ada[0], "password": ada[1]}, sent)
        assert answer.status == 403
        assert "form-refused" in text_of(answer)
        assert SESSION not in browser.cookies

    def test_one_of_this_site_is_taken(self, server: Server, browser: Browser, ada: tuple[str, str]) -> None:
        fields = {"name": ada[0], "password": ada[1]}
        for headers in ({"Origin": server.url}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}):
            assert browser.send("/sign-in", fields, headers).status == 303

    def test_it_is_shown_with_a_cookie_for_no_other_site(self, browser: Browser) -> None:
        answer = browser.get("/sign-in")
        assert cookie_line(answer, "motherlode-form") == "motherlode-form=…; SameSite=Strict; Path=/; HttpOnly"
        assert answer.header("cache-control") == "no-store"
        assert browser.get("/sign-in").all_headers("set-cookie") == []

    def test_too_large_a_form_is_refused(self, browser: Browser) -> None:
        answer = browser.send("/sign-in", {"name": "a" * 20_000})
        assert answer.status == 413
        assert "form-too-large" in text_of(answer)

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"name=%FF%FE", FORM),
            (b"\xff", FORM),
            (b"a=1&" * 100, FORM),
            (b"{}", "application/json"),
            (b"", "multipart/form-data; boundary=x"),
        ],
    )
    def test_what_is_no_form_is_refused(self, browser: Browser, body: bytes, content_type: str) -> None:
        answer = browser.ask("POST", "/sign-in", body=body, headers={"Content-Type": content_type})
        assert answer.status == 400
        assert "form-invalid" in text_of(answer)

    def test_of_a_field_that_is_there_twice_the_first_counts(self, browser: Browser, ada: tuple[str, str]) -> None:
        token = token_of(browser.get("/sign-in"))
        body = f"token={token}&name={ada[0]}&password={ada[1]}&name=other&password=other&more=ignored"
        answer = browser.ask("POST", "/sign-in", body=body.encode(), headers={"Content-Type": FORM})
        assert answer.status == 303

    def test_a_cookie_that_is_no_good_is_taken_away(self, browser: Browser) -> None:
        browser.cookies[SESSION] = "x" * 43
        browser.get("/sign-in")
        assert SESSION not in browser.cookies


class TestSessions:
    def test_signing_out_ends_it_also_for_who_kept_the_cookie(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        browser.sign_in(*ada)
        kept = Browser(server, dict(browser.cookies))
        answer = browser.sign_out()
        assert (answer.status, answer.header("location")) == (303, "/")
        assert SESSION not in browser.cookies
        assert kept.get(PRIVATE).status == 401
        assert kept.get(PAGE).status == 401

    def test_signing_out_without_the_token_does_nothing(self, browser: Browser, ada: tuple[str, str]) -> None:
        browser.sign_in(*ada)
        form_token = token_of(browser.get("/sign-in"), "/sign-in")
        for token in ("", form_token):
            assert browser.post("/sign-out", {"token": token}).status == 403
        assert browser.get(PRIVATE).status == 200

    def test_who_is_not_signed_in_signs_out_without_ado(self, browser: Browser) -> None:
        assert browser.post("/sign-out", {}).status == 303

    @pytest.mark.parametrize("what", ["password", "disabled"])
    def test_it_ends_with_the_password_and_with_the_user(
        self, server: Server, browser: Browser, ada: tuple[str, str], what: str
    ) -> None:
        browser.sign_in(*ada)
        assert browser.get(PRIVATE).status == 200
        if what == "password":
            change(server, set_password, ada[0], new_password())
        else:
            change(server, disable_account, ada[0])
        assert browser.get(PRIVATE).status == 401

    def test_a_role_that_is_taken_away_binds_the_next_request(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        browser.sign_in(*ada)
        assert browser.get(PRIVATE).status == 200
        change(server, withdraw_role, "inner", ada[0])
        page = browser.get(PAGE)
        assert page.status == 404
        assert f"You are signed in as {ada[0]}" in text_of(page)

    def test_it_never_writes(self, server: Server, browser: Browser, ada: tuple[str, str]) -> None:
        change(server, grant_role, "inner", ada[0], "publisher")
        browser.sign_in(*ada)
        for method, path in (("DELETE", "/acme.inner/1.0.0"), ("POST", "/acme.inner/1.0.0"), ("PUT", "")):
            for feed in ("", "/feeds/inner"):
                answer = browser.ask(method, f"{feed}/api/v2/package{path}", body=b"x")
                assert answer.status == 401, (method, feed)

    def test_authorization_goes_before_it(self, server: Server, browser: Browser, ada: tuple[str, str]) -> None:
        browser.sign_in(*ada)
        assert browser.get(PRIVATE, **basic(ada[0], "this is not it")).status == 401
        assert browser.get(PRIVATE, **basic("any", server.key)).status == 200

    def test_answers_on_a_private_feed_say_that_the_cookie_counts(self, browser: Browser, ada: tuple[str, str]) -> None:
        browser.sign_in(*ada)
        for path in (PRIVATE, PAGE):
            for _ in range(2):
                answer = browser.get(path)
                assert {"Authorization", "Cookie"} <= set((answer.header("vary") or "").split(", "))
                assert re.match("private|no-store", answer.header("cache-control") or "")

    def test_what_one_reader_was_answered_no_other_cookie_is(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        browser.sign_in(*ada)
        assert [browser.get(PRIVATE).status for _ in range(3)] == [200, 200, 200]
        assert Browser(server).get(PRIVATE).status == 401
        assert Browser(server, {SESSION: "x" * 43}).get(PRIVATE).status == 401
        assert Browser(server, {SESSION: "odd=;\xe4"}).get(PRIVATE).status == 401

    def test_pages_of_public_feeds_greet_the_visitor_and_are_kept_for_nobody(
        self, server: Server, browser: Browser, ada: tuple[str, str]
    ) -> None:
        browser.sign_in(*ada)
        for _ in range(2):
            page, other = browser.get("/packages"), Browser(server).get("/packages")
            assert ada[0] in text_of(page)
            assert page.header("cache-control") == "no-store"
            assert ada[0] not in text_of(other)


class TestTheFirstUse:
    """While no person can sign in, whoever has an administrator's key makes himself one."""

    def fields(self, key: str, **more: str) -> dict[str, str]:
        password = new_password()
        return {"key": key, "name": "root", "password": password, "again": password, **more}

    def test_the_first_key_makes_an_administrator_who_is_signed_in(self, serve: Callable[..., Server]) -> None:
        server = serve()
        create_feed(server, "inner", "read=authenticated")
        browser = Browser(server)
        assert "This server has no users yet" in text_of(browser.get("/sign-in"))
        answer = browser.send("/sign-in", self.fields(server.key, next="/feeds/inner/packages"))
        assert (answer.status, answer.header("location")) == (303, "/feeds/inner/packages")
        assert browser.get(PRIVATE).status == 200
        made, entered = audit_lines(server)[-2:]
        assert (made.action, made.subject, made.key_id is not None) == ("create-user", "root", True)
        assert (entered.action, entered.actor) == ("sign-in", "root")
        assert "This server has no users" not in text_of(Browser(server).get("/sign-in"))

    def test_afterwards_nobody_is_made_any_more(self, server: Server, browser: Browser) -> None:
        answer = browser.send("/sign-in", self.fields(server.key))
        assert answer.status == 403
        assert "This server already has a user" in text_of(answer)

    def test_what_is_wrong_is_said_and_makes_nobody(self, serve: Callable[..., Server]) -> None:
        server = serve()
        browser, key = Browser(server), server.key
        cases = [
            (401, "This is not an administrator's API key", self.fields("mlk_wrong")),
            (401, "This is not an administrator's API key", self.fields("\N{SNOWMAN}")),
            (401, "This is not an administrator's API key", self.fields(add_key(server))),
            (400, "The two passwords do not match", self.fields(key, again="something else")),
            (400, "The password is too short", self.fields(key, password="short", again="short")),
            (400, "'no name' is not a valid user or team name", self.fields(key, name="no name")),
        ]
        for status, sentence, fields in cases:
            answer = browser.send("/sign-in", fields)
            assert answer.status == status
            assert sentence in text_of(answer)
        assert "This server has no users yet" in text_of(browser.get("/sign-in"))

    def test_of_two_at_once_one_is_made(self, serve: Callable[..., Server]) -> None:
        server = serve()
        browsers = [Browser(server) for _ in range(4)]
        forms = [self.fields(server.key, name=f"root{number}") for number in range(4)]
        for browser, form in zip(browsers, forms, strict=True):
            form["token"] = token_of(browser.get("/sign-in"))
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda pair: pair[0].post("/sign-in", pair[1]), zip(browsers, forms, strict=True)))
        assert sorted(answer.status for answer in answers) == [303, 403, 403, 403]
        assert len(audit_lines(server, action="create-user")) == 1


class TestSites:
    def test_where_the_site_is_https_the_cookie_is_too(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": "https://example.com/nuget"})
        password = add_user(server, "ada")
        browser = Browser(server)
        page = browser.get("/nuget/sign-in")
        assert cookie_line(page, "motherlode-form").endswith("; Path=/nuget; HttpOnly; Secure")
        fields = {"token": token_of(page, "/nuget/sign-in"), "name": "ada", "password": password, "next": "/packages"}
        answer = browser.post("/nuget/sign-in", fields, {"Origin": "https://example.com"})
        assert (answer.status, answer.header("location")) == (303, "/nuget/packages")
        assert cookie_line(answer, SESSION).endswith("; Path=/nuget; HttpOnly; Secure")

    def test_how_long_one_stays_signed_in_can_be_set(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SESSIONS_LIFETIME": "1h"})
        answer = Browser(server).sign_in("ada", add_user(server, "ada"))
        assert "Max-Age=3600" in cookie_line(answer, SESSION)

    def test_it_ends_by_itself(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SESSIONS_LIFETIME": "1s"})
        create_feed(server, "inner", "read=authenticated")
        browser = Browser(server)
        browser.sign_in("ada", add_user(server, "ada", inner="reader"))
        ask_until(lambda: browser.get(PRIVATE).status == 401, what="the end")

    def test_signing_out_binds_every_worker(self, serve: Callable[..., Server]) -> None:
        server = serve(workers=2)
        create_feed(server, "inner", "read=authenticated")
        browser = Browser(server)
        browser.sign_in("ada", add_user(server, "ada", inner="reader"))
        kept = Browser(server, dict(browser.cookies))
        with ThreadPoolExecutor(4) as pool:
            assert {answer.status for answer in pool.map(kept.get, [PRIVATE] * 20)} == {200}
            browser.sign_out()
            assert {answer.status for answer in pool.map(kept.get, [PRIVATE] * 20)} == {401}
