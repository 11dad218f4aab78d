"""Fixtures of the tests of pages as they are sent."""

from collections.abc import Iterator

import pytest

from tests.support.servers import Server, start_server
from tests.web.pages.attacks import fill
from tests.web.pages.payloads import BREAKOUTS

TITLES = {"titled": BREAKOUTS[0], "marked": BREAKOUTS[10], "quoted": BREAKOUTS[16], "commented": BREAKOUTS[8]}
"""Feeds whose settings attack their readers."""


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose feeds hold every attack; tests only read it."""
    data = tmp_path_factory.mktemp("attacked") / "data"
    fill(data, TITLES, " ".join(BREAKOUTS)[:1000].replace("\ufeff", " ").strip())
    server = start_server(data=data)
    try:
        yield server
    finally:
        server.stop()
