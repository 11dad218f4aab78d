"""A data folder with an empty feed, what changes it, and workers that search it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.store.data_folder import database_path
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.projections.search.workers import Worker
from tests.usecases.services import Services


@pytest.fixture
def data(tmp_path) -> Path:
    """A data folder with the feed `default`."""
    return tmp_path


@pytest.fixture
def services(data) -> Iterator[Services]:
    """Whoever pushes, unlists and relists, in a process without search."""
    database = open_database(database_path(data), create=True)
    database.upgrade()
    services = Services(database)
    create_feed("default", {}, CONSOLE, defaults=FeedPolicy(), db=database, clock=services.clock)
    yield services
    database.close()


@pytest.fixture
def start(services, data) -> Iterator[Callable[..., Worker]]:
    """Starts workers; their index is ready."""
    running: list[Worker] = []

    def start(**options) -> Worker:
        running.append(Worker(data, **options))
        assert running[-1].tend()
        return running[-1]

    yield start
    for worker in running:
        worker.close()


@pytest.fixture
def worker(start) -> Worker:
    """A worker."""
    return start()
