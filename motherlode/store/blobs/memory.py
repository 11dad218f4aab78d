"""Blobs in memory, for tests: the same promises, kept for as long as their `Shelf` lives."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from motherlode.store.blobs import keys
from motherlode.store.blobs.base import Spool, check_by_writing


@dataclass(slots=True)
class Shelf:
    """What outlives one `MemoryBlobs`, as a folder outlives a process: blobs, and notes of those that were closed."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    left_notes: set[str] = field(default_factory=set)


class MemoryBlobs:
    """The blobs on a shelf, by default one of its own."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf or Shelf()
        self._notes: set[str] = set()

    def spool(self) -> Spool:
        """A new spool in memory."""
        return Spool(io.BytesIO())

    def put(self, spool: Spool) -> str:
        """Lay the bytes on the shelf."""
        name = keys.new_blob_name(spool.sha256)
        self._notes.add(name)
        spool.file.seek(0)
        self._shelf.blobs[name] = spool.file.read()
        spool.file.close()
        return name

    def settle(self, name: str) -> None:
        """Forget the note."""
        self._notes.discard(name)

    def open(self, name: str) -> BinaryIO:
        """The bytes, as a file."""
        if name not in self._shelf.blobs:
            raise FileNotFoundError(name)
        return io.BytesIO(self._shelf.blobs[name])

    def path(self, name: str) -> Path | None:  # noqa: ARG002 no blob is a file here
        """None: there is no file."""
        return None

    def delete(self, name: str) -> None:
        """Take the bytes off the shelf."""
        self._shelf.blobs.pop(name, None)

    def check(self) -> None:
        """A small blob there and back."""
        check_by_writing(self)

    def sweep(self, is_named: Callable[[str], bool]) -> list[str]:
        """Clear what closed stores left."""
        left = sorted(self._shelf.left_notes & self._shelf.blobs.keys())
        unnamed = [name for name in left if not is_named(name)]
        for name in unnamed:
            self.delete(name)
        self._shelf.left_notes.clear()
        return unnamed

    def close(self) -> None:
        """Leave unsettled notes to the next sweep."""
        self._shelf.left_notes |= self._notes
        self._notes.clear()
