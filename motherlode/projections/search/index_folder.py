"""The folder of the search index: which index is in use, how another takes its place, and who may write.

Invariant: `current` names an index that is complete, or nothing. An index is built in a folder of its own, beside the
one in use, and takes its place in one step: the file that names it is replaced. Whoever opened the old one goes on
reading it until `is_current` tells otherwise.

Two locks, each let go by the kernel when its holder dies: `lock` for writing into the index in use and for putting
another in its place, `building` for building one. So all folders but the one in use are left-overs to whoever holds
`building`.
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
    """An index that is open: `name` is that of its folder, `stamp` tells whether it is still the one in use."""

    index: SearchIndex
    name: str
    stamp: int


class IndexFolder:
    """The folder at `path`; `history` is that of the database which the index must belong to."""

    def __init__(self, path: Path, history: str) -> None:
        self._path = path
        self._history = history

    def stamp(self) -> int:
        """A number that is another one as soon as another index is in use; 0 for none. Takes microseconds."""
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
        """A new and empty index, not in use; the holder of the builder's lock makes it."""
        name = new_nonce()
        self._make()
        folder = self._path / name
        folder.mkdir(mode=0o700)
        return Opened(create_index(folder, history=self._history), name, 0)

    def put_in_use(self, built: Opened) -> None:
        """Let the index take the place of the one in use; the holder of the writer's lock does so."""
        os_files.write_private(self._path / _CURRENT, built.name.encode())

    def sweep(self) -> None:
        """Remove all indexes but the one in use; the holder of the builder's lock does so."""
        current = self._find_current()
        for folder in self._path.iterdir():
            if is_nonce(folder.name) and folder.name != current:
                shutil.rmtree(folder, ignore_errors=True)  # Windows keeps what others have open; a later one goes on

    def wait_to_write(self, is_done: Callable[[], bool] = lambda: False) -> FileLock | None:
        """The writer's lock; None as soon as `is_done`, which is asked while someone else holds it. Raises Busy."""
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
        """The builder's lock, unless someone else holds it."""
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
