"""Feeds that not everybody may read: who does not, learns nothing, not even whether there is such a feed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from motherlode.web.routes import FEED_ROUTES
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, basic, bearer, set_feed
from tests.protocol.reads import stable_headers
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, start_server

CHALLENGE = 'Basic realm="Motherlode", charset="UTF-8"'
PATHS = {
    f"{route.name} {route.path}": route.path.format(
        id="acme.inner", version="1.0.0", file="acme.inner.1.0.0.nupkg", lower="1.0.0", upper="1.0.0", table="days"
    )
    for route in FEED_ROUTES
    if "GET" in route.methods and route.check is None
}
UNKNOWN = {"no such path": "/no/such/path", "no such package": "/v3/flat/acme.never/index.json", "below": "/"}
EVERY_PATH = [pytest.param(path, id=name) for name, path in (PATHS | UNKNOWN).items()]


@dataclass
class Place:
    """A server with the feed `inner` for some and `outer` for all; logins by what they may do."""

    server: Server
    readers: dict[str, dict[str, str]]
    strangers: dict[str, dict[str, str]]

    def get(
        self, path: str, headers: dict[str, str] | None = None, *, feed: str = "inner", method: str = "GET"
    ) -> Answer:
        return self.server.request(method, f"/feeds/{feed}{path}", headers=headers)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = start_server(data=tmp_path_factory.mktemp("private") / "data")
    try:
        create_feed(server, "inner", "read=authenticated")
        create_feed(server, "outer")
        for feed in ("inner", "outer"):
            assert server.push(nupkg("Acme.Inner"), feed=f"/feeds/{feed}").status == 201
        ada = add_user(server, "ada", inner="reader")
        bob = add_user(server, "bob", outer="publisher")
        ada_key = add_key(server, "ada", rights=["read"])
        readers = {
            "password": basic("ada", ada),
            "password, name in another casing": basic("ADA", ada),
            "key as password": basic("whoever", ada_key),
            "key without a name": basic("", ada_key),
            "token": bearer(ada_key),
            "administrator's key": basic("x", server.key),
        }
        strangers = {
            "password without a role": basic("bob", bob),
            "key of one without a role": bearer(add_key(server, "bob")),
            "key without read": bearer(add_key(server, rights=["push"])),
            "key for another feed": bearer(add_key(server, feeds=["outer"])),
        }
        yield Place(server, readers, strangers)
    finally:
        server.stop()


def seen(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """All that a caller sees, but for what differs between any two answers."""
    body = answer.body
    if answer.header("content-type") == "application/problem+json" and body:
        body = json.dumps({**json.loads(body), "request_id": "?"}).encode()
    return answer.status, stable_headers(answer), body


@pytest.mark.parametrize("path", EVERY_PATH)
class TestEveryPath:
    """Without valid credentials every path below it answers 401 with a Basic challenge, whether or not the thing
    exists, and so does a feed that does not exist; 404 is what signed-in callers without the right get."""

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_without_credentials_it_is_401_and_like_a_feed_that_is_not_there(
        self, place: Place, path: str, method: str
    ) -> None:
        answer = place.get(path, method=method)
        assert (answer.status, answer.header("www-authenticate")) == (401, CHALLENGE)
        assert seen(answer) == seen(place.get(path, feed="never", method=method))

    @pytest.mark.parametrize("login", ["wrong password", "wrong name", "wrong key"])
    def test_with_wrong_credentials_it_is_401_and_like_a_feed_that_is_not_there(
        self, place: Place, path: str, login: str
    ) -> None:
        headers = {
            "wrong password": basic("ada", "this is not it"),
            "wrong name": basic("nobody", "this is not it"),
            "wrong key": bearer("mlk_wrong"),
        }[login]
        answer = place.get(path, headers)
        assert (answer.status, answer.header("www-authenticate")) == (401, CHALLENGE)
        assert json.loads(answer.body)["code"] == "sign-in-refused"
        assert seen(answer) == seen(place.get(path, headers, feed="never"))

    def test_signed_in_without_the_right_it_is_404_and_like_a_feed_that_is_not_there(
        self, place: Place, path: str
    ) -> None:
        for headers in place.strangers.values():
            answer, never = place.get(path, headers), place.get(path, headers, feed="never")
            assert (answer.status, json.loads(answer.body)["code"]) == (404, "feed-not-found")
            assert seen(answer) == _renamed(seen(never))

    def test_a_reader_gets_what_a_public_feed_gives_and_nobody_keeps_it_for_others(
        self, place: Place, path: str
    ) -> None:
        public = place.get(path, feed="outer")
        assert public.header("vary") in {None, "Accept-Encoding", "Accept-Encoding, Cookie"}
        for headers in place.readers.values():
            for _ in range(2):
                answer = place.get(path, headers)
                assert answer.status == public.status
                if path != "/":  # the home of a private feed says besides how clients sign in
                    assert len(uncounted(answer)) == len(uncounted(public))
                assert_private(answer)

    def test_on_a_public_feed_a_login_is_not_looked_at(self, place: Place, path: str) -> None:
        public = seen(place.get(path, feed="outer"))
        assert seen(place.get(path, basic("ada", "this is not it"), feed="outer")) == public
        assert seen(place.get(path, bearer("nonsense"), feed="outer")) == public


def uncounted(answer: Answer) -> bytes:
    """The body without counts of downloads, which other tests change."""
    return re.sub(rb'ownloads":[0-9]+', b"", answer.body)


def _renamed(of_never: tuple[int, dict[str, str], bytes]) -> tuple[int, dict[str, str], bytes]:
    status, headers, body = of_never
    return status, headers, body.replace(b"'never'", b"'inner'")


def assert_private(answer: Answer) -> None:
    """No shared cache may keep it, and no page of another site read it."""
    cache = (answer.header("cache-control") or "").split(", ")
    assert "public" not in cache
    assert cache[0] == "private" or cache == ["no-store"]
    assert {"Authorization", "Cookie"} <= set((answer.header("vary") or "").split(", "))
    assert len(answer.all_headers("vary")) == 1
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def test_what_may_be_kept_by_the_caller_alone(place: Place) -> None:
    headers = place.readers["token"]
    package = "/v3/flat/acme.inner/1.0.0/acme.inner.1.0.0.nupkg"
    assert place.get(package, headers).header("cache-control") == "private, max-age=31536000, immutable"
    versions = place.get("/v3/flat/acme.inner/index.json", headers)
    assert versions.header("cache-control") == "private, no-cache"
    assert versions.header("vary") == "Accept-Encoding, Authorization, Cookie"
    assert place.get("/v3/search", headers).header("cache-control") == "no-store"
    again = place.get("/v3/flat/acme.inner/index.json", headers | {"If-None-Match": versions.header("etag") or ""})
    assert again.status == 304
    assert_private(again)


@pytest.mark.parametrize("feed", ["inner", "never"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PATCH"])
def test_every_refusal_without_credentials_is_private(place: Place, feed: str, method: str) -> None:
    for path in ("/v3/index.json", "/api/v2/package", "/api/v2/package/acme.inner/1.0.0", "/no/such/path"):
        answer = place.get(path, feed=feed, method=method)
        assert (answer.status, answer.header("www-authenticate")) == (401, CHALLENGE)
        assert_private(answer)


def test_a_browser_is_not_made_to_prompt(place: Place) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for login in ({}, basic("ada", "this is not it")):
        answer = place.get("/", accept | login)
        assert (answer.status, answer.header("www-authenticate")) == (401, 'Bearer realm="Motherlode"')


def test_writes_tell_nothing_of_a_feed_to_keys_that_have_no_business_there(place: Place) -> None:
    key = {"X-NuGet-ApiKey": add_key(place.server, "bob")}
    for method, path in (
        ("PUT", "/api/v2/package"),
        ("DELETE", "/api/v2/package/acme.inner/1.0.0"),
        ("POST", "/api/v2/package/acme.inner/1.0.0"),
        ("POST", "/api/v2/package/create-verification-key/acme.inner"),
        ("GET", "/api/v2/verifykey/acme.inner"),
        ("PUT", "/no/such/path"),
        ("DELETE", "/v3/index.json"),
    ):
        answer, never = (place.get(path, key, feed=feed, method=method) for feed in ("inner", "never"))
        assert answer.status == 404
        assert seen(answer)[0] == 404
        assert answer.body.count(b"'inner'") == 1
        problem, other = json.loads(answer.body), json.loads(never.body)
        assert problem["detail"] == other["detail"].replace("'never'", "'inner'")
        assert [name for name, _ in answer.headers] == [name for name, _ in never.headers]
        wrong = place.get(path, {"X-NuGet-ApiKey": "wrong"}, method=method)
        assert (wrong.status, json.loads(wrong.body)["code"]) == (403, "key-refused")


def test_a_reader_who_may_not_push_is_told_so(place: Place) -> None:
    key = {"X-NuGet-ApiKey": add_key(place.server, "ada")}
    answer = place.get("/api/v2/package", key, method="PUT")
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "not-allowed")


def test_while_no_feed_is_private_one_that_is_not_there_is_plainly_not_there(server: Server) -> None:
    for method in ("GET", "OPTIONS", "PUT"):
        assert server.request(method, "/feeds/never/v3/index.json").status == 404
    assert server.get("/feeds/never/v3/index.json").header("access-control-allow-origin") == "*"
    set_feed(server, "default", read="authenticated")
    for method in ("GET", "OPTIONS", "PUT"):
        assert server.request(method, "/feeds/never/v3/index.json").status == 401
        assert server.request(method, "/v3/index.json").status == 401


def test_a_private_default_feed_leaves_health_and_metrics_open(server: Server) -> None:
    set_feed(server, "default", read="authenticated")
    assert [server.get(path).status for path in ("/health/live", "/health/ready", "/metrics")] == [200] * 3
    assert [server.get(f"/feeds/default{path}").status for path in ("/health/live", "/metrics")] == [401] * 2
    assert server.get("/", Accept="text/html").status == 401
