"""What stands in for POSIX keeps the same promises."""

import ctypes
import multiprocessing
import os
import platform as machine
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from motherlode import os_files


def test_the_names_are_really_hidden(platform):
    assert (os_files.fcntl is None) == (platform == "windows")
    assert hasattr(os, "O_DIRECTORY") == (platform == "posix")


def test_a_new_file_is_private_and_never_replaces_another(tmp_path):
    with os_files.open_new(tmp_path / "new") as file:
        file.write(b"mine")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        os_files.open_new(tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"mine"


def test_placing_a_file_never_replaces_another(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).write_text(name)
    os_files.place(tmp_path / "first", tmp_path / "target")
    with pytest.raises(FileExistsError):
        os_files.place(tmp_path / "second", tmp_path / "target")
    assert (tmp_path / "target").read_text() == "first"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["second", "target"]


def test_a_private_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path):
    for content in (b"first", b"second"):
        os_files.write_private(tmp_path / "key.txt", content)
        assert (tmp_path / "key.txt").read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["key.txt"]
    assert (tmp_path / "key.txt").stat().st_mode & 0o777 == 0o600


def test_a_private_file_that_cannot_be_put_in_place_leaves_nothing_beside_it(tmp_path):
    (tmp_path / "key.txt").mkdir()
    with pytest.raises(OSError, match=r"key\.txt"):
        os_files.write_private(tmp_path / "key.txt", b"content")
    assert [file.name for file in tmp_path.iterdir()] == ["key.txt"]


def test_files_and_folders_can_be_synced(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        file.write(b"buffered")
        os_files.sync_file(file)
        assert (tmp_path / "file").read_bytes() == b"buffered"
    os_files.sync_folder(tmp_path)


def test_a_file_is_made_private(tmp_path, platform):
    (tmp_path / "file").touch(0o644)
    os_files.make_private(tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode & 0o777 == (0o600 if platform == "posix" else 0o644)


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    lock = os_files.try_lock(tmp_path / "lock")
    assert os_files.try_lock(tmp_path / "lock") is None
    lock.release()
    again = os_files.try_lock(tmp_path / "lock")
    assert again is not None
    again.release()


def test_a_lock_that_was_removed_is_free_for_others(tmp_path):
    lock = os_files.try_lock(tmp_path / "lock")
    lock.remove()
    assert list(tmp_path.iterdir()) == []
    again = os_files.try_lock(tmp_path / "lock")
    assert again is not None
    again.release()


def test_a_lock_in_a_folder_that_is_gone_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        os_files.try_lock(tmp_path / "gone" / "lock")


def test_what_cannot_be_locked_at_all_is_no_lock_that_someone_else_holds(tmp_path):
    with pytest.raises(OSError, match=tmp_path.name):
        os_files.try_lock(tmp_path)


def hold(path, hidden, ready):
    """Another process: take the lock and stay."""
    if hidden:
        os_files.fcntl = None
    lock = os_files.try_lock(path)
    ready.send(lock is not None)
    multiprocessing.Event().wait()


def test_a_lock_ends_with_its_process_however_that_dies(tmp_path, platform):
    processes = multiprocessing.get_context("spawn")
    ready, theirs = processes.Pipe(duplex=False)
    holder = processes.Process(target=hold, args=(tmp_path / "lock", platform == "windows", theirs))
    holder.start()
    assert ready.recv()
    assert os_files.try_lock(tmp_path / "lock") is None
    holder.kill()
    holder.join()
    lock = os_files.try_lock(tmp_path / "lock")
    assert lock is not None
    lock.release()
    for end in (ready, theirs):
        end.close()
    holder.close()


def read_turn_ns():
    """The turns of this thread, as Linux gives them; 0 by default on kernels that know none."""
    attributes = ctypes.create_string_buffer(56)
    number = {"x86_64": 315, "aarch64": 275}[machine.machine()]
    assert ctypes.CDLL(None).syscall(number, 0, attributes, 56, 0) == 0
    return struct.unpack("IIQiIQQQII", attributes.raw)[5]


def test_a_thread_has_short_turns_and_keeps_its_priority():
    def take():
        os.setpriority(os.PRIO_PROCESS, 0, 3)
        os_files.take_short_turns(0.0002)
        return read_turn_ns(), os.getpriority(os.PRIO_PROCESS, 0)

    knows_turns = tuple(int(number) for number in os.uname().release.split(".")[:2]) >= (6, 12)
    with ThreadPoolExecutor(1) as thread:  # of its own: what it asks for stays
        assert thread.submit(take).result() == (200_000 if knows_turns else 0, 3)
