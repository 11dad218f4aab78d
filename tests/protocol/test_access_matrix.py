"""Every route, for every kind of caller, on every kind of feed: what it answers, and that it names nothing it must not.

The rows are the route table's: a route that nobody wrote a row for fails.
"""

import itertools
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from motherlode.domain.logos import format_logo, logo_of
from motherlode.identity.keys import digest_of
from motherlode.store.accounts import api_keys as keys
from motherlode.usecases.accounts.accounts import disable_account, set_role
from motherlode.usecases.keys.api_keys import revoke_key
from motherlode.web.auth.credentials import SESSION_COOKIE
from motherlode.web.routes import FEED_ROUTES, SERVER_ROUTES, Route
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, basic, beside, change
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, form, start_server
from tests.web.pages.browsing import TEXT_HTML, Browser

LICENSED = '<license type="file">LICENSE.txt</license>'
LOGO = f"logo={format_logo(logo_of(bytes.fromhex('89504e470d0a1a0a') + bytes(50)))}"
THERE, NEVER = "Secret.Thing", "Absent.Thing"
FEEDS = {"public": "open", "private": "shut", "missing": "gone"}
STRANGERS = ("anonymous", "empty login", "wrong key", "expired key", "revoked key", "disabled user")
KNOWN = ("reader", "publisher who is no owner", "owner", "administrator", "key of other ids", "key of another feed")
BROWSERS = ("signed in reader", "signed in owner", "signed in stranger")
"""They have a cookie and no key."""
NOT_HERE = ("key of another feed", "signed in stranger")
"""Known, and none of their business."""
CALLERS = (*STRANGERS, "signed out", *KNOWN, *BROWSERS)

Ask = Callable[["Place", "Caller", str, str], Answer]


@dataclass(frozen=True)
class Caller:
    """How somebody signs in to read, and with which key he writes."""

    login: dict[str, str]
    key: dict[str, str] = field(default_factory=dict)


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
    passwords = {name: add_user(server, name, **roles) for name in ("olga", "paul", "dora", "anna")}
    passwords["rita"] = add_user(server, "rita", open="reader", shut="reader")
    passwords["ned"] = add_user(server, "ned")
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
            package = nupkg(THERE, version, files={"LICENSE.txt": b"Do as you like."}, more=LICENSED)
            assert server.push(package, feed=f"/feeds/{feed}", key=keys["owner"]).status == 201
    revoke(server, keys["revoked key"])
    change(server, disable_account, "dora")
    change(server, set_role, "anna", "administrator")
    nobody, empty = Caller({}, {}), {"Authorization": f"Basic {b64encode(b':').decode()}"}
    callers = {name: with_key(key) for name, key in keys.items()} | make_browsers(server, passwords)
    return {"anonymous": nobody, "empty login": Caller(empty, empty)} | callers


def make_browsers(server: Server, passwords: dict[str, str]) -> dict[str, Caller]:
    """Those who signed in with a browser: what their cookie was is what they send."""
    people = {"signed in reader": "rita", "signed in owner": "olga", "signed in stranger": "ned", "signed out": "rita"}
    browsers = {caller: Browser(server) for caller in people}
    for caller, name in people.items():
        assert browsers[caller].sign_in(name, passwords[name]).status == 303
    kept = {
        caller: Caller({"Cookie": f"{SESSION_COOKIE}={browsers[caller].cookies[SESSION_COOKIE]}"}) for caller in people
    }
    assert browsers["signed out"].sign_out().status == 303
    return kept


def revoke(server: Server, secret: str) -> None:
    with beside(server) as services, services.db.read() as tx:
        row = keys.find_by_hash(tx, digest_of(secret.encode()))
    assert row is not None
    change(server, revoke_key, row.id)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = start_server(data=tmp_path_factory.mktemp("matrix") / "data")
    try:
        create_feed(server, "open", LOGO)
        create_feed(server, "elsewhere")
        create_feed(server, "shut", "read=authenticated", LOGO)
        yield Place(server, make_callers(server))
    finally:
        server.stop()


