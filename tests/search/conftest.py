"""Fixtures for the tests of search."""

from pathlib import Path

import pytest

from motherlode.search.index import SearchIndex, create_index


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    """An empty index."""
    return create_index(tmp_path / "index", history="a history")
