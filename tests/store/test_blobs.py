"""The contract of blobs, once per back end; and what is true of files alone."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from motherlode import os_files
from motherlode.domain.refusals import StorageFull, StorageLow
from motherlode.store import data_folder
from motherlode.store.blobs.filesystem import FileBlobs
from motherlode.store.blobs.memory import MemoryBlobs, Shelf
from motherlode.store.blobs.protocol import storage_refusals

NAME = f"{'ab' * 32}-{'0' * 16}"


@pytest.fixture(params=["files", "memory"])
def open_blobs(request, tmp_path):
    """Opens the same store once more, as another process does."""
    shelf = Shelf()
    opened = []

    def open_once_more():
        opened.append(FileBlobs(tmp_path) if request.param == "files" else MemoryBlobs(shelf))
        return opened[-1]

    yield open_once_more
    for blobs in opened:
        blobs.close()


@pytest.fixture
def blobs(open_blobs):
    return open_blobs()


@pytest.fixture
def files(tmp_path):
    store = FileBlobs(tmp_path)
    yield store
    store.close()


def put(blobs, body=b"body"):
    with blobs.spool() as spool:
        spool.write(body)
        spool.finish()
        return blobs.put(spool)


def read(blobs, name):
    with blobs.open(name) as file:
        return file.read()


def tree(folder):
    """All files below a folder, without locks."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name != "lock")


class TestContract:
    def test_a_spool_is_measured_and_hashed_and_can_be_read(self, blobs):
        with blobs.spool() as spool:
            for chunk in (b"one ", bytearray(b"two "), memoryview(b"three")):
                spool.write(chunk)
            spool.finish()
            body = b"one two three"
            assert (spool.size, spool.file.read()) == (13, body)
            assert spool.sha256 == hashlib.sha256(body).digest()
            assert spool.sha512 == hashlib.sha512(body).digest()
            spool.file.seek(4)
            assert spool.file.read(3) == b"two"

    def test_what_was_put_is_read_back_by_its_name(self, blobs):
        names = {body: put(blobs, body) for body in (b"", b"small", b"large" * 100_000)}
        assert {body: read(blobs, name) for body, name in names.items()} == {body: body for body in names}

    def test_a_spool_may_be_read_before_it_is_put(self, blobs):
        with blobs.spool() as spool:
            spool.write(b"body")
            spool.finish()
            spool.file.read(2)
            assert read(blobs, blobs.put(spool)) == b"body"

    def test_a_name_is_never_used_twice(self, blobs):
        names = [put(blobs), put(blobs)]
        assert len(set(names)) == 2
        assert {name.split("-")[0] for name in names} == {hashlib.sha256(b"body").hexdigest()}
        blobs.delete(names[0])
        assert read(blobs, names[1]) == b"body"

    def test_a_blob_can_be_read_in_parts(self, blobs):
        with blobs.open(put(blobs, b"0123456789")) as file:
            file.seek(-3, os.SEEK_END)
            assert file.read(2) == b"78"

    def test_a_blob_that_is_not_there_is_not_found(self, blobs):
        with pytest.raises(FileNotFoundError):
            blobs.open(NAME)

    def test_a_deleted_blob_is_gone_and_may_be_deleted_again(self, blobs):
        name = put(blobs)
        for _ in range(2):
            blobs.delete(name)
        with pytest.raises(FileNotFoundError):
            blobs.open(name)

    def test_who_reads_a_blob_reads_it_to_its_end_though_it_is_deleted(self, blobs):
        name = put(blobs)
        with blobs.open(name) as file:
            blobs.delete(name)
            assert file.read() == b"body"

    def test_the_check_passes_and_leaves_nothing(self, blobs, open_blobs):
        blobs.check()
        blobs.close()
        assert open_blobs().sweep(lambda _: False) == []

    def test_a_sweep_deletes_what_a_dead_process_put_and_nobody_names(self, blobs, open_blobs):
        named, unnamed = put(blobs, b"named"), put(blobs, b"unnamed")
        blobs.close()
        heir = open_blobs()
        assert heir.sweep(lambda name: name == named) == [unnamed]
        assert read(heir, named) == b"named"
        with pytest.raises(FileNotFoundError):
            heir.open(unnamed)
        assert heir.sweep(lambda _: False) == []

    def test_a_sweep_leaves_alone_what_was_settled(self, blobs, open_blobs):
        name = put(blobs)
        blobs.confirm(name)
        blobs.close()
        assert open_blobs().sweep(lambda _: False) == []
        assert read(open_blobs(), name) == b"body"

    def test_a_sweep_leaves_alone_what_living_processes_have_in_hand(self, blobs, open_blobs):
        name = put(blobs)
        with blobs.spool() as spool:
            spool.write(b"coming in")
            assert open_blobs().sweep(lambda _: False) == []
            assert blobs.sweep(lambda _: False) == []
            spool.finish()
            assert read(blobs, blobs.put(spool)) == b"coming in"
        assert read(blobs, name) == b"body"

    def test_a_blob_that_was_deleted_and_settled_is_no_business_of_a_sweep(self, blobs, open_blobs):
        name = put(blobs)
        blobs.delete(name)
        blobs.confirm(name)
        blobs.confirm(name)
        blobs.close()
        assert open_blobs().sweep(lambda _: pytest.fail("nothing to ask about")) == []

    def test_all_blobs_are_walked_over_in_the_order_of_their_names(self, blobs):
        bodies = [b"one", b"three", b"eleven"]
        names = {put(blobs, body): len(body) for body in bodies}
        before = datetime.now(UTC) - timedelta(minutes=1)
        walked = list(blobs.walk())
        assert [(blob.name, blob.size) for blob in walked] == sorted(names.items())
        assert all(before < blob.put_at <= datetime.now(UTC) for blob in walked)
        blobs.delete(walked[0].name)
        assert [blob.name for blob in blobs.walk()] == sorted(names)[1:]

    def test_a_store_without_blobs_is_walked_over_in_no_step(self, blobs):
        assert list(blobs.walk()) == []

    def test_a_dry_sweep_tells_what_would_go_and_leaves_it(self, blobs, open_blobs):
        named, unnamed = put(blobs, b"named"), put(blobs, b"unnamed")
        blobs.close()
        heir = open_blobs()
        for is_dry_run in (True, True, False):
            assert read(heir, unnamed) == b"unnamed"
            assert heir.sweep(lambda name: name == named, is_dry_run=is_dry_run) == [unnamed]
        assert heir.sweep(lambda _: False) == []

    def test_a_closed_store_may_be_closed_again(self, blobs):
        put(blobs)
        blobs.close()
        blobs.close()


