"""The store's fixtures. Every test here runs twice: with what POSIX alone has, and with it hidden, as on Windows."""

import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from motherlode import os_files
from motherlode.store import feeds
from motherlode.store.database.sqlite import Database, open_database
from motherlode.store.feeds import FeedRow
from tests.store.rows import NOON

POSIX_NAMES = ("O_DIRECTORY", "fchmod", "link")


_LINK = os.link


def _rename_as_windows_does(source: Path, target: Path) -> None:
    """In one step, and never over a file that is there."""
    _LINK(source, target)
    Path(source).unlink()


@pytest.fixture(autouse=True, params=["posix", "windows"])
def platform(request, monkeypatch) -> Iterator[str]:
    """What the platform has."""
    if request.param == "windows":
        monkeypatch.setitem(sys.modules, "fcntl", None)
        monkeypatch.setattr(os, "rename", _rename_as_windows_does)
        for name in POSIX_NAMES:
            monkeypatch.delattr(os, name)
        importlib.reload(os_files)
    yield request.param
    monkeypatch.undo()
    importlib.reload(os_files)


@pytest.fixture(scope="session", params=["sqlite"])
def migrated(request, tmp_path_factory) -> Path:
    """A database file with all tables, once per engine there is."""
    path = tmp_path_factory.mktemp(request.param) / "motherlode.db"
    database = open_database(path, create=True)
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def path(migrated, tmp_path) -> Path:
    """A database file of the test's own."""
    return Path(shutil.copy(migrated, tmp_path / "motherlode.db"))


@pytest.fixture
def db(path) -> Iterator[Database]:
    """A database of the test's own, with all tables."""
    database = open_database(path)
    yield database
    database.close()


@pytest.fixture
def other(path) -> Iterator[Database]:
    """The same database, as another process has it open."""
    database = open_database(path, busy_timeout_s=0.05)
    yield database
    database.close()


@pytest.fixture
def feed(db) -> FeedRow:
    """A feed without packages."""
    with db.write() as tx:
        return feeds.add(tx, "default", {}, NOON)
