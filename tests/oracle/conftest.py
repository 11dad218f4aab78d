"""Fixtures of the tests that ask NuGet's own libraries."""

from pathlib import Path

import pytest

from tests.conftest import require
from tests.oracle.library import Library, build_library


@pytest.fixture(scope="session")
def library(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """NuGet's libraries, built once for the whole session (3 s)."""
    source = require("MOTHERLODE_ORACLE")
    return build_library(source, clients / "bin", tmp_path_factory.mktemp("oracle"))


@pytest.fixture(scope="session")
def reader(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A program that says everything that NuGet's libraries read of a nuspec (`nuspec`) or of a package (`nupkg`)."""
    return build_library(Path(__file__).parent / "reader", clients / "bin", tmp_path_factory.mktemp("reader"))
