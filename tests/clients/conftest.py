"""Fixtures of the tests with real clients: someone at a machine of his own."""

from pathlib import Path

import pytest

from tests.clients.client import User, new_user


@pytest.fixture
def user(clients: Path, tmp_path: Path) -> User:
    """Someone with an empty home and an empty folder."""
    return new_user(clients / "bin", tmp_path / "user")
