"""Blobs as files in the data folder.

The order of steps makes a push crash-safe. Each step of `put` is durable or harmless before the next one starts:

    1. fsync the spooled file         the bytes are on the disk
    2. write the intent marker        an empty file with the blob's name in this process's spool folder
    3. rename into blobs/ab/          the whole blob is in place, under a unique name
    4. fsync blobs/ab/                the rename is durable; the entry of ab/ in blobs/ is synced at its first use

A crash before step 3 leaves a spooled file, a crash after it leaves an intent marker; `sweep` removes both. The marker
(the "crash note" of docs/adr/0006) is not synced: file systems with a journal keep the order of steps 2 and 3. On
others, a power loss leaves at worst a file that no row references, never a row without its file.

A process owns its spool folder as long as it holds the folder's lock; the kernel releases the lock however the process
dies. The folder is created when it is first needed, so commands that write no blobs leave nothing behind.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from motherlode import os_files
from motherlode.observe.crash import crash_point
from motherlode.store import data_folder
from motherlode.store.blobs.free_space import FreeSpace
from motherlode.store.blobs.protocol import Spool, StoredBlob, check_by_writing, storage_refusals


class FileSpool(Spool):
    """A spool that is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(os_files.open_new(path))
        self.path = path

    def discard(self) -> None:
        """Close and remove the file, unless it was put."""
        with suppress(OSError):  # bytes that cannot be flushed are dropped anyway
            self.file.close()
        self.path.unlink(missing_ok=True)


