"""Push, replace, unlist, relist, delete, restore, lock, collect, restart: any order of them, against plain Python."""

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.domain.refusals import NoSuchVersion, Refusal
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.projections.documents import v3
from motherlode.projections.documents.cache import DocumentKey
from motherlode.projections.documents.reader import Reader
from motherlode.projections.documents.v3 import Renderer
from motherlode.protocol.urls import Hive
from motherlode.search.index import Question
from motherlode.search.queries import parse_query
from motherlode.search.subjects import Audience
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.packages.locking import lock_id, unlock_id
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.projections.search.workers import BASE, Worker
from tests.property.reference_model import KEEP, Held, Name, PlainFeed, Refused
from tests.support.builders import nupkg
from tests.usecases.deletions import READER_GRACE, bring_back, collect, take_away
from tests.usecases.services import Services

FEEDS = ("first", "second")
IDS = ("Acme.Widgets", "Acme.Gears")
VERSIONS = ("1.0.0", "2.0.0-beta")
UNLISTED = datetime(1900, 1, 1, tzinfo=UTC)
ALL = Audience(prerelease=True, semver2=True)

feeds = st.sampled_from(FEEDS)
ids = st.sampled_from(IDS)
names = st.tuples(ids, st.sampled_from(VERSIONS))
numbers = st.integers(0, 2)
modes = st.sampled_from(["soft", "hard", "soft", "unlist"])
overwrites = st.sampled_from(["never", "prerelease", "always"])


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with two feeds."""
    path = tmp_path_factory.mktemp("changes") / "motherlode.db"
    database = open_database(path, create=True)
    database.upgrade()
    services = Services(database)
    kept = {"soft_delete_keep": f"{KEEP.days}d"}
    for name in FEEDS:
        create_feed(name, kept, CONSOLE, defaults=FeedPolicy(), db=database, clock=services.clock)
    database.close()
    return path


class Changes(RuleBasedStateMachine):
    """Two feeds that share contents, a worker that reads after every step, and one that reads now and then."""

    def __init__(self, prepared: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(prepared, self.folder / "motherlode.db")
        self.services = Services(open_database(self.folder / "motherlode.db"))
        self.plain = {name: PlainFeed() for name in FEEDS}
        self.downloads: list[tuple[str, bytes]] = []
        self.started_at = self.services.clock.now()
        self.open_workers()

    def open_workers(self) -> None:
        self.busy, self.idle = Worker(self.folder), Worker(self.folder)
        self.busy.tend()
        self.readers = {
            worker: Reader(worker.db, self.services.blobs, worker.documents) for worker in (self.busy, self.idle)
        }

    def close_workers(self) -> None:
        for worker in self.readers:
            worker.close()

    def teardown(self) -> None:
        self.close_workers()
        self.services.db.close()
        shutil.rmtree(self.folder)

    def attempt(self, expected: Refused, act: Callable[[], object]) -> None:
        """It is done, or refused as expected, and then nothing has changed."""
        if expected is None:
            act()
            return
        before = self.services.snapshot()
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.type is expected
        assert self.services.snapshot() == before

    @initialize(wishes=st.tuples(modes, overwrites, modes, overwrites))
    def begin(self, wishes: tuple[str, str, str, str]) -> None:
        for feed, delete, overwrite in zip(FEEDS, wishes[::2], wishes[1::2], strict=True):
            for package_id, version in product(IDS, VERSIONS):
                self.push(feed, (package_id, version), 0)
            self.set_feed(feed, delete, overwrite)

    @rule(feed=feeds, delete=modes, overwrite=overwrites)
    def set_feed(self, feed: str, delete: str, overwrite: str) -> None:
        self.services.change_feed(feed, {"delete": delete, "overwrite": overwrite})
        self.plain[feed].delete, self.plain[feed].overwrite = delete, overwrite

    @rule(feed=feeds, name=names, number=numbers)
    def push(self, feed: str, name: Name, number: int) -> None:
        expected = self.plain[feed].push(name, number, self.services.clock.now())
        self.attempt(expected, lambda: self.services.push(nupkg(*name, seed=number), feed=feed))

    @rule(feed=feeds, name=names)
    def unlist(self, feed: str, name: Name) -> None:
        expected = self.plain[feed].set_listed(name, listed=False)
        self.attempt(expected, lambda: self.services.unlist(*name, feed=feed))

    @rule(feed=feeds, name=names)
    def relist(self, feed: str, name: Name) -> None:
        expected = self.plain[feed].set_listed(name, listed=True)
        self.attempt(expected, lambda: self.services.relist(*name, feed=feed))

    @rule(feed=feeds, name=names)
    def delete(self, feed: str, name: Name) -> None:
        expected = self.plain[feed].take_away(name, self.services.clock.now())
        self.attempt(expected, lambda: take_away(self.services, *name, feed=feed))

    @rule(feed=feeds, name=names, data=st.data())
    def restore(self, feed: str, name: Name, data: st.DataObject) -> None:
        """Mostly what was deleted."""
        plain = self.plain[feed]
        if plain.gone and data.draw(st.integers(0, 3)):
            name = data.draw(st.sampled_from(sorted(plain.gone)))
        self.attempt(plain.bring_back(name), lambda: bring_back(self.services, *name, feed=feed))

    @rule(feed=feeds, name=names)
    def delete_softly_then_collect(self, feed: str, name: Name) -> None:
        """What can be brought back is needed."""
        self.set_feed(feed, "soft", self.plain[feed].overwrite)
        self.delete(feed, name)
        self.gc()

    @rule(feed=feeds, package_id=ids, is_locked=st.booleans())
    def lock(self, feed: str, package_id: str, is_locked: bool) -> None:
        expected = self.plain[feed].lock(package_id, is_locked=is_locked)
        verb = lock_id if is_locked else unlock_id
        self.attempt(expected, lambda: self.services.do(verb, parse_package_id(package_id), feed=feed))

    @rule(hours=st.sampled_from([1, 24, 24 * KEEP.days]))
    def pass_by(self, hours: int) -> None:
        """Time passes; what was being downloaded before is through."""
        self.services.clock.pass_by(timedelta(hours=hours))
        self.downloads.clear()

    @rule(feed=feeds, name=names)
    def begin_download(self, feed: str, name: Name) -> None:
        """Somebody finds out where a package lies, and takes up to the readers' grace."""
        held = self.plain[feed].held.get(name)
        if held is not None:
            file = self.readers[self.busy].find_blob(self.busy.feed(feed), *parsed(name))
            assert file is not None
            self.downloads.append((file.blob, nupkg(*name, seed=held.number)))

    @rule()
    def gc(self) -> None:
        """All that nobody needs goes, and nothing else."""
        now = self.services.clock.now()
        collect(self.services)
        for plain in self.plain.values():
            plain.collect(now)
        needed = {package for plain in self.plain.values() for package in plain.needed()}
        contents = {row.blob: row.sha256 for row in self.services.rows("contents")}
        bodies = [self.services.shelf.blobs[blob] for blob in contents]
        assert sorted(bodies) == sorted(nupkg(*name, seed=number) for name, number in needed)
        garbage = {row.blob for row in self.services.rows("garbage")}
        assert self.services.shelf.blobs.keys() == contents.keys() | garbage
        assert all(row.at > now - READER_GRACE for row in self.services.rows("garbage"))

    @rule()
    def restart(self) -> None:
        """The server ends, and another one starts on what it left."""
        self.close_workers()
        self.services.blobs.close()
        self.services.db.close()
        self.services = Services(open_database(self.folder / "motherlode.db"), self.services.clock, self.services.shelf)
        self.open_workers()

    @rule(feed=feeds)
    def look_from_another_worker(self, feed: str) -> None:
        self.assert_shown(self.idle, feed)
        self.assert_found(self.idle, feed)

    @rule(feed=feeds)
    def search(self, feed: str) -> None:
        self.assert_found(self.busy, feed)

    @invariant()
    def readers_see_what_is_held(self) -> None:
        for feed in FEEDS:
            self.assert_shown(self.busy, feed)

    @invariant()
    def downloads_end_whole(self) -> None:
        for blob, body in self.downloads:
            assert self.services.blobs.open(blob).read() == body

    @invariant()
    def the_log_tells_all_that_happened(self) -> None:
        ids_of = {row.name: row.id for row in self.services.rows("feeds")}
        events = self.services.rows("events")
        for feed, plain in self.plain.items():
            mine = [event for event in events if event.feed_id == ids_of[feed]]
            assert [event.kind for event in mine] == plain.kinds
            assert [event.number for event in mine] == list(range(1, len(mine) + 1))
            last = {(event.id_key, event.version_key): event for event in mine}
            shown = {key: event.details["listed"] for key, event in last.items() if event.kind != "deleted"}
            assert shown == {(name[0].lower(), name[1]): held.listed for name, held in plain.held.items()}

    def assert_shown(self, worker: Worker, feed: str) -> None:
        """Lists, registrations, details and packages are those of what the feed holds, and of nothing else."""
        plain = self.plain[feed]
        for package_id in IDS:
            held = {
                version: plain.held[package_id, version] for version in VERSIONS if (package_id, version) in plain.held
            }
            listed = self.read(worker, feed, package_id, "versions", v3.versions(parse_package_id(package_id)))
            assert (listed or {}).get("versions", []) == list(held)
            for hive in Hive:
                self.assert_registered(worker, feed, package_id, hive, held)
            for version in VERSIONS:
                self.assert_details(worker, feed, (package_id, version), held.get(version))

    def assert_registered(self, worker: Worker, feed: str, package_id: str, hive: Hive, held: dict[str, Held]) -> None:
        render = v3.registration_index(parse_package_id(package_id), hive)
        index = self.read(worker, feed, package_id, f"{hive.value}/index", render)
        entries = [leaf["catalogEntry"] for page in (index or {"items": []})["items"] for leaf in page["items"]]
        assert [
            (entry["version"], entry["listed"], datetime.fromisoformat(entry["published"])) for entry in entries
        ] == [(version, each.listed, published(each)) for version, each in held.items()]

    def assert_details(self, worker: Worker, feed: str, name: Name, held: Held | None) -> None:
        key = f"details/{name[1]}"
        details = self.read(worker, feed, name[0], key, v3.details(*parsed(name)))
        reader = self.readers[worker]
        if held is None:
            assert details is None
            with pytest.raises(NoSuchVersion):
                reader.read_blob(worker.feed(feed), *parsed(name))
            return
        body = nupkg(*name, seed=held.number)
        assert details is not None
        assert (details["listed"], details["packageSize"]) == (held.listed, len(body))
        at = worker.feed(feed)
        file = reader.find_blob(at, *parsed(name)) or reader.read_blob(at, *parsed(name))
        assert (file.published_at, file.size) == (held.pushed_at, len(body))
        assert self.services.blobs.open(file.blob).read() == body

    def assert_found(self, worker: Worker, feed: str) -> None:
        """Search finds what is listed."""
        at = worker.feed(feed)
        answer = json.loads(worker.searching.search(at, Question(at.id, ALL, parse_query("")), BASE))
        found = {hit["id"]: [each["version"] for each in hit["versions"]] for hit in answer["data"]}
        expected: dict[str, list[str]] = {}
        for (package_id, version), held in sorted(self.plain[feed].held.items(), key=in_order):
            if held.listed:
                expected.setdefault(package_id, []).append(version)
        assert (found, answer["totalHits"]) == (expected, len(expected))

    def read(self, worker: Worker, feed: str, package_id: str, name: str, render: Renderer) -> dict[str, object] | None:
        """The document as a request finds it; None where there is none."""
        at = worker.feed(feed)
        key = DocumentKey(at.id, package_id.lower(), name, "" if name == "versions" else BASE)
        reader = self.readers[worker]
        is_absent = reader.is_absent(key)
        try:
            document = reader.find(key) or reader.read(key, at, render, is_checked=True, is_zipped=False)
        except NoSuchVersion:
            assert reader.is_absent(key)
            return None
        assert not is_absent
        return json.loads(document.body)


def parsed(name: Name):
    return parse_package_id(name[0]), parse_version(name[1])


def in_order(item: tuple[Name, Held]) -> tuple[str, int]:
    return item[0][0], VERSIONS.index(item[0][1])


def published(held: Held) -> datetime:
    return held.pushed_at if held.listed else UNLISTED


class TestChanges:
    """After any of these all projections (version list, three hives, details, search, autocomplete) agree at the next
    request on any worker."""

    def test_any_order_of_changes_ends_as_it_does_in_plain_python(self, prepared: Path) -> None:
        run_state_machine_as_test(
            lambda: Changes(prepared),
            settings=settings(
                max_examples=40,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
