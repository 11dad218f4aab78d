"""Files may be kept for ever only where nothing is replaced and nothing taken away; elsewhere caches ask again, and are
handed what is there now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, bearer, set_feed
from tests.protocol.test_answers_again import from_every_worker
from tests.support.builders import nupkg, nuspec
from tests.support.servers import Server, start_server

FOR_EVER = "public, max-age=31536000, immutable"
FOLDER = "/v3/flat/acme.kept/1.0.0"
NUPKG = f"{FOLDER}/acme.kept.1.0.0.nupkg"
FILES = (NUPKG, f"{FOLDER}/acme.kept.nuspec", f"{FOLDER}/readme", f"{FOLDER}/icon", f"{FOLDER}/license")
ASKED_FOR_AGAIN = {
    f"{overwrite}, {delete}": {"overwrite": overwrite, "delete": delete}
    for overwrite, delete in (
        ("prerelease", "unlist"),
        ("always", "unlist"),
        ("never", "soft"),
        ("never", "hard"),
        ("always", "hard"),
    )
}


def package(seed: int) -> bytes:
    """One of any number of packages that have all files, each of them another."""
    return nupkg(
        "Acme.Kept",
        nuspec=nuspec(
            "Acme.Kept",
            "1.0.0",
            readme="README.md",
            icon="icon.png",
            more='<license type="file">LICENSE.txt</license>',
            description=f"The package number {seed}.",
        ),
        files={
            "README.md": f"# Package {seed}\n".encode(),
            "icon.png": b"\x89PNG\r\n\x1a\n" + bytes([seed]) * 50,
            "LICENSE.txt": f"Do what you want, {seed} times.\n".encode(),
        },
        seed=seed,
    )


@dataclass
class Place:
    """A server of two workers, with a feed of its own for each test."""

    server: Server
    feeds: Iterator[str] = field(default_factory=lambda: (f"feed{number}" for number in range(1_000)))

    def stock(self, **settings: str) -> str:
        """A new feed with these settings, which holds the first package; returns what its addresses begin with."""
        name = next(self.feeds)
        create_feed(self.server, name, *(f"{setting}={value}" for setting, value in settings.items()))
        assert self.server.push(package(1), feed=f"/feeds/{name}").status == 201
        return f"/feeds/{name}"

    def delete(self, feed: str) -> None:
        """Take the version away as the feed does."""
        headers = {"X-NuGet-ApiKey": self.server.key}
        assert self.server.request("DELETE", f"{feed}/api/v2/package/Acme.Kept/1.0.0", headers=headers).status == 204


@dataclass
class Cache:
    """What a proxy does with answers that it must ask for again: it keeps the last, and sends its ETag."""

    server: Server
    kept: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def get(self, path: str) -> tuple[int, bytes]:
        """The status that the server answered, and the bytes that the cache's client is given."""
        etag, body = self.kept.get(path, ("", b""))
        answer = self.server.get(path, If_None_Match=etag)
        if answer.status == 304:
            assert answer.header("etag") == etag
            return 304, body
        self.kept[path] = (answer.header("etag") or "", answer.body)
        return answer.status, answer.body


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = start_server(data=tmp_path_factory.mktemp("keeping") / "data", workers=2)
    yield Place(server)
    server.stop()


def cache_controls(server: Server, feed: str, path: str) -> set[str | None]:
    """What every worker says of the file, asked again and again."""
    answers = from_every_worker(server, f"{feed}{path}")
    assert {answer.status for answer in answers} == {200}
    return {answer.header("cache-control") for answer in answers}


def test_where_nothing_is_replaced_or_taken_away_files_may_be_kept_for_ever(place: Place) -> None:
    feed = place.stock(overwrite="never", delete="unlist")
    for path in FILES:
        assert cache_controls(place.server, feed, path) == {FOR_EVER}


@pytest.mark.parametrize("settings", ASKED_FOR_AGAIN.values(), ids=ASKED_FOR_AGAIN)
def test_elsewhere_they_are_asked_for_again(place: Place, settings: dict[str, str]) -> None:
    feed = place.stock(**settings)
    for path in FILES:
        assert cache_controls(place.server, feed, path) == {"no-cache"}
        whole = place.server.get(f"{feed}{path}")
        again = place.server.get(f"{feed}{path}", If_None_Match=whole.header("etag") or "")
        assert (again.status, again.header("cache-control")) == (304, "no-cache")


