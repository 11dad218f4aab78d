"""Logins and keys as clients send them: which of two counts, what is none, and what wrong ones cost."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.feeds.roles import grant_role
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, audit_lines, basic, bearer, change, set_feed
from tests.protocol.wire import exchange, request_bytes
from tests.support.builders import nupkg
from tests.support.leaks import new_password
from tests.support.servers import Answer, Server, form, start_server

INDEX = "/feeds/inner/v3/index.json"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a private feed `inner` and a public one, `default`."""
    server = start_server(data=tmp_path_factory.mktemp("credentials") / "data")
    create_feed(server, "inner", "read=authenticated")
    yield server
    server.stop()


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"]


def push(server: Server, package: bytes, *headers: dict[str, str], feed: str = "/feeds/inner") -> Answer:
    body, content_type = form(package)
    sent = {name: value for pair in headers for name, value in pair.items()}
    path = f"{feed}/api/v2/package"
    return server.request("PUT", path, body=body, headers={"Content-Type": content_type} | sent)


def x_key(key: str) -> dict[str, str]:
    return {"X-NuGet-ApiKey": key}


def counted(server: Server) -> dict[str, float]:
    """How many sign-ins came to what."""
    text = server.get("/metrics").body.decode()
    return {
        name: float(value) for name, value in re.findall(r'motherlode_sign_ins_total\{result="(\w+)"\} (\S+)', text)
    }


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Authorization: Basic Og=="],
        ["Authorization: Basic"],
        ["Authorization: Basic !!!"],
        ["Authorization: Basic " + b64encode(b"no colon").decode()],
        ["Authorization: Bearer"],
        ["Authorization: Negotiate abc"],
        ["Authorization:"],
        ["Authorization: Bearer KEY", "Authorization: Bearer KEY"],
        ["Authorization: Basic " + "A" * 6000],
        ["X-NuGet-ApiKey: KEY"],
    ],
    ids=str,
)
def test_what_is_no_login_is_no_failed_one(private: Server, lines: list[str]) -> None:
    before = counted(private)
    sent = [line.replace("KEY", private.key) for line in lines]
    answer = exchange(private, request_bytes("GET", INDEX, *sent))
    assert code(answer) == (401, "sign-in-needed")
    assert counted(private) == before


def test_schemes_in_any_casing_and_names_and_passwords_in_utf8(private: Server) -> None:
    key = add_key(private)
    for scheme in ("Basic", "basic", "BASIC"):
        login = basic("jürgen ✓", key)["Authorization"].split()[1]
        assert private.get(INDEX, Authorization=f"{scheme} {login}").status == 200
    assert private.get(INDEX, Authorization=f"bearer {key}").status == 200


def test_a_login_in_latin_1_is_read_as_it_is_meant(private: Server) -> None:
    """UTF-8 comes first; what is none is Latin-1."""
    password = f"{new_password()} gr\u00fc\u00dft \u00e4lle"
    change(private, create_account, "uli", password=password)
    change(private, grant_role, "inner", "uli", "reader")
    for encoding, status in (("latin-1", 200), ("utf-8", 200), ("utf-16", 401)):
        login = b64encode(f"uli:{password}".encode(encoding)).decode()
        assert private.get(INDEX, Authorization=f"Basic {login}").status == status


def test_a_key_may_stand_in_place_of_the_name_before_an_empty_password(private: Server) -> None:
    add_user(private, "kai", inner="publisher")
    key = add_key(private, "kai")
    assert private.request("GET", INDEX, headers=basic(key, "")).status == 200
    assert push(private, nupkg("Acme.Named"), basic(key, "")).status == 201
    assert code(private.request("GET", INDEX, headers=basic(key, "x"))) == (401, "sign-in-refused")
    assert code(private.request("GET", INDEX, headers=basic(key[:-1], ""))) == (401, "sign-in-refused")


