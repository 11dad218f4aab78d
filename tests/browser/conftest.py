"""Fixtures of the tests in a browser: one browser and one server for a module, one reader for each test."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Reader, Window, axe_of, find_chromium, reading, running
from tests.browser.sample_company import OWNER, READER, fill
from tests.conftest import skip_or_fail
from tests.support.leaks import new_password
from tests.support.servers import Server, start_server
from tests.web.pages.conftest import attacked

__all__ = ["attacked"]


@pytest.fixture(scope="session")
def passwords() -> Mapping[str, str]:
    """The passwords of the people of Harbor."""
    return {name: new_password() for name in (OWNER, READER)}


@pytest.fixture(scope="session")
def harbor(tmp_path_factory: pytest.TempPathFactory, passwords: Mapping[str, str]) -> Iterator[Server]:
    """A server with the packages of Harbor, which tests only read."""
    data = tmp_path_factory.mktemp("harbor") / "data"
    fill(data, today=datetime.now(UTC).date(), passwords=passwords)
    server = start_server(data=data)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; of a module, since other tests cannot run an event loop while it runs."""
    program = find_chromium()
    if program is None:
        skip_or_fail("no Chromium is installed, and MOTHERLODE_CHROMIUM names none")
    with running(program) as browser:
        yield browser


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, as the tests' set-up installs it."""
    text = axe_of(Path(sys.prefix) / "node")
    if text is None:
        skip_or_fail("axe-core is not installed: make setup-test does that where there is npm")
    return text


@pytest.fixture
def open_reader(browser: Browser, harbor: Server) -> Iterator[Callable[..., Reader]]:
    """Seats readers in front of windows; what should not happen to them fails the test."""
    with ExitStack() as stack:

        def seat(window: Window = Window(), *, server: Server = harbor) -> Reader:  # noqa: B008 it is frozen
            return stack.enter_context(reading(browser, server.url, window))

        yield seat


@pytest.fixture
def reader(open_reader: Callable[..., Reader]) -> Reader:
    """A reader at a wide, light window."""
    return open_reader()
