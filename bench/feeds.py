"""Feeds of a known size to measure on: built once, by the use case of a push itself, and copied for each run.

Only durability is left out while a feed is built: many pushes share a commit, and files are synced once, at the end.
A copy shares the packages' files, which never change, with the feed it was copied from.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

from bench import words
from bench.servers import motherlode
from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.services import Services
from motherlode.settings import Settings
from motherlode.store import data_folder, migrations
from motherlode.store.blobs.filesystem import FileBlobs, FileSpool
from motherlode.store.blobs.protocol import Spool
from motherlode.store.database.sqlite import Database, Tx
from motherlode.usecases.packages.push import push
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.support.builders import nupkg

_PUSHES_IN_A_COMMIT = 1000
MAX_PACKAGE = "1GB"
SIZES = {"20k": 20_000, "300k": 300_000, "5m": 5_000_000}
"""The packages Acme.Size20k and so on, in bytes."""
SMALL_BIG, LARGE_BIG = 500, 5044
"""Versions of Acme.Big: the last page of a registration holds 52 leaves either way, so pages can be compared."""


@dataclass(frozen=True, slots=True)
class FeedSize:
    """How many ids a feed holds besides those that cases ask for by name, and how many versions Acme.Big has."""

    ids: int
    big_versions: int = SMALL_BIG

    @property
    def name(self) -> str:
        """What its folder is called; another layout of tables or other packages make another name."""
        made_by = hashlib.sha256()
        for path in sorted([*_migrations(), Path(__file__), Path(words.__file__)]):
            made_by.update(path.read_bytes())
        return f"feed-{self.ids}-{self.big_versions}-{made_by.hexdigest()[:12]}"


def prepared(size: FeedSize, cache: Path) -> Path:
    """The data folder of such a feed; built if it is not there yet. Not to be changed: see `copied`."""
    folder = cache / size.name
    if not folder.exists():
        drafts = cache / f".{size.name}"
        shutil.rmtree(drafts, ignore_errors=True)
        draft = drafts / "data"
        _build(draft, size)
        with motherlode(draft):  # it builds its search index now, and not within a case
            pass
        draft.rename(folder)
        shutil.rmtree(drafts)
    return folder


def copied(folder: Path, into: Path) -> Path:
    """A copy to serve from, at `into`."""
    blobs = data_folder.blobs_path(folder)

    def copy(source: str, target: str) -> None:
        if Path(source).is_relative_to(blobs):
            os.link(source, target)
        else:
            shutil.copyfile(source, target)

    shutil.copytree(folder, into, copy_function=copy)
    os.sync()
    return into


def packages(size: FeedSize) -> Iterator[bytes]:
    """All packages of a feed: first those that cases ask for by name."""
    yield from (nupkg("Acme.Ten", f"1.{minor}.0", description="Ten versions.") for minor in range(10))
    yield from (nupkg("Acme.FiveHundred", f"1.{minor}.0", description="Many.") for minor in range(500))
    for number, (name, payload_bytes) in enumerate(SIZES.items()):
        yield nupkg(f"Acme.Size{name}", payload_bytes=payload_bytes, seed=number + 1)
    yield from (nupkg("Acme.Big", f"1.{minor}.0", description="Still more.") for minor in range(size.big_versions))
    yield from (words.package(number) for number in range(size.ids))


def settings_of(data: Path) -> Settings:
    """The settings under which feeds are built and probed."""
    return load_settings({"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": MAX_PACKAGE}, data=data)


def _build(folder: Path, size: FeedSize) -> None:
    settings = settings_of(folder)
    services = prepare_house(settings)
    blobs = _UnsyncedBlobs(folder)
    try:
        print(f"building {size.name} ...", file=sys.stderr, flush=True)
        left = packages(size)
        while batch := list(islice(left, _PUSHES_IN_A_COMMIT)):
            _push_all(services, blobs, batch)
    finally:
        blobs.close()
        services.close()
    os.sync()


def _push_all(services: Services, blobs: FileBlobs, batch: Iterable[bytes]) -> None:
    with services.db.write() as tx:
        db = cast("Database", _OneTransaction(tx))
        for package in batch:
            with blobs.spool() as spool:
                spool.write(package)
                spool.finish()
                push(spool, CONSOLE, feed="default", db=db, blobs=blobs, clock=services.clock, limits=services.limits)


class _OneTransaction:
    """Stands for the database where many pushes are one unit of work."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        yield self._tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        yield self._tx


class _UnsyncedBlobs(FileBlobs):
    """Blobs as files, put without syncing and without a crash note."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._root = folder

    def put(self, spool: Spool) -> str:
        assert isinstance(spool, FileSpool)
        name = data_folder.new_blob_name(spool.sha256)
        target = data_folder.blob_path(self._root, name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        spool.file.close()
        spool.path.rename(target)
        return name

    def settle(self, name: str) -> None:
        """There is no note."""


def _migrations() -> list[Path]:
    return list(Path(migrations.__path__[0]).rglob("*.py"))