class TestKeysOfWrites:
    """Push takes the key from X-NuGet-ApiKey, or from Basic when that header is missing; when both are there, Basic
    decides who reads and X-NuGet-ApiKey who writes."""

    def test_from_basic_or_bearer_where_its_own_header_is_missing_or_empty(self, private: Server) -> None:
        add_user(private, "pia", inner="publisher")
        key = add_key(private, "pia")
        logins = [basic("any", key), basic("", key), bearer(key), x_key("") | basic("any", key)]
        for number, login in enumerate(logins):
            assert push(private, nupkg("Acme.Login", f"1.0.{number}"), login).status == 201

    def test_the_header_wins_over_a_login(self, private: Server) -> None:
        good = add_key(private)
        assert code(push(private, nupkg("Acme.Two"), x_key("wrong"), basic("any", good))) == (403, "key-refused")
        assert push(private, nupkg("Acme.Two"), x_key(good), basic("ada", "wrong password")).status == 201

    def test_a_password_is_no_key(self, private: Server) -> None:
        password = add_user(private, "paul", inner="publisher")
        for feed, challenge in (("/feeds/inner", "Basic"), ("", "ApiKey")):
            answer = push(private, nupkg("Acme.Word"), basic("paul", password), feed=feed)
            assert code(answer) == (401, "key-missing")
            assert (answer.header("www-authenticate") or "").startswith(f"{challenge} ")

    def test_a_bootstrap_key_in_any_form_may_be_a_password(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_BOOTSTRAP_KEY": new_password()})
        set_feed(server, "default", read="authenticated")
        assert server.request("GET", "/v3/index.json", headers=basic("x", server.key)).status == 200
        assert push(server, nupkg("Acme.Boot"), basic("x", server.key), feed="").status == 201

    def test_two_headers_with_keys_are_none(self, private: Server) -> None:
        lines = [f"X-NuGet-ApiKey: {private.key}"] * 2 + ["Content-Length: 0"]
        assert code(exchange(private, request_bytes("PUT", "/api/v2/package", *lines))) == (401, "key-missing")


class TestWrongPasswords:
    """Slowed after repeated failures, per user and per address, never locked out for good by a stranger, never
    enumerable by text or time."""

    def test_many_wrong_ones_are_told_to_wait_and_right_credentials_are_not_held_up(
        self, serve: Callable[..., Server]
    ) -> None:
        server = serve()
        set_feed(server, "default", read="authenticated")
        known, key = basic("ada", add_user(server, "ada", default="reader")), bearer(add_key(server))
        assert server.request("GET", "/v3/index.json", headers=known).status == 200
        wrong = [basic(f"user-{number}", "wrong password") for number in range(40)]
        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda login: server.request("GET", "/v3/index.json", headers=login), wrong))
        assert {code(answer) for answer in answers} == {(401, "sign-in-refused")}
        slowed = [answer for answer in answers if answer.header("retry-after")]
        assert all(int(answer.header("retry-after") or 0) >= 1 for answer in slowed)
        assert counted(server) == {"ok": 1.0, "wrong": 40.0 - len(slowed), "slowed": len(slowed)}
        assert len(slowed) > 10
        for headers in (known, key):
            assert server.request("GET", "/v3/index.json", headers=headers).status == 200

    def test_the_same_wrong_one_counts_once(self, serve: Callable[..., Server]) -> None:
        server = serve()
        set_feed(server, "default", read="authenticated")
        answers = [server.request("GET", "/v3/index.json", headers=basic("ada", "old password")) for _ in range(50)]
        assert {code(answer) for answer in answers} == {(401, "sign-in-refused")}
        assert counted(server) == {"wrong": 1.0}

    def test_a_name_that_is_there_and_one_that_is_not_get_the_same_answer(self, private: Server) -> None:
        add_user(private, "mia", inner="reader")
        there, absent = (
            private.request("GET", INDEX, headers=basic(name, "not the password")) for name in ("mia", "nia")
        )
        assert json.loads(there.body)["detail"] == json.loads(absent.body)["detail"]
        assert [name for name, _ in there.headers] == [name for name, _ in absent.headers]

    def test_they_are_logged_without_the_password_and_leave_no_line_in_the_audit_log(
        self, serve: Callable[..., Server]
    ) -> None:
        """Nor is anything else that was typed into the field for the name, or sent there: only an account is named."""
        server = serve(environment={"MOTHERLODE_BOOTSTRAP_KEY": new_password()})
        set_feed(server, "default", read="authenticated")
        add_user(server, "ada")
        key, secret = add_key(server), new_password()
        lines = audit_lines(server)
        typed = ["ADA", "nobody", "@typed-by-mistake", secret, key, server.key]
        for user in typed:
            assert server.request("GET", "/v3/index.json", headers=basic(user, secret)).status == 401
        assert server.stop() == 0
        assert audit_lines(server) == lines
        log = (server.data.parent / f"{server.data.name}.log").read_text()
        failed = [event for event in map(json.loads, log.splitlines()) if event["event"] == "sign_in_failed"]
        assert [(event.get("user"), event["client"]) for event in failed] == [
            ("ada", "127.0.0.1"),
            *[(None, "127.0.0.1")] * 5,
        ]
        assert not any(text in log for text in typed[1:])

    def test_a_user_is_not_held_up_by_strangers_where_he_signed_in_before(self, serve: Callable[..., Server]) -> None:
        """Also after the server was started anew, and though they try more than is judged, from the same address."""
        server = serve()
        set_feed(server, "default", read="authenticated")
        password = add_user(server, "ada", default="reader")
        login = basic("ada", password)["Authorization"].split()[1]
        assert server.get("/v3/index.json", Authorization=f"Basic {login}").status == 200
        assert server.stop() == 0
        server = serve(data=server.data)
        attack = [server.connect() for _ in range(40)]
        for number, connection in enumerate(attack):
            tried = basic(f"user-{number}", "wrong password")["Authorization"]
            connection.sendall(request_bytes("GET", "/v3/index.json", f"Authorization: {tried}"))
        for spaces in range(2, 5):
            assert server.get("/v3/index.json", Authorization=f"Basic{' ' * spaces}{login}").status == 200
        for connection in attack:
            connection.close()
        server.kill()


