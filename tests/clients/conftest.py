"""Fixtures of the tests with real clients: someone at a machine of his own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.client import User, new_user
from tests.support.https import Authority, HttpsServer, make_authority, start_https_server


@pytest.fixture
def user(clients: Path, tmp_path: Path) -> User:
    """Someone with an empty home and an empty folder."""
    return new_user(clients / "bin", tmp_path / "user")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private certificate authority, which no machine trusts yet."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def https_server(authority: Authority, tmp_path: Path) -> Iterator[HttpsServer]:
    """A fresh server that speaks https with a certificate of the private authority, for 127.0.0.1 and localhost."""
    server = start_https_server(authority, data=tmp_path / "https-data", environment=authority.issue("server").settings)
    yield server
    server.stop()
