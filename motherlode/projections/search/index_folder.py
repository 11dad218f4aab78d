"""The folder of the search index: names the index in use, replaces it, and holds the locks for writing.

Invariant: `current` names a complete index, or nothing. A new index is built in its own folder beside the one in use,
and replaces it in one step: the file `current` is replaced. Readers of the old index keep reading it until `stamp`
changes.

There are two locks, and the kernel releases each when its holder dies: `lock` for writing into the index in use and for
replacing it, `building` for building a new one. So the holder of `building` may remove all folders but the one in use.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from motherlode import os_files
from motherlode.domain.refusals import Busy
from motherlode.os_files import FileLock, try_lock
from motherlode.search.index import SearchIndex, UnusableIndex, create_index, open_index
from motherlode.store.data_folder import is_nonce, new_nonce

_CURRENT: Final = "current"
_LOCK: Final = "lock"
_BUILDING: Final = "building"
WRITE_TIMEOUT_S: Final = 20.0
_FIRST_PAUSE_S: Final = 0.002
_LAST_PAUSE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Opened:
    """An open index: `name` is its folder's name; `stamp` differs from the folder's once another index is in use."""

    index: SearchIndex
    name: str
    stamp: int


class IndexFolder:
    """The folder at `path`; `history` is the history of the database that the index must belong to."""

    def __init__(self, path: Path, history: str) -> None:
        self._path = path
        self._history = history

    def stamp(self) -> int:
        """Return a number that changes as soon as another index is in use; 0 for none. Takes microseconds."""
        try:
            found = (self._path / _CURRENT).stat()
        except OSError:
            return 0
        return hash((found.st_ino, found.st_mtime_ns)) or 1

    def open_current(self) -> Opened:
        """Open the index in use. Raises UnusableIndex."""
        while True:
            stamp = self.stamp()
            name = self._find_current()
            if name is None:
                raise UnusableIndex("there is no search index yet")
            try:
                return Opened(open_index(self._path / name, history=self._history), name, stamp)
            except UnusableIndex:
                if self.stamp() == stamp:
                    raise

    def create(self) -> Opened:
        """Create an empty index that is not in use. The caller holds the builder's lock."""
        name = new_nonce()
        self._make()
        folder = self._path / name
        folder.mkdir(mode=0o700)
        return Opened(create_index(folder, history=self._history), name, 0)

    def put_in_use(self, built: Opened) -> None:
        """Replace the index in use with this one. The caller holds the writer's lock."""
        os_files.write_private(self._path / _CURRENT, built.name.encode())

    def sweep(self) -> None:
        """Remove all indexes but the one in use. The caller holds the builder's lock."""
        current = self._find_current()
        for folder in self._path.iterdir():
            if is_nonce(folder.name) and folder.name != current:
                shutil.rmtree(folder, ignore_errors=True)  # Windows keeps open files; a later sweep removes them

    def wait_to_write(self, is_done: Callable[[], bool] = lambda: False) -> FileLock | None:
        """Wait for the writer's lock; returns None as soon as `is_done`, checked while another process holds the lock.

        Raises Busy after `WRITE_TIMEOUT_S`.
        """
        self._make()
        pause_s, deadline = _FIRST_PAUSE_S, monotonic() + WRITE_TIMEOUT_S
        while True:
            lock = try_lock(self._path / _LOCK)
            if lock is not None:
                return lock
            if is_done():
                return None
            if monotonic() > deadline:
                raise Busy
            sleep(pause_s)
            pause_s = min(2 * pause_s, _LAST_PAUSE_S)

    def try_building(self) -> FileLock | None:
        """Return the builder's lock, or None if another process holds it."""
        self._make()
        return try_lock(self._path / _BUILDING)

    def _make(self) -> None:
        self._path.mkdir(mode=0o700, exist_ok=True)

    def _find_current(self) -> str | None:
        try:
            name = (self._path / _CURRENT).read_text("ascii", "replace").strip()
        except OSError:
            return None
        return name if is_nonce(name) else None
