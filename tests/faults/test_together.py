"""Four writers, two collectors and ten readers at once, on two workers and two feeds that share contents.

No acknowledged version is missing, at the writer's next request or in the end, and no reader sees a torn answer: where
two looks at a version's document say the same hash, the bytes downloaded in between have it. The collectors let go of
bytes after seconds instead of an hour; nobody here reads for as long.

It goes on for 15 seconds, in CI for 60, or as many as MOTHERLODE_TEST_TOGETHER_S says.
"""

import hashlib
import json
import os
import random
import threading
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

from motherlode.app import open_house
from motherlode.config import load_settings
from motherlode.usecases.maintenance.gc import gc
from motherlode.usecases.maintenance.verify import verify
from tests.faults.integrity import blob_files, rows
from tests.faults.processes import run_command
from tests.support.builders import nupkg
from tests.support.servers import Server

WRITERS, COLLECTORS, READERS = 4, 2, 10
LONG_S = float(os.environ.get("MOTHERLODE_TEST_TOGETHER_S") or (60 if os.environ.get("CI") else 15))
READER_GRACE = timedelta(seconds=10)
FEEDS = ("", "/feeds/soft")
"""The paths of the two: the first deletes for good and lets all be replaced, the second keeps what is deleted."""


@dataclass
class Writer:
    """The only one that changes an id; it knows what must be there, on each feed."""

    server: Server
    number: int
    held: dict[str, dict[str, bytes]] = field(default_factory=lambda: {feed: {} for feed in FEEDS})
    pushed: int = 0
    changes: int = 0

    @property
    def id(self) -> str:
        return f"Writer{self.number}"

    def write(self, chance: random.Random) -> None:
        """One change, and a look whether it is there."""
        feed = chance.choice(FEEDS)
        known = sorted(self.held[feed])
        action = chance.choice((self.push, self.push, self.share, self.replace, self.delete))
        action(feed, chance.choice(known) if known else None)
        self.changes += 1
        self.check_list(feed)

    def push(self, feed: str, _version: str | None) -> None:
        self.pushed += 1
        self._put(feed, f"{self.pushed}.0.0", self._make(f"{self.pushed}.0.0"))

    def share(self, feed: str, version: str | None) -> None:
        """The same bytes on the other feed, unless its number is taken there: for good, where one was deleted."""
        other = FEEDS[1 - FEEDS.index(feed)]
        if version is not None and other == FEEDS[0] and version not in self.held[other]:
            self._put(other, version, self.held[feed][version])

    def replace(self, feed: str, version: str | None) -> None:
        if version is not None and feed == FEEDS[0]:
            self._put(feed, version, self._make(version))

    def delete(self, feed: str, version: str | None) -> None:
        if version is not None:
            key = {"X-NuGet-ApiKey": self.server.key}
            answer = self.server.request("DELETE", f"{feed}/api/v2/package/{self.id}/{version}", headers=key)
            assert answer.status == 204, answer
            del self.held[feed][version]

    def _make(self, version: str) -> bytes:
        self.changes += 1
        return nupkg(self.id, version, payload_bytes=20_000, seed=self.number * 1_000_000 + self.changes)

    def _put(self, feed: str, version: str, package: bytes) -> None:
        answer = self.server.push(package, feed=feed)
        assert answer.status == 201, answer
        self.held[feed][version] = package

    def check_list(self, feed: str) -> None:
        answer = self.server.get(f"{feed}/v3/flat/{self.id.lower()}/index.json")
        listed = json.loads(answer.body)["versions"] if answer.status == 200 else []
        assert answer.status in {200, 404}, answer
        assert sorted(listed) == sorted(self.held[feed])

    def check_all(self) -> None:
        for feed, held in self.held.items():
            self.check_list(feed)
            for version, package in held.items():
                assert self.server.get(nupkg_path(feed, self.id, version)).body == package


def nupkg_path(feed: str, package_id: str, version: str) -> str:
    return f"{feed}/v3/flat/{package_id.lower()}/{version}/{package_id.lower()}.{version}.nupkg"