class FileBlobs:
    """The blobs of a data folder. At least `least_free_bytes` must stay free on its disk.

    Do not use one object on both sides of a fork."""

    def __init__(self, folder: Path, least_free_bytes: int = 0) -> None:
        self._folder = folder
        self._free_space = FreeSpace(lambda: shutil.disk_usage(folder).free, least_free_bytes)
        self._making = threading.Lock()
        self._lock: os_files.FileLock | None = None
        self._durable_folders: set[Path] = set()

    def spool(self) -> FileSpool:
        """Create a file in this process's spool folder."""
        self._free_space.check()
        return self._new_spool()

    def _new_spool(self) -> FileSpool:
        with storage_refusals():
            return FileSpool(self._spool_folder() / data_folder.new_spool_name())

    def put(self, spool: Spool) -> str:
        """Make the spooled file a blob, by the steps in the module's docstring."""
        # a spool always belongs to the store that made it
        assert isinstance(spool, FileSpool)  # noqa: S101
        name = data_folder.new_blob_name(spool.sha256)
        target = data_folder.blob_path(self._folder, name)
        with storage_refusals():
            os_files.sync_file(spool.file)
            spool.file.close()
            crash_point("put-synced")
            self._make_durable(target.parent)
            os_files.open_new(self._marker_path(name)).close()
            crash_point("put-noted")
            try:
                spool.path.rename(target)
                crash_point("put-renamed")
                os_files.sync_folder(target.parent)
            except OSError:
                self.delete(name)
                self.confirm(name)
                raise
        return name

    def confirm(self, name: str) -> None:
        """Remove the intent marker, if this process wrote one."""
        if self._lock is not None:
            self._marker_path(name).unlink(missing_ok=True)

    def open(self, name: str) -> BinaryIO:
        """Open the blob's file."""
        return self.path(name).open("rb")

    def path(self, name: str) -> Path:
        """The path of the blob's file, computed from the name."""
        return data_folder.blob_path(self._folder, name)

    def delete(self, name: str) -> None:
        """Unlink the file. Readers that have it open can read it to the end."""
        with suppress(FileNotFoundError, NotADirectoryError):
            self.path(name).unlink()

    def check(self) -> None:
        """Write, read and delete a small blob, even if free space is low."""
        check_by_writing(self, self._new_spool())

    def is_low(self) -> bool:
        """Whether the disk has too little free space."""
        return self._free_space.is_low()

    def walk(self) -> Iterator[StoredBlob]:
        """The blobs, folder by folder. `put_at` is the time of the file's last write, which is before the rename."""
        for folder in _list(data_folder.blobs_path(self._folder)):
            for file in _list(folder):
                with suppress(FileNotFoundError):
                    if data_folder.is_blob_name(file.name) and file.parent.name == file.name[:2]:
                        found = file.stat()
                        yield StoredBlob(file.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def sweep(self, is_named: Callable[[str], bool], *, is_dry_run: bool = False) -> list[str]:
        """Remove the spool folders whose lock is free, because their processes have ended."""
        deleted: list[str] = []
        for folder in _list(data_folder.spools_path(self._folder)):
            deleted += self._sweep_folder(folder, is_named, is_dry_run=is_dry_run)
        return deleted

    def unconfirmed(self) -> set[str]:
        """The blobs with an intent marker in any spool folder."""
        folders = _list(data_folder.spools_path(self._folder))
        return {file.name for folder in folders for file in _list(folder) if data_folder.is_blob_name(file.name)}

    def read_object(self, name: str) -> bytes | None:
        """The object's bytes, or None if it does not exist."""
        try:
            return data_folder.object_path(self._folder, name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def replace_object(self, name: str, content: bytes) -> None:
        """Write a file in the spool folder, where `sweep` finds it after a crash, and rename it."""
        target = data_folder.object_path(self._folder, name)
        with self._new_spool() as spool, storage_refusals():
            spool.write(content)
            os_files.sync_file(spool.file)
            spool.file.close()
            crash_point("history-synced")
            self._make_durable(target.parent)
            spool.path.replace(target)
            os_files.sync_folder(target.parent)
        crash_point("history-replaced")

    def close(self) -> None:
        """Release the spool folder, and remove it unless intent markers are left in it."""
        with self._making:
            if self._lock is None:
                return
            folder = self._lock.path.parent
            if any(data_folder.is_blob_name(file.name) for file in folder.iterdir()):
                self._lock.release()
            else:
                _remove(folder, self._lock)
            self._lock = None

    def _spool_folder(self) -> Path:
        """This process's spool folder, created and locked by the first call."""
        with self._making:
            while self._lock is None:
                self._lock = self._new_spool_folder()
            return self._lock.path.parent

    def _new_spool_folder(self) -> os_files.FileLock | None:
        """Create and lock a spool folder. Returns None if a sweep removed it before it was locked."""
        folder = data_folder.spools_path(self._folder) / data_folder.new_nonce()
        self._make_durable(folder.parent)
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            return os_files.try_lock(data_folder.lock_path(folder))
        return None

    def _marker_path(self, name: str) -> Path:
        return self._spool_folder() / name

    def _make_durable(self, folder: Path) -> None:
        """Create the folder if necessary and sync its entry, which the process that created it may not have synced."""
        if folder in self._durable_folders or folder == self._folder:
            return
        self._make_durable(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        os_files.sync_folder(folder.parent)
        self._durable_folders.add(folder)

    def _sweep_folder(self, folder: Path, is_named: Callable[[str], bool], *, is_dry_run: bool) -> list[str]:
        try:
            lock = os_files.try_lock(data_folder.lock_path(folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        if lock is None:
            return []
        try:
            names = [file.name for file in _list(folder) if file != lock.path]
            notes = [name for name in names if data_folder.is_blob_name(name)]
            unnamed = [name for name in notes if self.path(name).exists() and not is_named(name)]
            if not is_dry_run:
                for name in unnamed:
                    self.delete(name)
                _remove(folder, lock)
        finally:
            lock.release()
        return [*unnamed, *(name for name in names if data_folder.is_spool_name(name))]


def _list(folder: Path) -> list[Path]:
    """The entries of the folder, ordered by name. Empty if it does not exist or is not a folder."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove(folder: Path, lock: os_files.FileLock) -> None:
    """Remove the folder. The lock file is removed last, so that the folder is locked while it contains anything."""
    for file in folder.iterdir():
        if file != lock.path:
            file.unlink(missing_ok=True)
    lock.remove()
    with suppress(OSError):  # another process may just have created a new lock file
        folder.rmdir()
