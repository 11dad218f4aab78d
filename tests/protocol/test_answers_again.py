"""A read that was answered before goes a shorter way, and nobody can tell but by the clock."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.reads import stable_headers
from tests.protocol.test_health_and_metrics import counts
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server

VERSIONS = "/v3/flat/acme.again/index.json"
REGISTRATION = "/v3/registration/acme.again/index.json"
NUSPEC = "/v3/flat/acme.again/1.0.0/acme.again.nuspec"
PACKAGE = "/v3/flat/acme.again/1.0.0/acme.again.1.0.0.nupkg"
PATHS = ("/v3/index.json", VERSIONS, REGISTRATION, NUSPEC, PACKAGE)
CONTENT = nupkg("Acme.Again")


@pytest.fixture
def stocked(server: Server) -> Server:
    """A server with one version, of which each document was read once."""
    assert server.push(CONTENT).status == 201
    assert [server.get(path).status for path in PATHS] == [200] * len(PATHS)
    return server


def request_lines(server: Server) -> list[dict[str, Any]]:
    """The log lines of requests, once the server has ended."""
    assert server.stop() == 0
    events = map(json.loads, (server.data.parent / f"{server.data.name}.log").read_text().splitlines())
    return [event for event in events if event["event"] == "request"]


def from_every_worker(server: Server, path: str) -> list[Answer]:
    """Answers of each worker, as surely as connections are shared out among them."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: server.get(path), range(12)))


def listed(answer: Answer) -> dict[str, bool]:
    """Whether each version of a registration is listed."""
    entries = [leaf["catalogEntry"] for page in json_of(answer)["items"] for leaf in page["items"]]
    return {entry["version"]: entry["listed"] for entry in entries}


@pytest.mark.parametrize("workers", [1, 3])
def test_what_was_acknowledged_is_in_the_next_answer_of_every_worker(
    serve: Callable[..., Server], workers: int
) -> None:
    server = serve(workers=workers)
    expected: dict[str, bool] = {}
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        assert server.push(nupkg("Acme.Again", version)).status == 201
        for method, is_listed in ((None, True), ("DELETE", False), ("POST", True), ("DELETE", False)):
            if method:
                assert server.change(method, "Acme.Again", version).status in (200, 204)
            expected[version] = is_listed
            assert all(listed(answer) == expected for answer in from_every_worker(server, REGISTRATION))
            assert all(json_of(answer)["versions"] == [*expected] for answer in from_every_worker(server, VERSIONS))


@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_is_the_first(stocked: Server, path: str) -> None:
    first, *later = [stocked.get(path, Accept_Encoding="gzip") for _ in range(3)]
    for answer in later:
        assert (answer.status, answer.body) == (first.status, first.body)
        assert stable_headers(answer) == stable_headers(first)
    assert len({answer.header("x-request-id") for answer in (first, *later)}) == 3


@pytest.mark.parametrize("path", PATHS)
def test_conditions_and_other_wishes_are_heard_each_time(stocked: Server, path: str) -> None:
    whole = stocked.get(path)
    for _ in range(2):
        assert stocked.get(path, If_None_Match=whole.header("etag") or "").status == 304
        assert stocked.get(path, If_None_Match='"other"').body == whole.body
        head = stocked.request("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert stocked.get(path, Accept_Encoding="gzip;q=0").header("content-encoding") is None
        assert stocked.request("POST", path).status == 405
    assert stocked.get(path).body == whole.body


def test_ranges_are_heard_each_time(stocked: Server) -> None:
    for _ in range(2):
        part = stocked.get(PACKAGE, Range="bytes=2-5")
        assert (part.status, part.body) == (206, CONTENT[2:6])
        assert stocked.get(PACKAGE, Range=f"bytes={len(CONTENT)}-").status == 416
        assert stocked.get(PACKAGE, Range="bytes=2-5", If_Range='"other"').body == CONTENT
        assert stocked.get(PACKAGE).body == CONTENT


def test_each_host_gets_its_own_addresses(stocked: Server) -> None:
    for host in (f"127.0.0.1:{stocked.port}", f"localhost:{stocked.port}", "strange.example") * 3:
        assert f"http://{host}/".encode() in stocked.get("/v3/index.json", Host=host).body


def test_behind_a_trusted_proxy_each_site_gets_its_own_addresses(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1"})
    for name in ("one.example", "two.example", "one.example"):
        for _ in range(2):
            assert (
                f"https://{name}/".encode()
                in server.get("/v3/index.json", X_Forwarded_Host=name, X_Forwarded_Proto="https").body
            )


def test_under_a_public_address_the_log_knows_each_client(serve: Callable[..., Server]) -> None:
    server = serve(
        environment={
            "MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1",
            "MOTHERLODE_SERVER_PUBLIC_URL": "https://nuget.example/packages",
        }
    )
    clients = [f"192.0.2.{number}" for number in (1, 2, 3)]
    for client in clients:
        answer = server.get("/packages/v3/index.json", X_Forwarded_For=client, Host=f"{client}.example")
        assert b"https://nuget.example/packages/v3/" in answer.body
    assert [line["client"] for line in request_lines(server)] == clients


def test_log_and_metrics_tell_the_same_of_each(server: Server) -> None:
    assert server.push(CONTENT).status == 201
    answers = [server.get(path) for path in PATHS for _ in range(3)]
    counted = counts(server)
    lines = {line["request_id"]: line for line in request_lines(server)}

    varying = {"request_id", "duration_ms", "timestamp"}
    told = [lines[answer.header("x-request-id") or ""] for answer in answers]
    for first, *later in zip(*[iter(told)] * 3, strict=True):
        assert {name: first[name] for name in ("method", "feed", "status")} == {
            "method": "GET",
            "feed": "default",
            "status": 200,
        }
        for line in later:
            assert line.keys() == first.keys()
            assert all(line[name] == first[name] for name in first.keys() - varying)
    assert [line["package"] for line in told if line["path"] == PACKAGE] == ["acme.again 1.0.0"] * 3
    routes = {"service-index": 3, "versions": 3, "registration-index": 3, "file": 6}
    assert {route: counted["GET", route, "200"] for route in routes} == routes


def test_each_download_counts(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(data=tmp_path / "data")
    assert server.push(CONTENT).status == 201
    for _ in range(3):
        server.get(PACKAGE)
        server.get(PACKAGE, Range="bytes=9-")
        server.request("HEAD", PACKAGE)
    assert server.stop() == 0
    again = serve(data=tmp_path / "data")
    [found] = json_of(again.get("/v3/search?q=id:acme.again"))["data"]
    assert found["totalDownloads"] == 3


def test_a_lost_file_is_said_to_be_lost(stocked: Server) -> None:
    [blob] = [path for path in (stocked.data / "blobs").glob("*/*") if path.is_file()]
    away = blob.rename(stocked.data / "away")
    assert stocked.get(PACKAGE).status == 500
    away.rename(blob)
    assert stocked.get(PACKAGE).body == CONTENT
