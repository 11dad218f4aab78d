"""Verification keys: as nuget.org has them, on every feed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from motherlode.store.accounts import permissions_version
from motherlode.usecases.keys.api_keys import revoke_key
from motherlode.usecases.keys.verification_keys import MOST_OPEN
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import (
    add_key,
    add_user,
    audit_lines,
    basic,
    bearer,
    beside,
    change,
    key_id_of,
    set_feed,
)
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server

FEEDS = ["", "/feeds/inner"]


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """A server with a public and a private feed, and one package of ada's on both."""
    server = shared_server
    create_feed(server, "inner", "read=authenticated")
    add_user(server, "ada", default="publisher", inner="publisher")
    key = add_key(server, "ada")
    for feed in FEEDS:
        assert server.push(nupkg("Acme.Symbols"), feed=feed, key=key).status == 201
    return server


def create(server: Server, key: str, package_id: str = "Acme.Symbols", *, feed: str = "", version: str = "") -> Answer:
    path = f"{feed}/api/v2/package/create-verification-key/{package_id}{version}"
    return server.request("POST", path, headers={"X-NuGet-ApiKey": key})


def verify(server: Server, key: str, package_id: str = "Acme.Symbols", *, feed: str = "", version: str = "") -> Answer:
    path = f"{feed}/api/v2/verifykey/{package_id}{version}"
    return server.request("GET", path, headers={"X-NuGet-ApiKey": key})


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"]


def access_number(server: Server) -> int:
    with beside(server) as services, services.db.read() as tx:
        return permissions_version.number(tx)


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("version", ["", "/1.0.0", "/1.0.0/"])
def test_one_verifies_once(stocked: Server, feed: str, version: str) -> None:
    created = create(stocked, add_key(stocked, "ada"), feed=feed, version=version)
    assert (created.status, created.header("cache-control")) == (200, "no-store")
    problem = json.loads(created.body)
    assert list(problem) == ["Key", "Expires"]
    expires_at = datetime.fromisoformat(problem["Expires"])
    assert abs(expires_at - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)
    verified = verify(stocked, problem["Key"], feed=feed, version=version)
    assert (verified.status, verified.body, verified.header("cache-control")) == (200, b"", "no-store")
    assert verify(stocked, problem["Key"], feed=feed, version=version).status == 403


@pytest.mark.parametrize("feed", FEEDS)
def test_it_is_used_up_whatever_the_outcome(stocked: Server, feed: str) -> None:
    key = json.loads(create(stocked, add_key(stocked, "ada"), feed=feed).body)["Key"]
    assert code(verify(stocked, key, feed=feed, version="/9.9.9")) == (404, "package-not-found")
    assert verify(stocked, key, feed=feed).status == 403


def test_an_ordinary_key_verifies_as_often_as_it_likes(stocked: Server) -> None:
    key = add_key(stocked, "ada")
    assert [verify(stocked, key, version=version).status for version in ("", "/1.0.0", "/1.0.0")] == [200] * 3
    for login in (basic("any", key), bearer(key)):
        assert stocked.request("GET", "/api/v2/verifykey/acme.symbols", headers=login).status == 200


def test_what_is_not_there_and_who_may_not(stocked: Server) -> None:
    ada = add_key(stocked, "ada")
    assert code(verify(stocked, ada, "Acme.Never")) == (404, "id-not-found")
    assert code(verify(stocked, ada, version="/2.0.0")) == (404, "package-not-found")
    assert code(verify(stocked, "wrong")) == (403, "key-refused")
    assert code(stocked.get("/api/v2/verifykey/Acme.Symbols")) == (401, "key-missing")
    add_user(stocked, "bob", default="publisher")
    assert code(verify(stocked, add_key(stocked, "bob"))) == (403, "not-allowed")
    assert code(verify(stocked, add_key(stocked, "ada", globs=["Contoso.*"]))) == (403, "not-allowed")
    assert code(verify(stocked, add_key(stocked, "ada", rights=["read"]))) == (403, "not-allowed")


def test_it_can_do_nothing_else(stocked: Server) -> None:
    for feed in FEEDS:
        key = json.loads(create(stocked, add_key(stocked, "ada"), feed=feed).body)["Key"]
        assert stocked.push(nupkg("Acme.Symbols", "2.0.0"), feed=feed, key=key).status == 403
        assert stocked.request("GET", "/feeds/inner/v3/index.json", headers=bearer(key)).status == 404
        assert create(stocked, key, feed=feed).status == 403
        assert verify(stocked, key, feed=feed).status == 200


