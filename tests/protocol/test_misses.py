"""What is not there: a 404 that was given before is given again out of memory, and nobody can tell but by the clock."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.web.routes import FEED_ROUTES
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_user, basic, change, set_feed
from tests.protocol.reads import stable_headers
from tests.protocol.test_answers_again import request_lines
from tests.protocol.test_health_and_metrics import counts
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, start_server
from tests.web.pages.browsing import TEXT_HTML

PACKAGE_ROUTES = [
    route
    for route in FEED_ROUTES
    if "{id}" in route.path and "GET" in route.methods and not (route.check or route.is_page)
]
FILES = ("{id}.{version}.nupkg", "{id}.nuspec", "readme", "icon", "license", "other.txt")


def paths_of(package_id: str, version: str) -> list[str]:
    """The address of every document and file of a version."""
    filled = {"id": package_id, "version": version, "lower": version, "upper": version}
    return [
        route.path.format(**filled, file=file.format(**filled))
        for route in PACKAGE_ROUTES
        for file in (FILES if "{file}" in route.path else ("",))
    ]


ABSENT_ID = paths_of("Acme.Never", "1.0.0")
ABSENT_VERSION = [path for path in paths_of("Acme.There", "9.0.0") if "9.0.0" in path]
ABSENT = ABSENT_ID + ABSENT_VERSION


def seen(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """All of an answer that does not differ between any two."""
    return answer.status, stable_headers(answer), re.sub(rb'"request_id": "[0-9a-f]+"', b"", answer.body)


def problem(answer: Answer) -> dict[str, Any]:
    """The body of a refusal."""
    assert answer.header("content-type") == "application/problem+json"
    found = json.loads(answer.body)
    assert isinstance(found, dict)
    return found


def from_every_worker(server: Server, path: str) -> list[Answer]:
    """Answers of each worker, as surely as connections are shared out among them."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: server.get(path), range(12)))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that holds one version of Acme.There."""
    server = start_server(data=tmp_path_factory.mktemp("misses") / "data")
    try:
        assert server.push(nupkg("Acme.There")).status == 201
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("path", ABSENT)
class TestAgain:
    """The same refusal each time."""

    def test_the_second_refusal_is_the_first(self, there: Server, path: str) -> None:
        answers = [there.get(path) for _ in range(3)]
        assert {answer.status for answer in answers} == {404}
        assert problem(answers[0])["code"] == "package-not-found"
        assert seen(answers[0]) == seen(answers[1]) == seen(answers[2])
        for answer in answers:
            assert problem(answer)["request_id"] == answer.header("x-request-id")
            assert answer.header("content-length") == str(len(answer.body))
        assert len({answer.header("x-request-id") for answer in answers}) == 3

    def test_it_is_the_same_by_any_other_way(self, there: Server, path: str) -> None:
        expected = there.get(path)
        for host in (f"localhost:{there.port}", "strange.example"):
            assert seen(there.get(path, Host=host)) == seen(expected)
        for headers in ({"Range": "bytes=0-1"}, {"If_None_Match": "*"}, {"Accept_Encoding": "gzip"}):
            assert seen(there.get(path, **headers)) == seen(expected)
        head = there.request("HEAD", path)
        assert (head.status, head.body) == (404, b"")
        assert head.header("content-length") == expected.header("content-length")

    def test_people_are_shown_a_page_each_time(self, there: Server, path: str) -> None:
        for _ in range(2):
            page = there.get(path, Accept=TEXT_HTML)
            assert (page.status, page.header("content-type")) == (404, "text/html; charset=utf-8")
            plain = there.get(path)
            assert plain.header("content-type") == "application/problem+json"

    def test_the_id_is_named_as_it_was_asked_for(self, there: Server, path: str) -> None:
        for spelled in (path, path.replace("Acme.", "ACME."), path) * 2:
            wanted = "ACME." if "ACME." in spelled else "Acme."
            assert wanted in problem(there.get(spelled))["detail"]


def test_log_and_metrics_tell_the_same_of_each(server: Server) -> None:
    answers = [server.get(path) for path in ABSENT for _ in range(3)]
    counted = counts(server)
    lines = {line["request_id"]: line for line in request_lines(server)}
    varying = {"request_id", "duration_ms", "timestamp"}
    told = [lines[answer.header("x-request-id") or ""] for answer in answers]
    for first, *later in zip(*[iter(told)] * 3, strict=True):
        assert (first["status"], first["refusal"], first["feed"]) == (404, "package-not-found", "default")
        for line in later:
            assert line.keys() == first.keys()
            assert all(line[name] == first[name] for name in first.keys() - varying)
    assert sum(number for (method, _, status), number in counted.items() if (method, status) == ("GET", "404")) == len(
        answers
    )


