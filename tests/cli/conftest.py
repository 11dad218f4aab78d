"""Fixtures of the tests of https: an authority, its certificates, and servers that use them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.https import RSA, Authority, HttpsServer, Issued, make_authority, start_https_server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority for all tests of this module."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def first(authority: Authority) -> Issued:
    """A good certificate."""
    return authority.issue("first")


@pytest.fixture(scope="module")
def second(authority: Authority) -> Issued:
    """Another good one, of another kind."""
    return authority.issue("second", key=RSA)


@pytest.fixture(scope="module")
def shared(authority: Authority, first: Issued, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsServer]:
    """A server for tests that leave it as it is."""
    data = tmp_path_factory.mktemp("https") / "data"
    server = start_https_server(authority, data=data, environment=first.settings)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def with_http2(authority: Authority, first: Issued, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsServer]:
    """A server that speaks HTTP/2 too."""
    data = tmp_path_factory.mktemp("http2") / "data"
    settings = first.settings | {"MOTHERLODE_SERVER_HTTP2": "on"}
    server = start_https_server(authority, data=data, environment=settings)
    yield server
    server.stop()


@pytest.fixture
def serve_https(authority: Authority, tmp_path: Path) -> Iterator[Callable[..., HttpsServer]]:
    """Starts servers, which are stopped at the end."""
    running: list[HttpsServer] = []

    def start(**options: object) -> HttpsServer:
        running.append(start_https_server(authority, data=tmp_path / f"data-{len(running)}", **options))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.stop()
