"""Who may do what changes while a push is on its way, and two push the same new id: what counts is the end."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from zlib import crc32

import pytest

from motherlode.nuget.ids import parse_package_id
from motherlode.store import feeds
from motherlode.store.accounts import owners
from motherlode.usecases.accounts.accounts import disable_account, set_password
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.usecases.keys.api_keys import revoke_key
from motherlode.usecases.packages.owners import add_owner
from tests.protocol.live_changes import add_key, add_user, audit_lines, beside, change, key_id_of
from tests.support.builders import nupkg
from tests.support.leaks import new_password
from tests.support.servers import Answer, Server

PATH = "/api/v2/package/"
TIMEOUT_S = 30


class SlowPush:
    """A push of which the head and the first bytes have come, and whose sender is known to the server."""

    def __init__(self, server: Server, key: str, package: bytes) -> None:
        self._rest = package[50:]
        self._socket: socket.socket = server.connect()
        head = f"PUT {PATH} HTTP/1.1\r\nHost: x\r\nX-NuGet-ApiKey: {key}\r\nExpect: 100-continue\r\n"
        head += f"Content-Type: application/octet-stream\r\nContent-Length: {len(package)}\r\nConnection: close\r\n\r\n"
        self._socket.sendall(head.encode())
        # The server asks for a body only once it has judged the head.
        assert self._socket.recv(100).startswith(b"HTTP/1.1 100 ")
        self._socket.sendall(package[:50])

    def end(self) -> Answer:
        """Send the rest; returns the answer."""
        self._socket.sendall(self._rest)
        response = HTTPResponse(self._socket)
        response.begin()
        answer = Answer(response.status, response.getheaders(), response.read())
        self._socket.close()
        return answer


def owners_of(server: Server, package_id: str) -> list[str]:
    with beside(server) as services, services.db.read() as tx:
        feed_id = feeds.get(tx, "default").id
        return [owner.name for owner in owners.of_id(tx, feed_id, package_id.lower())]


def blobs_of(server: Server) -> set[Path]:
    return {path for path in server.data.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"PK"}


def wait_for_refusal(server: Server, subject: str) -> list[tuple[str, str | None]]:
    """Key and reason of the lines about a refused push, which are written beside the answer."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not (lines := audit_lines(server, action="refuse-push", subject=subject)):
        assert time.monotonic() < deadline_s, "no line came"
    return [(line.key_id or "", line.reason) for line in lines]


@pytest.fixture
def ada(shared_server: Server, request: pytest.FixtureRequest) -> str:
    """A publisher of a name of her own."""
    name = f"ada-{crc32(request.node.nodeid.encode())}"
    add_user(shared_server, name, default="publisher")
    return name


ENDS: dict[str, Callable[[Server, str, str], object]] = {
    "the key is revoked": lambda server, name, key: change(server, revoke_key, key_id_of(server, key)),
    "the user is disabled": lambda server, name, key: change(server, disable_account, name),
    "the role is withdrawn": lambda server, name, key: change(server, withdraw_role, "default", name),
}


@pytest.mark.parametrize(("number", "end"), list(enumerate(ENDS.values())), ids=ENDS)
def test_who_may_not_any_more_when_the_body_has_come_has_pushed_nothing(
    shared_server: Server, ada: str, number: int, end: Callable[[Server, str, str], object]
) -> None:
    server, key, package_id = shared_server, add_key(shared_server, ada), f"Late.Push{number}"
    before = blobs_of(server)
    pushing = SlowPush(server, key, nupkg(package_id))
    end(server, ada, key)
    answer = pushing.end()
    assert answer.status == 403
    assert answer.header("x-nuget-warning")
    assert server.get(f"/v3/flat/{package_id.lower()}/index.json").status == 404
    assert owners_of(server, package_id) == []
    assert audit_lines(server, action="push", subject=f"{package_id}*") == []
    assert blobs_of(server) == before
    [(key_id, reason)] = wait_for_refusal(server, f"{package_id} 1.0.0")
    assert key_id == key_id_of(server, key)
    assert reason
    # The id is as free as it was.
    assert server.push(nupkg(package_id)).status == 201


