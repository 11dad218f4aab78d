"""The log of a server: one line a request, with all that is worth knowing and no secret."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.protocol.wire import exchange, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server


def lines_of(server: Server) -> list[str]:
    """The log, once the server has ended."""
    assert server.stop() == 0
    return (server.data.parent / f"{server.data.name}.log").read_text().splitlines()


def requests_of(server: Server) -> dict[str, dict[str, Any]]:
    """The lines of requests by their ids."""
    events = [json.loads(line) for line in lines_of(server)]
    return {event["request_id"]: event for event in events if event["event"] == "request"}


def request_id(answer: Answer) -> str:
    return answer.header("x-request-id") or ""


def test_each_request_has_one_line_with_what_is_worth_knowing(server: Server) -> None:
    pushed = server.push(nupkg("Acme.Logged"))
    again = server.push(nupkg("Acme.Logged"))
    read = server.get("/v3/flat/acme.logged/1.0.0/acme.logged.1.0.0.nupkg")
    unlisted = server.change("DELETE", "acme.logged", "1.0")
    missed = server.get("/no/such/path")

    logged = requests_of(server)

    assert len(logged) == 5
    expected: list[tuple[Answer, dict[str, Any]]] = [
        (pushed, {"method": "PUT", "route": "push", "status": 201, "package": "Acme.Logged 1.0.0", "feed": "default"}),
        (again, {"route": "push", "status": 409, "refusal": "package-exists"}),
        (
            read,
            {"method": "GET", "route": "file", "package": "acme.logged 1.0.0", "client": "127.0.0.1"},
        ),
        (unlisted, {"method": "DELETE", "route": "delete", "status": 204, "package": "acme.logged 1.0.0"}),
        (missed, {"route": "none", "status": 404, "path": "/no/such/path"}),
    ]
    for answer, wanted in expected:
        line = logged[request_id(answer)]
        assert {name: line.get(name) for name in wanted} == wanted
        assert line["duration_ms"] >= 0
        assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None
    assert logged[request_id(pushed)]["key"].startswith("key-")
    assert "key" not in logged[request_id(read)]


def test_the_request_id_of_a_refusal_is_in_its_body(shared_server: Server) -> None:
    answer = shared_server.get("/no/such/path")
    assert json.loads(answer.body)["request_id"] == request_id(answer)


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_secret_is_ever_logged(serve: Callable[..., Server], style: str) -> None:
    server = serve(environment={"MOTHERLODE_LOG_FORMAT": style, "MOTHERLODE_LOG_LEVEL": "debug"})
    secrets = [server.key, "wrong-key-of-somebody", "password-of-somebody"]
    login = b64encode(b"user:password-of-somebody").decode()
    assert server.push(nupkg("Acme.Quiet")).status == 201
    assert server.push(nupkg("Acme.Quiet"), key="wrong-key-of-somebody").status == 403
    for secret in secrets[:2]:
        server.get(f"/v3/index.json?key={secret}", Authorization=f"Basic {login}", X_NuGet_ApiKey=secret)
    server.request("PUT", "/api/v2/package", body=b"no package", headers={"X-NuGet-ApiKey": server.key})
    log = "\n".join(lines_of(server))
    assert "request" in log
    assert not any(secret in log for secret in [*secrets, login])


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_request_cannot_forge_a_line(serve: Callable[..., Server], style: str) -> None:
    server = serve(environment={"MOTHERLODE_LOG_FORMAT": style})
    for path in ("/x%0AFORGED line", "/x%0D%0AFORGED", "/x%E2%80%A8FORGED", "/x%1B[31mFORGED", "/x%C2%9B31mFORGED"):
        exchange(server, request_bytes("GET", path.replace(" ", "%20")))
    log = (server.data.parent / f"{server.data.name}.log").read_bytes() if server.stop() == 0 else b""
    assert b"FORGED" in log
    assert not any(line.startswith(b"FORGED") for line in log.splitlines())
    assert b"\x1b[31mFORGED" not in log
    assert log.isascii()


def test_the_client_is_whom_the_last_trusted_proxy_names(serve: Callable[..., Server]) -> None:
    """Whether proxies append to the line of a client or add one of their own."""
    server = serve(environment={"MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    sent = [
        ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 198.51.100.9"),
        ("X-Forwarded-For: 6.6.6.6, 198.51.100.9",),
        ("X-Forwarded-For: 6.6.6.6, 198.51.100.9", "X-Forwarded-For: 10.1.1.1"),
        ("X-Forwarded-For: 6.6.6.6", "Accept: */*", "X-Forwarded-For: [::ffff:198.51.100.9]:4711"),
        ("Forwarded: for=6.6.6.6", 'Forwarded: for="198.51.100.9:80"'),
        ("Forwarded: for=6.6.6.6", "X-Forwarded-For: 198.51.100.9"),
    ]
    answers = [exchange(server, request_bytes("GET", "/v3/index.json", *headers)) for headers in sent]
    logged = requests_of(server)
    assert [logged[request_id(answer)]["client"] for answer in answers] == ["198.51.100.9"] * len(sent)
