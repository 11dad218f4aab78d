"""`require_protocol_version`: clients that are too old, or do not say, push nothing."""

import json

import pytest

from tests.protocol.live_changes import set_feed
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, form, start_server

NEW = {"X-NuGet-Protocol-Version": "4.1.0"}


@pytest.fixture(scope="module")
def choosy(tmp_path_factory: pytest.TempPathFactory):
    """A server that takes pushes of protocol 4.1.0 and newer."""
    server = start_server(data=tmp_path_factory.mktemp("choosy") / "data")
    set_feed(server, "default", require_protocol_version="4.1.0")
    assert push(server, nupkg("Acme.There"), NEW).status == 201
    yield server
    server.stop()


def push(server: Server, package: bytes, headers: dict[str, str], *, key: str | None = None) -> Answer:
    body, content_type = form(package)
    sent = {"Content-Type": content_type, "X-NuGet-ApiKey": key or server.key} | headers
    return server.request("PUT", "/api/v2/package", body=body, headers=sent)


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, False),
        ({"X-NuGet-Protocol-Version": "4.1.0"}, True),
        ({"X-NuGet-Protocol-Version": "4.1"}, True),
        ({"X-NuGet-Protocol-Version": "7.9.0"}, True),
        ({"X-NuGet-Protocol-Version": "4.0.9"}, False),
        ({"X-NuGet-Protocol-Version": "4.1.0-beta"}, False),
        ({"X-NuGet-Protocol-Version": "new"}, False),
        ({"X-NuGet-Protocol-Version": ""}, False),
        ({"X-NuGet-Client-Version": "4.1.0"}, True),
        ({"X-NuGet-Client-Version": "3.5.0"}, False),
        ({"X-NuGet-Protocol-Version": "3.0.0", "X-NuGet-Client-Version": "7.9.0"}, False),
        ({"X-NuGet-Protocol-Version": "4.1.0", "X-NuGet-Client-Version": "3.0.0"}, True),
    ],
)
def test_the_protocols_header_counts_and_else_the_clients(
    choosy: Server, headers: dict[str, str], *, is_taken: bool
) -> None:
    package = nupkg("Acme.There")
    answer = push(choosy, package, headers)
    if is_taken:
        assert json.loads(answer.body)["code"] == "package-exists"
        return
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "protocol-too-old")
    assert "4.1.0" in (answer.header("x-nuget-warning") or "")


def test_it_is_looked_at_after_the_key_and_before_the_package(choosy: Server) -> None:
    assert push(choosy, b"no package", {}, key="wrong").status == 403
    assert json.loads(push(choosy, b"no package", {}).body)["code"] == "protocol-too-old"


def test_verifykey_asks_for_it_and_nothing_else_does(choosy: Server) -> None:
    key = {"X-NuGet-ApiKey": choosy.key}
    assert choosy.request("GET", "/api/v2/verifykey/acme.there", headers=key).status == 400
    assert choosy.request("GET", "/api/v2/verifykey/acme.there", headers=key | NEW).status == 200
    created = choosy.request("POST", "/api/v2/package/create-verification-key/acme.there", headers=key)
    assert created.status == 200
    assert choosy.change("DELETE", "acme.there", "1.0.0").status == 204
    assert choosy.change("POST", "acme.there", "1.0.0").status == 200
    assert choosy.get("/v3/index.json").status == 200


def test_it_is_off_unless_set(server: Server) -> None:
    assert push(server, nupkg("Acme.Old"), {}).status == 201