def read_hash(server: Server, feed: str, package_id: str, version: str) -> bytes | None:
    """What the version's document says its SHA-512 is; None where there is no such version."""
    answer = server.get(f"{feed}/v3/catalog/data/{package_id.lower()}/{version}.json")
    assert answer.status in {200, 404}, answer
    return b64decode(json.loads(answer.body)["packageHash"]) if answer.status == 200 else None


def read_once(server: Server, chance: random.Random) -> int:
    """Look at a version's document, its bytes, and its document again; how many downloads could be compared."""
    feed, package_id = chance.choice(FEEDS), f"Writer{chance.randrange(WRITERS)}"
    answer = server.get(f"{feed}/v3/flat/{package_id.lower()}/index.json")
    assert answer.status in {200, 404}, answer
    if answer.status == 404:
        return 0
    version = chance.choice(json.loads(answer.body)["versions"])
    before = read_hash(server, feed, package_id, version)
    download = server.get(nupkg_path(feed, package_id, version))
    after = read_hash(server, feed, package_id, version)
    assert download.status in {200, 404}, download
    if before is None or before != after:
        return 0
    assert download.status == 200, "a version that was there before and after was not there in between"
    assert hashlib.sha512(download.body).digest() == before
    return 1


def collect_once(data: Path) -> int:
    """A collector's whole life; how many things it removed."""
    removed = []
    with closing(open_house(load_settings({}, data=data))) as services:
        gc(db=services.db, blobs=services.blobs, clock=services.clock, reader_grace=READER_GRACE, report=removed.append)
    return len(removed)


def repeat(once: Callable[[], int | None], failed: threading.Event) -> int:
    """Again and again for as long as the test lasts, or until anybody fails; the sum of what came of it."""
    ends_at, total = monotonic() + LONG_S, 0
    try:
        while monotonic() < ends_at and not failed.is_set():
            total += once() or 0
    except BaseException:
        failed.set()
        raise
    return total


def test_writers_collectors_and_readers_do_not_get_into_each_others_way(serve, tmp_path):
    server = serve(data=tmp_path / "data", workers=2)
    folder = ("--data", str(server.data))
    run_command("feed", "set", "default", "delete=hard", "overwrite=always", *folder)
    run_command("feed", "create", "soft", "delete=soft", "soft_delete_keep=1s", *folder)
    writers = [Writer(server, number) for number in range(WRITERS)]
    failed = threading.Event()
    with ThreadPoolExecutor(WRITERS + COLLECTORS + READERS) as threads:

        def begin(once: Callable[..., int | None], *arguments: object) -> object:
            return threads.submit(repeat, lambda: once(*arguments), failed)

        writing = [begin(writer.write, random.Random(writer.number)) for writer in writers]
        collecting = [begin(collect_once, server.data) for _ in range(COLLECTORS)]
        reading = [begin(read_once, server, random.Random(100 + number)) for number in range(READERS)]
        for each in writing:
            each.result()
        removed, compared = (sum(each.result() for each in group) for group in (collecting, reading))
    assert min(writer.changes for writer in writers) > 0
    assert removed > 0
    assert compared > 0
    for writer in writers:
        writer.check_all()
    assert server.stop() == 0
    assert_tidy(server.data)


def assert_tidy(data: Path) -> None:
    """Nothing differs, and once all has been collected, exactly what the rows name is there."""
    told: list[str] = []
    with closing(open_house(load_settings({}, data=data))) as services:
        rooms = {"db": services.db, "blobs": services.blobs}
        gc(**rooms, clock=services.clock, reader_grace=timedelta(0), report=lambda _: None)
        gc(**rooms, clock=services.clock, reader_grace=timedelta(0), report=lambda _: None)
        verify(**rooms, report=told.append, advance=lambda _: None, searching=services.searching)
    assert told == []
    assert rows(data, "SELECT * FROM garbage") == []
    assert {row["blob"] for row in rows(data, "SELECT blob FROM contents")} == set(blob_files(data))
