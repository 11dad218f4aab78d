"""Refused attempts of those who are known stand in the audit log; those of strangers do not."""

from collections.abc import Callable

from motherlode.identity.keys import digest_of
from motherlode.store.accounts import api_keys
from motherlode.store.audit.log import AuditLine
from motherlode.usecases.keys.api_keys import revoke_key
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, audit_lines, basic, bearer, beside, change, set_feed
from tests.support.builders import nupkg
from tests.support.servers import Server


def refusal_lines(server: Server) -> list[AuditLine]:
    """The lines about refusals, all of them: they are written beside the answers, and before the server has ended."""
    server.stop()
    return [line for line in audit_lines(server) if line.action.startswith("refuse-")]


def refusals(server: Server) -> list[tuple[str, str, str | None, str]]:
    """Actor, action, feed and subject of each line about a refusal."""
    return [(line.actor, line.action, line.feed, line.subject) for line in refusal_lines(server)]


def key_id_of(server: Server, secret: str) -> str:
    with beside(server) as services, services.db.read() as tx:
        row = api_keys.find_by_hash(tx, digest_of(secret.encode()))
    assert row is not None
    return row.id


def test_a_push_outside_of_the_keys_globs(server: Server) -> None:
    add_user(server, "ada", default="publisher")
    key = add_key(server, "ada", globs=["Contoso.*"])
    body = nupkg("Fabrikam.Core")
    answers = [server.push(body, key=key) for _ in range(3)]
    assert {answer.status for answer in answers} == {403}
    assert "Contoso.*" in (answers[0].header("x-nuget-warning") or "")
    [line] = refusal_lines(server)
    assert (line.actor, line.action) == ("ada", "refuse-push")
    assert (line.actor, line.feed, line.subject) == ("ada", "default", "Fabrikam.Core 1.0.0")
    assert (line.key_id, line.address) == (key_id_of(server, key), "127.0.0.1")
    assert line.request_id == answers[0].header("x-request-id")
    assert "Contoso.*" in (line.reason or "")


def test_other_attempts_have_lines_of_their_own(server: Server) -> None:
    assert server.push(nupkg("Acme.Others")).status == 201
    add_user(server, "ada", default="publisher")
    key = add_key(server, "ada")
    for method, version in (("DELETE", "1.0.0"), ("DELETE", "1.0"), ("POST", "1.0.0")):
        assert server.change(method, "acme.others", version, key=key).status == 403
    assert server.push(nupkg("Acme.Others", "2.0.0"), key=key).status == 403
    assert refusals(server) == [
        ("ada", "refuse-delete", "default", "acme.others 1.0.0"),
        ("ada", "refuse-relist", "default", "acme.others 1.0.0"),
        ("ada", "refuse-push", "default", "Acme.Others 2.0.0"),
    ]


def test_a_key_that_was_revoked(server: Server) -> None:
    add_user(server, "ada", default="publisher")
    key = add_key(server, "ada")
    change(server, revoke_key, key_id_of(server, key))
    assert server.push(nupkg("Acme.Late"), key=key).status == 403
    [line] = refusal_lines(server)
    assert line.action == "refuse-push"
    assert line.key_id == key_id_of(server, key)
    assert "revoked" in (line.reason or "")


def test_what_is_hidden_from_somebody_who_signed_in(server: Server) -> None:
    create_feed(server, "inner", "read=authenticated")
    login = basic("ada", add_user(server, "ada"))
    for _ in range(2):
        for path in ("/feeds/inner/v3/index.json", "/feeds/inner/v3/flat/acme.core/1.0.0/readme"):
            assert server.request("GET", path, headers=login).status == 404
    assert refusals(server) == [
        ("ada", "refuse-service-index", "inner", "inner"),
        ("ada", "refuse-file", "inner", "acme.core 1.0.0"),
    ]


def test_strangers_write_nothing(serve: Callable[..., Server]) -> None:
    server = serve()
    set_feed(server, "default", read="authenticated")
    before = audit_lines(server)
    for headers in ({}, basic("ada", "wrong password"), bearer("wrong"), {"X-NuGet-ApiKey": "wrong"}):
        for method, path in (("GET", "/v3/index.json"), ("PUT", "/api/v2/package"), ("GET", "/feeds/never/v3/search")):
            assert server.request(method, path, headers=headers).status in {401, 403}
    assert server.stop() == 0
    assert audit_lines(server) == before


def test_one_caller_does_not_fill_the_log_and_how_much_more_he_tried_is_told(server: Server) -> None:
    key = add_key(server, globs=["Contoso.*"])
    for number in range(100):
        assert server.change("DELETE", f"acme.{number}", "1.0.0", key=key).status == 403
    *each, more = refusal_lines(server)
    assert [line.subject for line in each] == [f"acme.{number} 1.0.0" for number in range(60)]
    assert (more.action, more.reason) == ("refuse-more", "and 40 more attempts were refused")
    assert (more.actor, more.key_id) == (each[0].actor, each[0].key_id)


def test_no_read_waits_for_the_write_lock(server: Server) -> None:
    """Neither a first sign-in nor a refusal, though both are written down."""
    create_feed(server, "inner", "read=authenticated")
    logins = [
        basic(name, add_user(server, name, **roles)) for name, roles in (("ada", {"inner": "reader"}), ("bob", {}))
    ]
    with beside(server) as services, services.db.write():
        answers = [server.request("GET", "/feeds/inner/v3/index.json", headers=login) for login in logins]
    assert [answer.status for answer in answers] == [200, 404]
    server.stop()
    lines = [(line.actor, line.action) for line in audit_lines(server) if line.actor in {"ada", "bob"}]
    assert lines == [("ada", "sign-in"), ("bob", "sign-in"), ("bob", "refuse-service-index")]
