"""The fixtures of the use cases: a real database, blobs in memory, and a clock that stands still until it is told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.usecases.house import House


@pytest.fixture(scope="session")
def migrated(tmp_path_factory) -> Path:
    """A database file with all tables and the default feed."""
    path = tmp_path_factory.mktemp("usecases") / "motherlode.db"
    database = open_database(path, create=True)
    database.upgrade()
    house = House(database)
    create_feed("default", {}, CONSOLE, defaults=FeedPolicy(), db=database, clock=house.clock)
    database.close()
    return path


@pytest.fixture
def house(migrated, tmp_path) -> Iterator[House]:
    """A house of the test's own, with the feed `default`."""
    database = open_database(Path(shutil.copy(migrated, tmp_path / "motherlode.db")))
    yield House(database)
    database.close()