def test_it_is_for_its_feed_and_id(stocked: Server) -> None:
    assert stocked.push(nupkg("Acme.Else"), key=add_key(stocked, "ada")).status == 201
    ada = add_key(stocked, "ada")
    inner = json.loads(create(stocked, ada, feed="/feeds/inner").body)["Key"]
    assert verify(stocked, inner).status == 403
    outer = json.loads(create(stocked, ada).body)["Key"]
    assert verify(stocked, outer, feed="/feeds/inner").status == 404
    assert verify(stocked, json.loads(create(stocked, ada).body)["Key"], "Acme.Else").status == 403


def test_the_shape_wins_over_relist(stocked: Server) -> None:
    assert create(stocked, add_key(stocked, "ada"), "1.0.0").status == 200
    assert stocked.change("DELETE", "create-verification-key", "1.0.0").status == 404


def test_both_are_audited_and_neither_holds_the_key(stocked: Server) -> None:
    key = json.loads(create(stocked, add_key(stocked, "ada")).body)["Key"]
    assert verify(stocked, key, version="/1.0.0").status == 200
    lines = [line for line in audit_lines(stocked) if not line.action.startswith("refuse-")][-2:]
    assert [(line.actor, line.action) for line in lines] == [("ada", "create-verification-key"), ("ada", "verify")]
    assert key not in repr(lines)


def test_what_an_ordinary_key_asks_is_written_down_nowhere(server: Server) -> None:
    """Neither at once nor beside the answer: a server that has ended has written all it had to."""
    add_user(server, "ada", default="publisher")
    ada = add_key(server, "ada")
    assert server.push(nupkg("Acme.Symbols"), key=ada).status == 201
    before = audit_lines(server)
    assert verify(server, ada).status == 200
    assert verify(server, ada, version="/1.0.0").status == 200
    assert code(verify(server, ada, version="/2.0.0")) == (404, "package-not-found")
    assert server.stop() == 0
    assert audit_lines(server) == before


def test_it_ends_with_the_key_that_asked_for_it(stocked: Server) -> None:
    maker, other = add_key(stocked, "ada"), add_key(stocked, "ada")
    key, of_other = (json.loads(create(stocked, asking).body)["Key"] for asking in (maker, other))
    change(stocked, revoke_key, key_id_of(stocked, maker))
    assert code(verify(stocked, key)) == (403, "key-refused")
    assert verify(stocked, of_other).status == 200


def test_that_of_a_key_of_nobodys_is_good_until_the_id_is_somebodys(stocked: Server) -> None:
    nobody, carol = add_key(stocked), "carol"
    add_user(stocked, carol, default="publisher")
    key = json.loads(create(stocked, nobody, "Later.Owned").body)["Key"]
    assert stocked.push(nupkg("Later.Owned"), key=add_key(stocked, carol)).status == 201
    assert code(verify(stocked, key, "Later.Owned")) == (403, "not-allowed")
    assert code(verify(stocked, nobody, "Later.Owned")) == (403, "not-allowed")


def test_that_of_an_administrators_key_is_good_for_what_others_own(stocked: Server) -> None:
    for feed in FEEDS:
        key = json.loads(create(stocked, stocked.key, feed=feed).body)["Key"]
        assert verify(stocked, key, feed=feed).status == 200


def test_its_use_makes_nobody_be_judged_anew(stocked: Server) -> None:
    ada = add_key(stocked, "ada")
    key = json.loads(create(stocked, ada).body)["Key"]
    before = access_number(stocked)
    assert verify(stocked, key).status == 200
    assert access_number(stocked) == before


def test_a_maker_has_a_hundred_that_are_open(serve: Callable[..., Server]) -> None:
    server = serve()
    made = [json.loads(create(server, server.key, "Acme.Any").body)["Key"] for _ in range(MOST_OPEN + 1)]
    assert code(verify(server, made[0], "Acme.Any")) == (403, "key-refused")
    for key in (made[1], made[-1]):
        assert code(verify(server, key, "Acme.Any")) == (404, "id-not-found")


def test_where_every_feed_is_private_a_stranger_is_asked_for_a_login(serve: Callable[..., Server]) -> None:
    server = serve()
    set_feed(server, "default", read="authenticated")
    for answer in (
        server.request("POST", "/api/v2/package/create-verification-key/x"),
        server.get("/api/v2/verifykey/x"),
    ):
        assert (answer.status, answer.header("www-authenticate")) == (401, 'Basic realm="Motherlode", charset="UTF-8"')
