"""`POST /api/v1/check`: what a push would say, asked as a push is sent, and nothing is stored."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, audit_lines, set_feed
from tests.protocol.refusals import faults_of_refusal
from tests.protocol.traces_left import held_by
from tests.protocol.wire import chunked, exchange, request_bytes
from tests.support.builders import hostile, nupkg
from tests.support.servers import Answer, Server, form

PATH = "/api/v1/check"
MIB = 1024 * 1024
SYMBOLS = nupkg("Acme.Symbols", more='<packageTypes><packageType name="SymbolsPackage" /></packageTypes>')


@pytest.fixture
def package_id(request: pytest.FixtureRequest) -> str:
    """An id of the test's own."""
    return f"Check.{zlib.crc32(request.node.name.encode())}"


def said(answer: Answer) -> dict[str, Any]:
    """What the answer to a check holds."""
    assert answer.status == 200, answer.body
    assert (answer.header("content-type"), answer.header("cache-control")) == ("application/json", "no-store")
    said: dict[str, Any] = json.loads(answer.body)
    assert list(said) == ["is_valid", "status", "identity", "faults", "warnings"]
    return said


def codes(listed: list[dict[str, str]]) -> list[str]:
    assert all(each["message"].endswith(".") for each in listed)
    return [each["code"] for each in listed]


def test_a_sound_package_would_be_taken_and_is_not(shared_server: Server, package_id: str) -> None:
    package, before = nupkg(package_id, "1.0"), held_by(shared_server)
    verdict = said(shared_server.check(package))
    assert (verdict["is_valid"], verdict["status"], verdict["faults"]) == (True, 201, [])
    assert verdict["identity"] == {"id": package_id, "version": "1.0.0"}
    assert "license-missing" in codes(verdict["warnings"])
    assert held_by(shared_server) == before
    assert shared_server.get(f"/v3/flat/{package_id}/index.json").status == 404
    pushed = shared_server.push(package)
    assert pushed.all_headers("x-nuget-warning") == [each["message"] for each in verdict["warnings"]]


def test_every_fault_of_a_package_is_told(shared_server: Server, package_id: str) -> None:
    verdict = said(shared_server.check(nupkg(package_id, description="", title="t" * 300)))
    assert (verdict["is_valid"], verdict["status"], verdict["identity"]) == (False, 400, None)
    assert set(codes(verdict["faults"])) == {"description-missing", "text-too-long"}


def test_a_hundred_faults_are_told_where_a_push_has_room_for_a_few(shared_server: Server) -> None:
    """The answer to a check has a body, where dotnet looks at two kilobytes of headers."""
    dependencies = {f"Acme.Dependency{number}": "1.0.0+build" for number in range(200)}
    verdict = said(shared_server.check(nupkg("Check.Many", dependencies=dependencies)))
    assert len(verdict["faults"]) == 100


def test_a_version_that_is_there_would_be_409(shared_server: Server, package_id: str) -> None:
    assert shared_server.push(nupkg(package_id)).status == 201
    verdict = said(shared_server.check(nupkg(package_id, "1.0.0.0")))
    assert (verdict["status"], codes(verdict["faults"])) == (409, ["package-exists"])
    assert verdict["identity"] == {"id": package_id, "version": "1.0.0"}


def test_an_id_of_others_would_be_403_and_nobody_tried(shared_server: Server, package_id: str) -> None:
    for name in ("owen", "peggy"):
        add_user(shared_server, name, default="publisher")
    assert shared_server.push(nupkg(package_id), key=add_key(shared_server, "owen")).status == 201
    verdict = said(shared_server.check(nupkg(package_id), key=add_key(shared_server, "peggy")))
    assert (verdict["status"], codes(verdict["faults"])) == (403, ["not-allowed"])
    assert audit_lines(shared_server, actor="peggy", action="check") == []


def test_a_symbols_package_is_told_that_none_is_taken_yet(shared_server: Server) -> None:
    verdict = said(shared_server.check(SYMBOLS))
    assert (verdict["status"], codes(verdict["faults"])) == (400, ["type-symbols"])
    assert "does not support symbols packages" in verdict["faults"][0]["message"]


def test_each_feed_is_asked_below_its_name(shared_server: Server, package_id: str) -> None:
    create_feed(shared_server, "lenient", "strictness=lenient")
    package = nupkg(package_id, description="")
    assert said(shared_server.check(package))["status"] == 400
    verdict = said(shared_server.check(package, feed="/feeds/lenient"))
    assert (verdict["status"], "description-missing" in codes(verdict["warnings"])) == (201, True)
    assert shared_server.check(package, feed="/feeds/nowhere").status == 404