UNCONCERNED: dict[str, Callable[[Server, str], object]] = {
    "another's role": lambda server, name: add_user(server, f"not-{name}", default="publisher"),
    "her password": lambda server, name: change(server, set_password, name, new_password()),
    "the same role again": lambda server, name: change(server, grant_role, "default", name, "publisher"),
}


@pytest.mark.parametrize(("number", "concern"), list(enumerate(UNCONCERNED.values())), ids=UNCONCERNED)
@pytest.mark.parametrize("is_hers", [True, False], ids=["a user's key", "nobody's key"])
def test_what_does_not_concern_the_key_stops_nothing(
    shared_server: Server, ada: str, number: int, concern: Callable[[Server, str], object], *, is_hers: bool
) -> None:
    key, package_id = add_key(shared_server, ada if is_hers else None), f"Fine.Push{number}.{is_hers}"
    pushing = SlowPush(shared_server, key, nupkg(package_id))
    concern(shared_server, ada)
    assert pushing.end().status == 201
    assert owners_of(shared_server, package_id) == ([ada] if is_hers else [])


def test_the_environments_key_goes_on_pushing(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_BOOTSTRAP_KEY": new_password()})
    pushing = SlowPush(server, server.key, nupkg("Acme.Outside"))
    add_user(server, "ada", default="publisher")
    assert pushing.end().status == 201


@pytest.mark.parametrize("payload_bytes", [10, 3_000_000], ids=["small", "large"])
def test_of_two_who_push_the_same_new_id_one_owns_it_and_the_other_is_told_so(
    shared_server: Server, ada: str, payload_bytes: int
) -> None:
    other = f"not-{ada}"
    add_user(shared_server, other, default="publisher")
    names = {add_key(shared_server, name): name for name in (ada, other)}
    for number in range(3):
        package_id = f"Race{payload_bytes}.Number{number}"
        packages = [nupkg(package_id, version, payload_bytes=payload_bytes) for version in ("1.0.0", "2.0.0")]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda key, body: shared_server.push(body, key=key), names, packages))
        first, second = sorted(zip(answers, names, ("1.0.0", "2.0.0"), strict=True), key=lambda end: end[0].status)
        assert (first[0].status, second[0].status) == (201, 403)
        assert owners_of(shared_server, package_id) == [names[first[1]]]
        problem = json.loads(second[0].body)
        assert problem["code"] == "not-allowed"
        assert problem["detail"].startswith(f"This API key does not belong to an owner of {package_id}.")
        [(key_id, reason)] = wait_for_refusal(shared_server, f"{package_id} {second[2]}")
        assert (key_id, reason) == (key_id_of(shared_server, second[1]), problem["detail"])


def test_a_new_id_that_somebody_else_has_pushed_meanwhile_is_his(shared_server: Server, ada: str) -> None:
    """The loser's body came last, whatever came first."""
    package_id, other = "Acme.Overtaken", f"not-{ada}"
    add_user(shared_server, other, default="publisher")
    pushing = SlowPush(shared_server, add_key(shared_server, ada), nupkg(package_id))
    assert shared_server.push(nupkg(package_id, "2.0.0"), key=add_key(shared_server, other)).status == 201
    answer = pushing.end()
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "not-allowed")
    assert owners_of(shared_server, package_id) == [other]


def test_an_owner_without_a_role_pushes_new_versions_of_her_id_with_a_default_key(
    shared_server: Server, ada: str
) -> None:
    server, owner = shared_server, f"owner-{ada}"
    assert server.push(nupkg("Shared.Thing"), key=add_key(server, ada)).status == 201
    add_user(server, owner)
    change(server, add_owner, parse_package_id("Shared.Thing"), owner, feed="default")
    change(server, withdraw_role, "default", ada)
    for number, key in enumerate((add_key(server, owner), add_key(server, ada)), start=2):
        assert server.push(nupkg("Shared.Thing", f"{number}.0.0"), key=key).status == 201
        refused = server.push(nupkg(f"Another.Thing{number}"), key=key)
        assert (refused.status, "is new here" in (refused.header("x-nuget-warning") or "")) == (403, True)