@pytest.mark.parametrize(("overwrite", "said"), [("never", FOR_EVER[len("public, ") :]), ("always", "no-cache")])
def test_on_private_feeds_too_and_by_their_callers_alone(place: Place, overwrite: str, said: str) -> None:
    feed = place.stock(overwrite=overwrite, read="authenticated")
    reader = bearer(add_key(place.server, rights=["read"]))
    for path in FILES * 2:
        answer = place.server.request("GET", f"{feed}{path}", headers=reader)
        assert (answer.status, answer.header("cache-control")) == (200, f"private, {said}")


def test_a_setting_that_changes_binds_the_next_request_of_every_worker(place: Place) -> None:
    feed = place.stock(overwrite="never")
    name = feed.removeprefix("/feeds/")
    for settings, said in (
        ({}, FOR_EVER),
        ({"overwrite": "always"}, "no-cache"),
        ({"overwrite": "never"}, FOR_EVER),
        ({"delete": "hard"}, "no-cache"),
        ({"delete": "unlist"}, FOR_EVER),
    ):
        set_feed(place.server, name, **settings)
        for path in FILES:
            assert cache_controls(place.server, feed, path) == {said}, (settings, path)


class TestCaches:
    """A cache that asks again before it hands out what it keeps."""

    @pytest.fixture
    def cache(self, place: Place) -> Cache:
        return Cache(place.server)

    def fill(self, cache: Cache, feed: str) -> dict[str, bytes]:
        """Have it keep the first package's files, and ask for each once more; returns them."""
        files = {path: cache.get(f"{feed}{path}")[1] for path in FILES}
        assert {path: cache.get(f"{feed}{path}") for path in FILES} == {
            path: (304, body) for path, body in files.items()
        }
        return files

    def test_is_handed_the_new_files_after_a_replacement(self, place: Place, cache: Cache) -> None:
        feed = place.stock(overwrite="always")
        for seed in (2, 3):
            before = self.fill(cache, feed)
            assert place.server.push(package(seed), feed=feed).status == 201
            after = {path: cache.get(f"{feed}{path}") for path in FILES}
            assert after[NUPKG] == (200, package(seed))
            assert {status for status, _ in after.values()} == {200}
            assert not [path for path in FILES if after[path][1] == before[path]]

    def test_keeps_what_was_replaced_by_the_same_bytes(self, place: Place, cache: Cache) -> None:
        feed = place.stock(overwrite="always")
        self.fill(cache, feed)
        assert place.server.push(package(1), feed=feed).status == 201
        assert {cache.get(f"{feed}{path}")[0] for path in FILES} == {304}

    def test_is_told_of_files_that_the_new_package_lacks(self, place: Place, cache: Cache) -> None:
        feed = place.stock(overwrite="always")
        self.fill(cache, feed)
        assert place.server.push(nupkg("Acme.Kept"), feed=feed).status == 201
        found = {path.rpartition("/")[2]: cache.get(f"{feed}{path}")[0] for path in FILES}
        lacking = dict.fromkeys(("readme", "icon", "license"), 404)
        assert found == {"acme.kept.1.0.0.nupkg": 200, "acme.kept.nuspec": 200} | lacking

    @pytest.mark.parametrize("mode", ["soft", "hard"])
    def test_is_told_of_what_was_deleted(self, place: Place, cache: Cache, mode: str) -> None:
        feed = place.stock(delete=mode)
        self.fill(cache, feed)
        place.delete(feed)
        assert {cache.get(f"{feed}{path}")[0] for path in FILES} == {404}

    def test_is_handed_the_new_files_under_a_number_that_was_free_again(self, place: Place, cache: Cache) -> None:
        feed = place.stock(delete="hard")
        self.fill(cache, feed)
        place.delete(feed)
        assert place.server.push(package(2), feed=feed).status == 201
        assert cache.get(f"{feed}{NUPKG}") == (200, package(2))
        assert {cache.get(f"{feed}{path}")[0] for path in FILES[1:]} == {200}

    def test_that_has_a_part_of_the_old_package_is_given_the_whole_new_one(self, place: Place) -> None:
        feed = place.stock(overwrite="always")
        part = place.server.get(f"{feed}{NUPKG}", Range="bytes=0-9")
        assert (part.status, part.body) == (206, package(1)[:10])
        assert place.server.push(package(2), feed=feed).status == 201
        rest = place.server.get(f"{feed}{NUPKG}", Range="bytes=10-", If_Range=part.header("etag") or "")
        assert (rest.status, rest.body) == (200, package(2))


def test_the_first_feed_begins_with_what_the_settings_say(serve: Callable[..., Server]) -> None:
    server = serve(environment={"MOTHERLODE_FEED_OVERWRITE": "always"})
    assert server.push(package(1)).status == 201
    assert {server.get(path).header("cache-control") for path in FILES * 2} == {"no-cache"}
