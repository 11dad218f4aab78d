"""Every route, for every kind of caller, on every kind of feed: what it answers, and that it names nothing it must not.

The rows are the route table's: a route that nobody wrote a row for fails.
"""

import itertools
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from motherlode.identity.keys import digest_of
from motherlode.store import keys
from motherlode.usecases.disable_account import disable_account
from motherlode.usecases.revoke_key import revoke_key
from motherlode.usecases.set_role import set_role
from motherlode.web.routes import FEED_ROUTES, SERVER_ROUTES, Route
from tests.builders import nupkg
from tests.protocol.beside import add_key, add_user, basic, beside, change
from tests.protocol.feeds import create_feed
from tests.servers import Answer, Server, form, start_server

THERE, NEVER = "Secret.Thing", "Absent.Thing"
FEEDS = {"public": "open", "private": "shut", "missing": "gone"}
STRANGERS = ("anonymous", "empty login", "wrong key", "expired key", "revoked key", "disabled user")
KNOWN = ("reader", "publisher who is no owner", "owner", "administrator", "key of other ids", "key of another feed")
CALLERS = (*STRANGERS, *KNOWN)

Ask = Callable[["Place", "Caller", str, str], Answer]


@dataclass(frozen=True)
class Caller:
    """How somebody signs in to read, and with which key he writes."""

    login: dict[str, str]
    key: dict[str, str]


@dataclass
class Place:
    """A server with a public and a private feed that hold the same id, and everybody who might ask."""

    server: Server
    callers: dict[str, Caller]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(10))


def with_key(key: str) -> Caller:
    return Caller(basic("anyone", key), {"X-NuGet-ApiKey": key})


def make_callers(server: Server) -> dict[str, Caller]:
    """One of each kind; the owner has pushed the id to both feeds."""
    roles = {"open": "publisher", "shut": "publisher"}
    for name in ("olga", "paul", "dora", "anna"):
        add_user(server, name, **roles)
    add_user(server, "rita", open="reader", shut="reader")
    keys = {
        "wrong key": "mlk_" + "0" * 49,
        "expired key": add_key(server, "olga", lifetime=timedelta(0)),
        "revoked key": add_key(server, "olga"),
        "disabled user": add_key(server, "dora"),
        "reader": add_key(server, "rita"),
        "publisher who is no owner": add_key(server, "paul"),
        "owner": add_key(server, "olga"),
        "administrator": add_key(server, "anna"),
        "key of other ids": add_key(server, "olga", globs=["Other.*"]),
        "key of another feed": add_key(server, "olga", feeds=["elsewhere"]),
    }
    for feed in ("open", "shut"):
        for version in ("1.0.0", "1.1.0"):
            assert server.push(nupkg(THERE, version), feed=f"/feeds/{feed}", key=keys["owner"]).status == 201
    revoke(server, keys["revoked key"])
    change(server, disable_account, "dora")
    change(server, set_role, "anna", "administrator")
    nobody, empty = Caller({}, {}), {"Authorization": f"Basic {b64encode(b':').decode()}"}
    return {"anonymous": nobody, "empty login": Caller(empty, empty)} | {
        name: with_key(key) for name, key in keys.items()
    }


def revoke(server: Server, secret: str) -> None:
    with beside(server) as house, house.db.read() as tx:
        row = keys.find_by_hash(tx, digest_of(secret.encode()))
    assert row is not None
    change(server, revoke_key, row.id)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = start_server(data=tmp_path_factory.mktemp("matrix") / "data")
    try:
        create_feed(server, "open")
        create_feed(server, "elsewhere")
        create_feed(server, "shut", "read=authenticated")
        yield Place(server, make_callers(server))
    finally:
        server.stop()


def path_of(route: Route, package_id: str, version: str = "1.0.0") -> str:
    return route.path.format(
        id=package_id, version=version, file=f"{package_id}.{version}.nupkg", lower=version, upper=version
    )


