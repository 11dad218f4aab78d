"""The search for secrets at the end of a test run finds what it looks for."""

import shutil

import pytest

from motherlode.identity.keys import make_key
from tests.support.leaks import find_leaks, new_password


@pytest.fixture
def folder(tmp_path):
    """A folder that is gone before the end of the run: what lies in it leaks on purpose."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_keys_and_passwords_are_found_in_logs_and_databases(folder):
    (folder / "data.log").write_text(f"a line\n{make_key().secret}\n")
    (folder / "motherlode.db-wal").write_bytes(b"\0" * (1 << 20) + new_password().encode())
    assert [path.name for path in find_leaks(folder)] == ["data.log", "motherlode.db-wal"]


def test_a_secret_that_lies_across_two_pieces_is_found(folder):
    (folder / "long.log").write_bytes(b"-" * ((1 << 20) - 10) + new_password().encode())
    assert list(find_leaks(folder))


def test_the_first_key_s_own_file_and_hashes_are_no_leaks(folder):
    key = make_key()
    (folder / "first-key.txt").write_text(key.secret)
    (folder / "motherlode.db").write_bytes(key.digest + key.id.encode())
    assert not list(find_leaks(folder))
