"""Who may do what changes while the server runs: the next request is bound by it, however often one was answered."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from motherlode.identity.keys import digest_of
from motherlode.store.accounts import api_keys
from motherlode.usecases.accounts.accounts import disable_account, enable_account, set_password
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.usecases.keys.api_keys import revoke_key
from tests.protocol.live_changes import add_key, add_user, audit_lines, basic, bearer, beside, change, set_feed
from tests.support.builders import nupkg
from tests.support.leaks import new_password
from tests.support.servers import Server

VERSIONS = "/v3/flat/acme.inner/index.json"
PACKAGE = "/v3/flat/acme.inner/1.0.0/acme.inner.1.0.0.nupkg"


@pytest.fixture(params=[1, 2], ids=["1 worker", "2 workers"])
def private(serve: Callable[..., Server], request: pytest.FixtureRequest) -> Server:
    """A server whose one feed is private, and has one package."""
    server = serve(workers=request.param)
    assert server.push(nupkg("Acme.Inner")).status == 201
    set_feed(server, "default", read="authenticated")
    return server


def statuses(server: Server, headers: dict[str, str]) -> set[int]:
    """What each worker answers, on the long and the short way."""
    with ThreadPoolExecutor(2) as pool:
        paths = [VERSIONS, PACKAGE] * 6
        return set(pool.map(lambda path: server.request("GET", path, headers=headers).status, paths))


def key_id_of(server: Server, secret: str) -> str:
    with beside(server) as services, services.db.read() as tx:
        row = api_keys.find_by_hash(tx, digest_of(secret.encode()))
    assert row is not None
    return row.id


def test_a_feed_that_turns_private_and_back(private: Server) -> None:
    assert statuses(private, {}) == {401}
    for _ in range(2):
        set_feed(private, "default", read="anonymous")
        assert statuses(private, {}) == {200}
        set_feed(private, "default", read="authenticated")
        assert statuses(private, {}) == {401}
        assert statuses(private, bearer(private.key)) == {200}


def test_a_revoked_key_reads_and_writes_no_more(private: Server) -> None:
    add_user(private, "ada", default="publisher")
    key = add_key(private, "ada")
    assert statuses(private, bearer(key)) == {200}
    assert private.push(nupkg("Acme.More"), key=key).status == 201
    change(private, revoke_key, key_id_of(private, key))
    assert statuses(private, bearer(key)) == {401}
    assert private.push(nupkg("Acme.More", "2.0.0"), key=key).status == 403


def test_a_disabled_user_is_out_with_all_his_credentials(private: Server) -> None:
    logins = [basic("ada", add_user(private, "ada", default="reader")), bearer(add_key(private, "ada"))]
    for login in logins:
        assert statuses(private, login) == {200}
    change(private, disable_account, "ada")
    for login in logins:
        assert statuses(private, login) == {401}
    change(private, enable_account, "ada")
    for login in logins:
        assert statuses(private, login) == {200}


def test_a_role_that_is_withdrawn_and_granted_again(private: Server) -> None:
    login = basic("ada", add_user(private, "ada", default="reader"))
    assert statuses(private, login) == {200}
    change(private, withdraw_role, "default", "ada")
    assert statuses(private, login) == {404}
    change(private, grant_role, "default", "ada", "reader")
    assert statuses(private, login) == {200}


def test_a_new_password_takes_the_place_of_the_old_one(private: Server) -> None:
    old, new = basic("ada", add_user(private, "ada", default="reader")), new_password()
    assert statuses(private, old) == {200}
    assert statuses(private, basic("ada", new)) == {401}
    change(private, set_password, "ada", new)
    assert statuses(private, old) == {401}
    assert statuses(private, basic("ada", new)) == {200}


def test_what_changes_for_others_costs_no_new_sign_in(serve: Callable[..., Server]) -> None:
    server = serve()
    set_feed(server, "default", read="authenticated")
    login = basic("ada", add_user(server, "ada", default="reader"))
    for number in range(5):
        assert server.request("GET", "/v3/index.json", headers=login).status == 200
        add_user(server, f"user-{number}", default="reader")
    assert b'motherlode_sign_ins_total{result="ok"} 1.0' in server.get("/metrics").body
    assert server.stop() == 0
    assert len(audit_lines(server, action="sign-in")) == 1


def test_many_requests_with_one_login_at_once_are_one_sign_in(serve: Callable[..., Server]) -> None:
    server = serve()
    set_feed(server, "default", read="authenticated")
    login = basic("ada", add_user(server, "ada", default="reader"))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: server.request("GET", "/v3/index.json", headers=login), range(40)))
    assert {answer.status for answer in answers} == {200}
    assert server.stop() == 0
    assert len(audit_lines(server, action="sign-in")) == 1


def test_the_last_use_of_a_key_is_written_down(serve: Callable[..., Server]) -> None:
    server = serve()
    set_feed(server, "default", read="authenticated")
    reading, pushing, idle = (add_key(server) for _ in range(3))
    began_s = time.time()
    for _ in range(3):
        assert server.request("GET", "/v3/index.json", headers=bearer(reading)).status == 200
    assert server.push(nupkg("Acme.Used"), key=pushing).status == 201
    ids = [key_id_of(server, key) for key in (reading, pushing, idle)]
    assert server.stop() == 0
    with beside(server) as services, services.db.read() as tx:
        rows = {row.id: row for row in api_keys.read_all(tx)}
    for key_id in ids[:2]:
        used_at = rows[key_id].last_used_at
        assert used_at is not None
        assert began_s - 1 <= used_at.timestamp() <= time.time() + 1
        assert rows[key_id].last_used_address == "127.0.0.1"
    assert rows[ids[2]].last_used_at is None