def path_of(route: Route, package_id: str, version: str = "1.0.0") -> str:
    return route.path.format(
        id=package_id, version=version, file=f"{package_id}.{version}.nupkg", lower=version, upper=version, table="days"
    )


def read(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    return place.server.request("GET", f"/feeds/{feed}{path}", headers=caller.login)


def search(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    return read(place, caller, feed, f"{path}?q={THERE}")


def look(place: Place, caller: Caller, feed: str, path: str) -> Answer:
    """As a browser does."""
    return place.server.request("GET", f"/feeds/{feed}{path}", headers={"Accept": TEXT_HTML, **caller.login})


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
        if not self.is_read and caller in {"anonymous", "empty login", "signed out", *BROWSERS}:
            return 401
        if caller in {*STRANGERS, "signed out"}:
            return 401 if self.is_read else 403
        if feed == "missing" or (feed == "private" and caller in NOT_HERE):
            return 404
        return 403 if caller in self.refused or (not self.is_read and caller == "key of another feed") else self.success


READ, SEARCH, PAGE = Row(read, 200), Row(search, 200), Row(look, 200)
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
    "home": PAGE,
    "packages": PAGE,
    "package": PAGE,
    "version": PAGE,
    "license": PAGE,
    "versions-feed": READ,
    "stats": PAGE,
    "stats-csv": READ,
    "logo": READ,
    "opensearch": READ,
    "create-verification-key": Row(write("POST"), 200, is_read=False, refused=("reader", "key of other ids")),
    "verifykey": Row(verify, 200, is_read=False, refused=NO_OWNERS),
    "push": Row(push, 201, is_read=False, refused=NO_OWNERS),
    "check": Row(check, 200, is_read=False, refused=("reader",)),
    "delete": Row(write("DELETE"), 204, is_read=False, refused=NO_OWNERS),
    "relist": Row(write("POST"), 200, is_read=False, refused=NO_OWNERS),
}
OF_OPERATORS = [route for route in SERVER_ROUTES if route.name in {"health-live", "health-ready", "metrics", "robots"}]
OF_PAGES = {"feeds", "sign-in", "sign-out", "static"}
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
        is_page = row.ask is look
        assert challenge.startswith("ApiKey" if feed == "public" else "Bearer" if is_page else "Basic")


def told(answer: Answer, package_id: str) -> tuple[object, ...]:
    """All that an answer says, but for the id that was asked for and what differs each time."""
    request_id = answer.header("X-Request-Id") or "-"
    text = re.sub(r"[0-9a-f]{64}|motherlode-form=[\w-]{43}", "", f"{answer.headers}{answer.body!r}")
    text = text.replace(request_id, "")
    for spelling in (package_id, package_id.lower()):
        text = text.replace(spelling, "ID")
    return answer.status, [line for line in text.split("('") if not line.lower().startswith("date'")]


@pytest.mark.parametrize("caller", [*STRANGERS, "signed out", *NOT_HERE])
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


@pytest.mark.parametrize("caller", [*STRANGERS, "signed out", *NOT_HERE])
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
@pytest.mark.parametrize("route", [pytest.param(route, id=route.name) for route in OF_OPERATORS])
def test_operators_addresses_answer_everybody_and_name_nothing(place: Place, route: Route, caller: str) -> None:
    answer = place.server.request("GET", route.path, headers=place.callers[caller].login)
    assert answer.status == 200
    for name in (THERE, "shut", "olga"):
        assert name.lower().encode() not in answer.body.lower()


@pytest.mark.parametrize("caller", CALLERS)
def test_the_form_that_signs_in_is_for_everybody_and_names_nothing_but_who_asks(place: Place, caller: str) -> None:
    headers = {"Accept": TEXT_HTML, **place.callers[caller].login}
    answer = place.server.request("GET", "/sign-in", headers=headers)
    assert answer.status == 200
    for name in (THERE, "shut", "paul"):
        assert name.lower().encode() not in answer.body.lower()


def test_every_route_has_a_row() -> None:
    assert {route.name for route in FEED_ROUTES} == set(ROWS)
    assert {route.name for route in SERVER_ROUTES} == {route.name for route in OF_OPERATORS} | OF_PAGES
