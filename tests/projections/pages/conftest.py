"""A data folder with an empty feed, and whoever looks at its pages."""

from collections.abc import Iterator

import pytest

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.store.data_folder import database_path
from motherlode.store.database.sqlite import open_database
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.projections.pages.page_reader import Looker
from tests.usecases.services import Services


@pytest.fixture
def services(tmp_path) -> Iterator[Services]:
    """Whoever pushes, unlists and relists."""
    database = open_database(database_path(tmp_path), create=True)
    database.upgrade()
    services = Services(database)
    create_feed("default", {}, CONSOLE, defaults=FeedPolicy(), db=database, clock=services.clock)
    yield services
    database.close()


@pytest.fixture
def newcomer(services, tmp_path) -> Iterator[Looker]:
    """A worker that has no index yet."""
    looker = Looker(services, tmp_path)
    yield looker
    looker.searching.stop()


@pytest.fixture
def looker(newcomer) -> Looker:
    """A worker whose index is ready."""
    assert newcomer.tend()
    return newcomer