def read(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    return place.server.request("GET", f"/feeds/{feed}{path}", headers=caller.login)


def search(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    return read(place, caller, feed, f"{path}?q={THERE}")


def verify(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    return place.server.request("GET", f"/feeds/{feed}{path}", headers=caller.key)


def write(method: str) -> Ask:
    def ask(place: Place, caller: Caller, feed: str, path: str) -> Answer:
        return place.server.request(method, f"/feeds/{feed}{path}", headers=caller.key)

    return ask


def push(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    body, content_type = form(nupkg(THERE, f"1.{next(place.numbers)}.0"))
    headers = caller.key | {"Content-Type": content_type}
    return place.server.request("PUT", f"/feeds/{feed}{path}", body=body, headers=headers)


def check(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    body, content_type = form(nupkg(THERE, "1.0.0"))
    headers = caller.key | {"Content-Type": content_type}
    return place.server.request("POST", f"/feeds/{feed}{path}", body=body, headers=headers)


@dataclass(frozen=True)
class Row:
    """How a route is asked, what it answers to those who may, and who of those that are known may not."""

    ask: Ask
    success: int
    is_read: bool = True
    refused: tuple[str, ...] = ()

    def expected(self, feed: str, caller: str) -> int:
        if feed == "public" and self.is_read:
            return self.success
        if caller in STRANGERS:
            return 401 if self.is_read or caller in {"anonymous", "empty login"} else 403
        if feed == "missing" or (feed == "private" and caller == "key of another feed"):
            return 404
        return 403 if caller in self.refused or (not self.is_read and caller == "key of another feed") else self.success


READ, SEARCH = Row(read, 200), Row(search, 200)
NO_OWNERS = ("reader", "publisher who is no owner", "key of other ids")
ROWS = {
    "versions": READ,
    "file": READ,
    "registration-index": READ,
    "registration-page": READ,
    "registration-leaf": READ,
    "service-index": READ,
    "search": SEARCH,
    "autocomplete": SEARCH,
    "details": READ,
    "home": READ,
    "create-verification-key": Row(write("POST"), 200, is_read=False, refused=("reader", "key of other ids")),
    "verifykey": Row(verify, 200, is_read=False, refused=NO_OWNERS),
    "push": Row(push, 201, is_read=False, refused=NO_OWNERS),
    "check": Row(check, 200, is_read=False, refused=("reader",)),
    "delete": Row(write("DELETE"), 204, is_read=False, refused=NO_OWNERS),
    "relist": Row(write("POST"), 200, is_read=False, refused=NO_OWNERS),
}
EVERY_ROUTE = [pytest.param(route, id=f"{route.methods[0]} {route.path}") for route in FEED_ROUTES]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_each_route_answers_each_caller_as_it_should(place: Place, route: Route, feed: str, caller: str) -> None:
    row = ROWS[route.name]
    answer = row.ask(place, place.callers[caller], FEEDS[feed], path_of(route, THERE))
    assert answer.status == row.expected(feed, caller), answer.body
    if answer.status == 401:
        challenge = answer.header("WWW-Authenticate") or ""
        assert challenge.startswith("ApiKey" if feed == "public" else "Basic")


def told(answer: Answer, package_id: str) -> tuple[object, ...]:
    """All that an answer says, but for the id that was asked for and what differs each time."""
    request_id = answer.header("X-Request-Id") or "-"
    text = f"{answer.headers}{answer.body!r}".replace(request_id, "")
    for spelling in (package_id, package_id.lower()):
        text = text.replace(spelling, "ID")
    return answer.status, [line for line in text.split("('") if not line.lower().startswith("date'")]


@pytest.mark.parametrize("caller", [*STRANGERS, "key of another feed"])
@pytest.mark.parametrize("feed", ["private", "missing"])
@pytest.mark.parametrize("route", [param for param in EVERY_ROUTE if "{id}" in param.values[0].path])
def test_who_may_not_see_an_id_hears_the_same_of_one_that_never_was(
    place: Place, route: Route, feed: str, caller: str
) -> None:
    ask = ROWS[route.name].ask
    there, never = (
        told(ask(place, place.callers[caller], FEEDS[feed], path_of(route, package_id)), package_id)
        for package_id in (THERE, NEVER)
    )
    assert there == never


@pytest.mark.parametrize("caller", [*STRANGERS, "key of another feed"])
@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_who_may_not_see_a_feed_hears_the_same_of_one_that_never_was(place: Place, route: Route, caller: str) -> None:
    ask, path = ROWS[route.name].ask, path_of(route, THERE)
    shut, gone = (told(ask(place, place.callers[caller], feed, path), feed) for feed in ("shut", "gone"))
    assert shut == gone


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_key_that_may_not_read_learns_nothing_of_what_others_own(place: Place, method: str) -> None:
    blind = with_key(add_key(place.server, "paul", rights=["unlist"], feeds=["shut"]))
    there, never = (
        told(write(method)(place, blind, "shut", f"/api/v2/package/{package_id}/1.0.0"), package_id)
        for package_id in (THERE, NEVER)
    )
    assert there == never
    assert there[0] == 404


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("route", [pytest.param(route, id=route.name) for route in SERVER_ROUTES])
def test_operators_addresses_answer_everybody_and_name_nothing(place: Place, route: Route, caller: str) -> None:
    answer = place.server.request("GET", route.path, headers=place.callers[caller].login)
    assert answer.status == 200
    for name in (THERE, "shut", "olga"):
        assert name.lower().encode() not in answer.body.lower()


def test_every_route_has_a_row() -> None:
    assert {route.name for route in FEED_ROUTES} == set(ROWS)
