"""The fixtures of the use cases: a real database, blobs in memory, and a clock that stands still until it is told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.usecases.services import Services


@pytest.fixture(scope="session")
def migrated(tmp_path_factory) -> Path:
    """A database file with all tables and the default feed."""
    path = tmp_path_factory.mktemp("usecases") / "motherlode.db"
    database = open_database(path, create=True)
    database.upgrade()
    services = Services(database)
    create_feed("default", {}, CONSOLE, defaults=FeedPolicy(), db=database, clock=services.clock)
    database.close()
    return path


@pytest.fixture
def services(migrated, tmp_path) -> Iterator[Services]:
    """A house of the test's own, with the feed `default`."""
    database = open_database(Path(shutil.copy(migrated, tmp_path / "motherlode.db")))
    yield Services(database)
    database.close()