class TestLowRoom:
    """Below a floor pushes are refused before the disk is full; reads go on, and so does the check."""

    @pytest.fixture(params=["files", "memory"])
    def low(self, request, tmp_path):
        """A store with one blob, and from then on less room than is to stay free."""
        shelf = Shelf()
        before = FileBlobs(tmp_path) if request.param == "files" else MemoryBlobs(shelf)
        name = put(before)
        before.confirm(name)
        before.close()
        shelf.is_low = True
        blobs = FileBlobs(tmp_path, 1 << 60) if request.param == "files" else MemoryBlobs(shelf)
        yield blobs, name
        blobs.close()

    def test_nothing_more_is_spooled(self, low):
        blobs, name = low
        assert blobs.is_low()
        with pytest.raises(StorageLow):
            blobs.spool()
        assert [blob.name for blob in blobs.walk()] == [name]

    def test_reads_and_deletes_and_the_check_go_on(self, low):
        blobs, name = low
        assert read(blobs, name) == b"body"
        blobs.check()
        blobs.delete(name)
        assert list(blobs.walk()) == []

    def test_where_there_is_room_enough_it_is_not_low(self, tmp_path):
        store = FileBlobs(tmp_path, 1)
        assert not store.is_low()
        store.spool().discard()
        store.close()