def test_the_log_names_key_and_user(serve: Callable[..., Server]) -> None:
    server = serve()
    set_feed(server, "default", read="authenticated")
    password, key = add_user(server, "ada", default="publisher"), add_key(server, "ada")
    for login in (basic("ada", password), bearer(key), bearer(server.key)):
        for _ in range(2):
            assert server.request("GET", "/v3/index.json", headers=login).status == 200
    assert push(server, nupkg("Acme.Log"), x_key(key), feed="").status == 201
    assert server.stop() == 0
    log = (server.data.parent / f"{server.data.name}.log").read_text()
    told = [
        (event.get("user"), (event.get("key") or "-")[:4])
        for event in map(json.loads, log.splitlines())
        if event["event"] == "request"
    ]
    assert told == [*[("ada", "-")] * 2, *[("ada", "key-")] * 2, *[(None, "key-")] * 2, ("ada", "key-")]


def test_a_key_that_ends_soon_says_so_with_every_write(private: Server) -> None:
    soon, later = (add_key(private, lifetime=timedelta(days=days)) for days in (5, 20))
    pushed = push(private, nupkg("Acme.Soon"), x_key(soon), feed="")
    changed = [private.change(method, "acme.soon", "1.0.0", key=soon) for method in ("DELETE", "POST")]
    assert [answer.status for answer in (pushed, *changed)] == [201, 204, 200]
    for answer in (pushed, *changed):
        warnings = answer.all_headers("x-nuget-warning")
        assert any("expires in 4 days" in warning for warning in warnings)
        assert not any("mlk_" in warning for warning in warnings)
    assert private.change("POST", "acme.soon", "1.0.0", key=later).all_headers("x-nuget-warning") == []