@pytest.mark.parametrize("framing", ["Content-Length", "chunks"])
@pytest.mark.parametrize("size", [200_000, 3 * MIB])
def test_a_package_over_the_limit_would_be_413_however_it_is_sent(
    shared_server: Server, framing: str, size: int
) -> None:
    create_feed(shared_server, f"small-{framing[:2].lower()}-{size}", "max_package_size=100KB")
    package, key = nupkg("Check.Large", payload_bytes=size), f"X-NuGet-ApiKey: {shared_server.key}"
    path = f"/feeds/small-{framing[:2].lower()}-{size}{PATH}"
    if framing == "chunks":
        cut = chunked(*(package[at : at + 10_000] for at in range(0, len(package), 10_000)))
        answer = exchange(shared_server, request_bytes("POST", path, key, "Transfer-Encoding: chunked", body=cut))
    else:
        answer = exchange(shared_server, request_bytes("POST", path, key, body=package))
    verdict = said(answer)
    assert (verdict["status"], verdict["identity"], codes(verdict["faults"])) == (413, None, ["package-too-large"])


def test_a_large_package_is_checked_past_the_memory(shared_server: Server, package_id: str) -> None:
    before = held_by(shared_server)
    assert said(shared_server.check(nupkg(package_id, payload_bytes=5 * MIB)))["status"] == 201
    assert held_by(shared_server) == before


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ((), 401, "key-missing"),
        (("X-NuGet-ApiKey: wrong",), 403, "key-refused"),
        (("X-NuGet-ApiKey: {key}", "Content-Type: multipart/form-data"), 400, "form-invalid"),
        (("X-NuGet-ApiKey: {key}", "Content-Encoding: gzip"), 415, "body-encoded"),
    ],
    ids=["no key", "wrong key", "no boundary", "gzip"],
)
def test_what_cannot_be_checked_is_refused(
    shared_server: Server, headers: tuple[str, ...], status: int, code: str
) -> None:
    sent = [header.format(key=shared_server.key) for header in headers]
    body = form(nupkg())[0] if code == "form-invalid" else nupkg()
    answer = exchange(shared_server, request_bytes("POST", PATH, *sent, body=body))
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)
    assert faults_of_refusal(answer) == []


def test_a_key_that_may_not_push_may_not_check(shared_server: Server) -> None:
    assert shared_server.check(nupkg(), key=add_key(shared_server, rights=["unlist"])).status == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_other_method_is_taken(shared_server: Server, method: str) -> None:
    answer = shared_server.request(method, PATH, headers={"X-NuGet-ApiKey": shared_server.key})
    assert (answer.status, answer.header("allow")) == (405, "POST")


def test_limits_of_the_settings_count_for_push_and_check(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_PACKAGES_MAX_TITLE_LENGTH": "10", "MOTHERLODE_PACKAGES_MAX_ENTRIES": "5"})
    long, many = nupkg(title="A title of eleven"), nupkg(files={f"lib/{number}": b"" for number in range(5)})
    for package, code in ((long, "text-too-long"), (many, "entries-too-many")):
        assert codes(said(server.check(package))["faults"]) == [code]
        assert server.push(package).status == 400
    assert server.push(nupkg(title="A title")).status == 201


def test_a_feed_that_becomes_lenient_takes_the_next_package(serve: Callable[..., Server]) -> None:
    server = serve(workers=2)
    package = nupkg(description="")
    assert {server.push(package).status for _ in range(4)} == {400}
    set_feed(server, "default", strictness="lenient")
    assert server.push(package).status == 201
    set_feed(server, "default", strictness="gallery")
    assert {server.push(nupkg(version="2.0.0", description="")).status for _ in range(4)} == {400}


def test_more_warnings_than_a_header_holds_are_counted(shared_server: Server) -> None:
    create_feed(shared_server, "attic", "strictness=lenient")
    dependencies = {f"Acme.Dependency{number}": "1.0.0+build" for number in range(60)}
    answer = shared_server.push(nupkg("Check.Warned", dependencies=dependencies), feed="/feeds/attic")
    lines = answer.all_headers("x-nuget-warning")
    assert answer.status == 201
    assert sum(map(len, lines)) <= 2048
    assert lines[-1].endswith("more warnings: a check (POST /api/v1/check) lists them all.")


def test_a_refused_package_is_checked_as_a_body_without_a_form(shared_server: Server) -> None:
    """As a push takes it."""
    key = {"X-NuGet-ApiKey": shared_server.key}
    for package in (hostile(), b"no zip"):
        alone = shared_server.request("POST", PATH, body=package, headers=key)
        body, kind = form(package)
        packed = shared_server.request("POST", PATH, body=body, headers=key | {"Content-Type": kind})
        assert said(alone) == said(packed)