class TestFiles:
    def test_a_blob_is_a_file_at_the_place_its_name_says(self, files, tmp_path):
        name = put(files)
        files.confirm(name)
        assert files.path(name) == tmp_path / "blobs" / name[:2] / name
        assert tree(tmp_path) == [f"blobs/{name[:2]}/{name}"]

    def test_nobody_else_may_look_into_files_or_folders(self, files, tmp_path):
        put(files)
        made = list(tmp_path.rglob("*"))
        assert {path.stat().st_mode & 0o777 for path in made if path.is_dir()} == {0o700}
        assert {path.stat().st_mode & 0o777 for path in made if path.is_file()} == {0o600}

    def test_a_store_that_writes_nothing_makes_nothing(self, files, tmp_path):
        assert files.sweep(lambda _: False) == []
        files.confirm(NAME)
        files.delete(NAME)
        files.close()
        assert list(tmp_path.iterdir()) == []

    def test_a_spool_that_is_left_is_gone(self, files, tmp_path):
        with files.spool() as spool:
            spool.write(b"half a body")
            assert len(tree(tmp_path)) == 1
        assert tree(tmp_path) == []

    def test_closing_leaves_no_spool_folder_unless_something_is_unsettled(self, tmp_path):
        settled, unconfirmed = FileBlobs(tmp_path), FileBlobs(tmp_path)
        settled.confirm(put(settled))
        name = put(unconfirmed)
        settled.close()
        unconfirmed.close()
        assert [note.name for note in (tmp_path / "spool").glob("*/*-*")] == [name]
        assert len(list((tmp_path / "spool").iterdir())) == 1

    def test_the_bytes_the_note_and_both_folders_are_there_in_an_order_that_survives_a_loss_of_power(
        self, files, tmp_path, monkeypatch
    ):
        """Each sync looks at what is there at that moment."""
        steps = []
        sync_file, sync_folder = os_files.sync_file, os_files.sync_folder

        def note_file(file):
            steps.append(("file", [name for name in tree(tmp_path) if name.startswith("blobs")]))
            sync_file(file)

        def note_folder(folder):
            steps.append((str(folder.relative_to(tmp_path)), len(tree(tmp_path / "blobs"))))
            sync_folder(folder)

        monkeypatch.setattr(os_files, "sync_file", note_file)
        monkeypatch.setattr(os_files, "sync_folder", note_folder)
        name = put(files)
        assert steps == [(".", 0), ("file", []), (".", 0), ("blobs", 0), (f"blobs/{name[:2]}", 1)]

    def test_a_name_that_is_no_blobs_leads_nowhere(self, files):
        for name in ("", "..", "../../motherlode.db", NAME.upper(), f"{NAME}/x", f"{NAME}\n", "ab"):
            with pytest.raises(ValueError, match="not the name of a blob"):
                files.path(name)

    def test_a_put_that_cannot_be_completed_leaves_nothing(self, files, tmp_path):
        with files.spool() as spool:
            spool.write(b"body")
            spool.finish()
            spool.path.unlink()
            with pytest.raises(FileNotFoundError):
                files.put(spool)
        assert tree(tmp_path) == []

    def test_the_check_says_when_nothing_can_be_written(self, files, tmp_path):
        (tmp_path / "blobs").touch()
        with pytest.raises(OSError, match="blobs"):
            files.check()

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
    def test_a_full_disk_is_refused_as_such(self, files):
        with files.spool() as spool:
            spool.file.close()
            spool.file = Path("/dev/full").open("w+b", buffering=0)  # noqa: SIM115 the spool closes it
            with pytest.raises(StorageFull):
                spool.write(b"body")

    def test_only_no_room_is_refused_as_no_room(self):
        with pytest.raises(PermissionError), storage_refusals():
            raise PermissionError(errno.EACCES, "no")

    def test_a_sweep_removes_half_spooled_bodies_and_stale_locks(self, tmp_path):
        folder = tmp_path / "spool" / "0123456789abcdef"
        folder.mkdir(parents=True)
        (folder / "lock").touch()
        (folder / "fedcba9876543210.part").write_bytes(b"half a body")
        heir = FileBlobs(tmp_path)
        for is_dry_run in (True, False):
            assert (folder / "fedcba9876543210.part").exists()
            assert heir.sweep(lambda _: False, is_dry_run=is_dry_run) == ["fedcba9876543210.part"]
        assert list((tmp_path / "spool").iterdir()) == []

    def test_a_sweep_keeps_its_hands_off_what_is_not_the_stores(self, files, tmp_path):
        (tmp_path / "spool").mkdir()
        (tmp_path / "spool" / ".DS_Store").touch()
        assert files.sweep(lambda _: False) == []

    def test_a_note_without_its_blob_is_cleared(self, tmp_path):
        """A crash between the note and the rename."""
        folder = tmp_path / "spool" / "0123456789abcdef"
        folder.mkdir(parents=True)
        (folder / NAME).touch()
        assert FileBlobs(tmp_path).sweep(lambda _: False) == []
        assert list((tmp_path / "spool").iterdir()) == []

    def test_a_commit_that_happens_just_before_the_end_is_seen(self, tmp_path):
        """Whether a blob is named is asked only once its process is known to be gone."""
        first, heir = FileBlobs(tmp_path), FileBlobs(tmp_path)
        name = put(first)
        asked = []
        assert heir.sweep(lambda blob: asked.append(blob) or False) == []
        assert asked == []
        first.close()
        assert heir.sweep(lambda blob: asked.append(blob) or True) == []
        assert asked == [name]
        assert read(heir, name) == b"body"


PROGRAM = """
import os, sys
from pathlib import Path
from motherlode import os_files
from motherlode.store.blobs.filesystem import FileBlobs
if sys.argv[2] == "windows":
    os_files.fcntl = None
blobs = FileBlobs(Path(sys.argv[1]))
with blobs.spool() as spool:
    spool.write(b"body")
    spool.finish()
    print(blobs.put(spool))
"""
"""Dies inside of `put` when the environment names a point there."""


@pytest.mark.parametrize("point", ["put-synced", "put-noted", "put-renamed"])
def test_a_process_killed_while_it_puts_a_blob_leaves_nothing_that_a_sweep_does_not_clear(tmp_path, platform, point):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), platform]
    environment = os.environ | {"MOTHERLODE_CRASH_AT": point}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert tree(tmp_path) != []
    heir = FileBlobs(tmp_path)
    swept = heir.sweep(lambda _: False)
    assert [data_folder.is_blob_name(name) for name in swept] == [point == "put-renamed"]
    assert tree(tmp_path) == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_names_and_paths_are_the_ones_of_the_drawing(tmp_path):
    assert data_folder.database_path(tmp_path) == tmp_path / "motherlode.db"
    assert data_folder.settings_path(tmp_path) == tmp_path / "motherlode.toml"
    assert data_folder.first_key_path(tmp_path) == tmp_path / "first-key.txt"
    assert data_folder.run_path(tmp_path) == tmp_path / "run"
    assert data_folder.is_blob_name(data_folder.new_blob_name(b"\xab" * 32))
    assert not data_folder.is_blob_name("0123456789abcdef.part")
