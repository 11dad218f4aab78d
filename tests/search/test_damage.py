"""An index that cannot be used says so, whatever happened to it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from motherlode.search.index import UnusableIndex, create_index, open_index
from tests.search.packages import a_subject, find

PARTS = ["idx", "pos", "term", "store", "fast", "fieldnorm"]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "index"
    index = create_index(folder, history="one")
    index.write([a_subject(f"Foo.Bar{number}", number, description="text " * number) for number in range(50)], {1: 3})
    index.write([a_subject("Foo.Bar7", 70)], {1: 4})
    index.tidy()
    return folder


def find_file(folder, part):
    return max(folder.glob(f"*.{part}"), key=lambda path: path.stat().st_size)


def test_a_good_index_opens_as_it_was_left(folder):
    index = open_index(folder, history="one")
    assert index.positions() == {1: 4}
    assert find(index, "", take=2) == ["foo.bar7", "foo.bar49"]


def test_an_empty_index_opens(tmp_path):
    create_index(tmp_path / "index", history="one")
    assert find(open_index(tmp_path / "index", history="one"), "") == []


@pytest.mark.parametrize("is_there", [True, False])
def test_a_missing_index_is_refused(tmp_path, is_there):
    if is_there:
        (tmp_path / "index").mkdir()
    with pytest.raises(UnusableIndex, match="no search index yet"):
        open_index(tmp_path / "index", history="one")


def test_an_index_of_another_history_is_refused(folder):
    with pytest.raises(UnusableIndex, match="another history"):
        open_index(folder, history="two")


@pytest.mark.parametrize("layout", [0, 999, None, "1"])
def test_an_index_of_another_layout_is_refused(folder, layout):
    (folder / "index.json").write_text(json.dumps({"layout": layout, "history": "one"}))
    with pytest.raises(UnusableIndex, match="layout"):
        open_index(folder, history="one")


@pytest.mark.parametrize("name", ["index.json", "meta.json", ".managed.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe", b'{"segments": 3}'])
def test_a_damaged_list_of_files_is_refused(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(UnusableIndex):
        open_index(folder, history="one")


@pytest.mark.parametrize("name", ["index.json", "meta.json"])
def test_a_lost_list_of_files_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(UnusableIndex):
        open_index(folder, history="one")


@pytest.mark.parametrize("part", PARTS)
def test_a_lost_file_is_refused(folder, part):
    find_file(folder, part).unlink()
    with pytest.raises(UnusableIndex):
        open_index(folder, history="one")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kept", [0, 5, 0.5, 0.99])
def test_a_file_cut_short_is_refused(folder, part, kept):
    path = find_file(folder, part)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(UnusableIndex):
        open_index(folder, history="one")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 1.0])
def test_a_flipped_bit_is_refused(folder, part, place):
    path = find_file(folder, part)
    content = bytearray(path.read_bytes())
    content[int((len(content) - 1) * place)] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(UnusableIndex):
        open_index(folder, history="one")


def test_a_flipped_bit_in_the_list_of_deleted_documents_is_refused(folder):
    (path,) = list(folder.glob("*.del"))[:1]
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    with pytest.raises(UnusableIndex):
        open_index(folder, history="one")


def test_an_index_whose_files_vanish_while_it_is_open_says_so_at_the_next_look(folder):
    index = open_index(folder, history="one")
    shutil.rmtree(folder)
    with pytest.raises(UnusableIndex):
        index.reload()
    with pytest.raises((UnusableIndex, OSError)):
        index.write([a_subject("Foo")], {})


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from motherlode.search.index import open_index
from tests.search.packages import a_subject, ask

index = open_index(Path(sys.argv[1]), history="one")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    index.write([a_subject(f"More{number}") for number in range(2_000)], {1: 5})
except OSError:
    print(index.positions()[1], index.search(ask("")).total)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
index.write([a_subject(f"More{number}") for number in range(2_000)], {1: 5})
index.tidy()
print(index.positions()[1], index.search(ask("")).total)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX bounds the size of files")
@pytest.mark.parametrize("room_bytes", [0, 1_000, 20_000])
def test_a_full_disk_leaves_the_index_as_it_was_and_it_can_be_written_once_there_is_room(folder, room_bytes):
    command = [sys.executable, "-c", FULL_DISK, str(folder), str(room_bytes)]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout.split() == ["4", "50", "5", "2050"], run.stderr
