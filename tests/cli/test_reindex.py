"""`motherlode reindex`: a new search index, with or without a server beside it."""

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.os_files import try_lock
from tests.cli.running import assert_refused, run
from tests.support.builders import nupkg


@pytest.fixture
def data(tmp_path):
    """The data folder of a server that ran once, with three packages."""
    folder = tmp_path / "data"
    prepare_house(load_settings({}, data=folder)).close()
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.nupkg")
        files[-1].write_bytes(nupkg(f"Acme.N{number}"))
    assert run("push", *files, "--data", folder).returncode == 0
    return folder


def test_it_says_how_far_it_is_and_how_many_it_has_indexed(data):
    done = run("reindex", "--data", data)
    assert (done.returncode, done.stdout) == (0, "indexed 3 packages\n")
    assert done.stderr == "read 3 of 3 packages\n"
    assert (data / "search" / "current").is_file()


def test_each_run_leaves_one_index(data):
    names = set()
    for _ in range(2):
        assert run("reindex", "--data", data).returncode == 0
        (folder,) = (path for path in (data / "search").iterdir() if path.is_dir())
        assert folder.name == (data / "search" / "current").read_text()
        names.add(folder.name)
    assert len(names) == 2


def test_a_second_one_beside_it_is_refused(data):
    assert run("reindex", "--data", data).returncode == 0
    before = (data / "search" / "current").read_text()
    lock = try_lock(data / "search" / "building")
    try:
        assert_refused(run("reindex", "--data", data), "is already being built")
    finally:
        lock.release()
    assert (data / "search" / "current").read_text() == before


def test_a_folder_without_data_is_refused(tmp_path):
    assert_refused(run("reindex", "--data", tmp_path), "contains no Motherlode data")
