"""If-Modified-Since wherever Last-Modified is sent: never 304 for bytes that the client does not have."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from motherlode.web.responses import parse_http_date
from tests.protocol.live_changes import set_feed
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server

HIVE = "/v3/registration-gz-semver2"
README = {"readme": "README.md", "files": {"README.md": b"# Read me"}}


def paths_of(package_id: str, version: str = "1.0.0") -> list[str]:
    """All documents and files that show a version."""
    flat, registration = f"/v3/flat/{package_id}", f"{HIVE}/{package_id}"
    return [
        f"{flat}/index.json",
        f"{flat}/{version}/{package_id}.{version}.nupkg",
        f"{flat}/{version}/{package_id}.nuspec",
        f"{flat}/{version}/readme",
        f"{registration}/index.json",
        f"{registration}/page/{version}/{version}.json",
        f"{registration}/{version}.json",
        f"/v3/catalog/data/{package_id}/{version}.json",
        f"/packages/{package_id}/feed.atom",
    ]


def modified(answer: Answer) -> datetime:
    """Last-Modified."""
    return parsedate_to_datetime(answer.header("last-modified") or "")


def since(moment: datetime, **more: str) -> dict[str, str]:
    return {"If_Modified_Since": format_datetime(moment, usegmt=True)} | more


@pytest.fixture(scope="module")
def paths(shared_server: Server) -> list[str]:
    """The service index, and all that shows one version of an id that has no other."""
    assert shared_server.push(nupkg("Acme.Dated", **README)).status == 201
    return ["/v3/index.json", *paths_of("acme.dated")]


class TestConditions:
    """RFC 9110, 13.1.3 and 13.2.2."""

    def test_what_did_not_change_since_is_not_sent_again(self, shared_server: Server, paths: list[str]) -> None:
        for path in paths:
            for _ in range(2):
                whole = shared_server.get(path)
                changed_at = modified(whole)
                for method in ("GET", "HEAD"):
                    for later in (timedelta(0), timedelta(seconds=1), timedelta(days=400)):
                        headers = {"If-Modified-Since": format_datetime(changed_at + later, usegmt=True)}
                        answer = shared_server.request(method, path, headers=headers)
                        assert (answer.status, answer.body) == (304, b""), (path, later)
                        assert answer.header("etag") == whole.header("etag")
                before = shared_server.get(path, **since(changed_at - timedelta(seconds=1)))
                assert (before.status, before.body) == (200, whole.body)

    def test_an_entity_tag_counts_before_a_time(self, shared_server: Server, paths: list[str]) -> None:
        for path in paths:
            changed_at = modified(shared_server.get(path))
            assert shared_server.get(path, **since(changed_at, If_None_Match='"other"')).status == 200

    @pytest.mark.parametrize(
        "text", ["", "yesterday", "0", "Mon, 99 Foo 2024 00:00:00 GMT", "9" * 5_000, "Mon, 01 Jan 2024 00:00:00 +0900"]
    )
    def test_what_is_no_date_is_not_looked_at(self, shared_server: Server, paths: list[str], text: str) -> None:
        for path in paths:
            assert shared_server.get(path, If_Modified_Since=text).status == 200

    def test_all_three_forms_of_a_date_are_read(self) -> None:
        texts = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994")
        [moment] = {parse_http_date(text) for text in texts}
        assert moment is not None
        assert moment.isoformat() == "1994-11-06T08:49:37+00:00"


class TestSeconds:
    """Bytes that changed twice within a second have one Last-Modified: only the ETag tells them apart."""

    def test_no_change_is_missed_however_fast_they_follow(self, serve: Callable[..., Server]) -> None:
        server = serve()
        set_feed(server, "default", overwrite="always", delete="hard")
        assert server.push(nupkg("Acme.Fast", seed=0, **README)).status == 201
        paths = paths_of("acme.fast")
        changes: list[Callable[[], Answer]] = [
            lambda: server.push(nupkg("Acme.Fast", seed=1, **README)),
            lambda: server.push(nupkg("Acme.Fast", "2.0.0", **README)),
            lambda: server.change("DELETE", "Acme.Fast", "2.0.0"),
            lambda: server.push(nupkg("Acme.Fast", seed=2, **README)),
        ]
        for change in changes * 3:
            before = {path: server.get(path) for path in paths}
            assert change().status in (201, 204)
            for path in paths:
                now = server.get(path)
                again = server.get(path, **since(modified(before[path])))
                assert again.status == 200 or now.body == before[path].body, path
                tag = server.get(path, If_None_Match=now.header("etag") or "")
                assert tag.status == 304

    def test_a_version_that_went_leaves_nothing_that_seems_older(self, serve: Callable[..., Server]) -> None:
        """The versions that are left were changed long before the one that went."""
        server = serve()
        set_feed(server, "default", delete="soft")
        for version in ("1.0.0", "2.0.0"):
            assert server.push(nupkg("Acme.Gone", version)).status == 201
        kept = {path: server.get(path) for path in ("/v3/flat/acme.gone/index.json", f"{HIVE}/acme.gone/index.json")}
        assert server.change("DELETE", "Acme.Gone", "2.0.0").status == 204
        for path, before in kept.items():
            assert server.get(path, **since(modified(before))).status == 200


def test_documents_that_show_counts_are_told_apart_by_their_tag_alone(shared_server: Server) -> None:
    table = shared_server.get("/stats/days.csv")
    assert table.header("last-modified") is None
    assert shared_server.get("/stats/days.csv", If_Modified_Since="Mon, 01 Jan 2120 00:00:00 GMT").status == 200
    assert shared_server.get("/stats/days.csv", If_None_Match=table.header("etag") or "").status == 304


def test_head_has_no_ranges(shared_server: Server) -> None:
    """RFC 9110, 14.2: Range is for GET alone."""
    content = nupkg("Acme.Headed")
    assert shared_server.push(content).status == 201
    path = "/v3/flat/acme.headed/1.0.0/acme.headed.1.0.0.nupkg"
    for wanted in ("bytes=0-1", "bytes=-5", f"bytes={len(content)}-"):
        answer = shared_server.request("HEAD", path, headers={"Range": wanted})
        assert (answer.status, answer.header("content-length")) == (200, str(len(content)))
        assert answer.header("content-range") is None