@pytest.mark.parametrize("workers", [1, 3])
def test_what_comes_and_goes_is_in_the_next_answer_of_every_worker(serve: Callable[..., Server], workers: int) -> None:
    server = serve(workers=workers)
    set_feed(server, "default", delete="hard")
    for package_id, version in (("Acme.Never", "1.0.0"), ("Acme.Never", "2.0.0"), ("Acme.Other", "1.0.0")):
        paths = [path for path in paths_of(package_id, version) if path.endswith((".nupkg", ".nuspec", ".json"))]
        own = [path for path in paths if version in path]
        for _ in range(2):
            for path in own:
                assert {answer.status for answer in from_every_worker(server, path)} == {404}, path
            assert server.push(nupkg(package_id, version)).status == 201
            for path in paths:
                assert {answer.status for answer in from_every_worker(server, path)} == {200}, path
            assert server.change("DELETE", package_id, version).status == 204
        assert server.push(nupkg(package_id, version)).status == 201


def test_what_one_feed_does_not_have_another_may(serve: Callable[..., Server]) -> None:
    server = serve()
    create_feed(server, "other")
    assert server.push(nupkg("Acme.There"), feed="/feeds/other").status == 201
    path = "/v3/flat/acme.there/index.json"
    for _ in range(2):
        assert server.get(path).status == 404
        assert server.get(f"/feeds/other{path}").status == 200


def test_a_flood_of_ids_leaves_answers_as_they_are(there: Server) -> None:
    paths = ["/v3/flat/acme.there/index.json", "/v3/flat/acme.there/1.0.0/acme.there.1.0.0.nupkg", *ABSENT]
    before = [seen(there.get(path)) for path in paths]
    connection = there.open_connection()
    for number in range(3_000):
        connection.request("GET", f"/v3/flat/flood.{number}.{'x' * 60}/index.json")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
    connection.close()
    assert [seen(there.get(path)) for path in paths] == before


@dataclass
class Private:
    """A server with the private feed `inner`, which holds Acme.There; `ada` may read it, `bob` may not."""

    server: Server
    ada: dict[str, str]
    bob: dict[str, str]

    def get(self, path: str, login: dict[str, str], feed: str = "inner") -> Answer:
        return self.server.request("GET", f"/feeds/{feed}{path}", headers=login)


@pytest.fixture
def private(serve: Callable[..., Server]) -> Private:
    server = serve()
    create_feed(server, "inner", "read=authenticated")
    assert server.push(nupkg("Acme.There"), feed="/feeds/inner").status == 201
    ada = basic("ada", add_user(server, "ada", inner="reader"))
    return Private(server, ada, basic("bob", add_user(server, "bob")))


class TestPrivateFeeds:
    """Who may not read a feed learns nothing by asking again, and who may is refused as on a public one."""

    def test_a_reader_is_refused_the_same_each_time_and_nobody_may_keep_it(self, private: Private) -> None:
        for path in ABSENT:
            first, second = private.get(path, private.ada), private.get(path, private.ada)
            assert seen(first) == seen(second)
            assert (first.status, problem(first)["code"]) == (404, "package-not-found")
            assert second.header("cache-control") == "no-store"
            assert second.header("vary") == "Authorization, Cookie"
            assert second.header("access-control-allow-origin") is None

    def test_what_is_there_and_what_is_not_are_one_to_those_who_may_not_see_it(self, private: Private) -> None:
        for path in (*ABSENT, *paths_of("Acme.There", "1.0.0")):
            assert private.get(path, private.ada).status in (200, 404)
            for login, status in (({}, 401), (private.bob, 404), (basic("ada", "wrong"), 401)):
                for _ in range(2):
                    answer, never = private.get(path, login), private.get(path, login, "never")
                    assert answer.status == status
                    status_, headers, body = seen(never)
                    assert seen(answer) == (status_, headers, body.replace(b"'never'", b"'inner'"))

    def test_a_right_that_comes_or_goes_counts_at_the_next_request(self, private: Private) -> None:
        path = ABSENT_ID[0]
        for _ in range(2):
            for _ in range(2):
                assert problem(private.get(path, private.bob))["code"] == "feed-not-found"
                assert problem(private.get(path, private.ada))["code"] == "package-not-found"
            change(private.server, grant_role, "inner", "bob", "reader")
            assert problem(private.get(path, private.bob))["code"] == "package-not-found"
            change(private.server, withdraw_role, "inner", "bob")
        set_feed(private.server, "inner", read="anonymous")
        assert problem(private.get(path, {}))["code"] == "package-not-found"
        set_feed(private.server, "inner", read="authenticated")
        assert private.get(path, {}).status == 401

    def test_a_push_is_seen_by_the_next_request(self, private: Private) -> None:
        path = "/v3/flat/acme.never/index.json"
        for _ in range(2):
            assert private.get(path, private.ada).status == 404
        assert private.server.push(nupkg("Acme.Never"), feed="/feeds/inner").status == 201
        assert private.get(path, private.ada).status == 200
