"""Blobs in memory, for tests. They keep the promises of `Blobs` as long as their `Shelf` exists."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from motherlode.domain.refusals import StorageLow
from motherlode.observe.clock import Clock, SystemClock
from motherlode.store import data_folder
from motherlode.store.blobs.protocol import Spool, StoredBlob, check_by_writing


@dataclass(slots=True)
class Shelf:
    """The data that outlives a `MemoryBlobs`, as a folder outlives a process.

    Contains the blobs, the time each was put, small objects, all intent markers (`notes`), and those of closed stores
    (`left_notes`). If `is_low` is set, nothing can be spooled."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    left_notes: set[str] = field(default_factory=set)
    objects: dict[str, bytes] = field(default_factory=dict)
    put_at: dict[str, datetime] = field(default_factory=dict)
    is_low: bool = False


class MemoryBlobs:
    """The blobs on a shelf. By default it is a new shelf."""

    def __init__(self, shelf: Shelf | None = None, clock: Clock | None = None) -> None:
        self._shelf = shelf or Shelf()
        self._clock = clock or SystemClock()
        self._notes: set[str] = set()

    def spool(self) -> Spool:
        """Create a spool in memory."""
        if self._shelf.is_low:
            raise StorageLow
        return Spool(io.BytesIO())

    def put(self, spool: Spool) -> str:
        """Store the bytes on the shelf."""
        name = data_folder.new_blob_name(spool.sha256)
        self._notes.add(name)
        self._shelf.notes.add(name)
        spool.file.seek(0)
        self._shelf.put_at[name] = self._clock.now()
        self._shelf.blobs[name] = spool.file.read()
        spool.file.close()
        return name

    def confirm(self, name: str) -> None:
        """Remove the intent marker."""
        self._notes.discard(name)
        self._shelf.notes.discard(name)

    def open(self, name: str) -> BinaryIO:
        """The blob's bytes as a file."""
        if name not in self._shelf.blobs:
            raise FileNotFoundError(name)
        return io.BytesIO(self._shelf.blobs[name])

    def path(self, name: str) -> Path | None:  # noqa: ARG002
        """Always None, because there is no file."""
        return None

    def delete(self, name: str) -> None:
        """Remove the bytes from the shelf."""
        self._shelf.blobs.pop(name, None)
        self._shelf.put_at.pop(name, None)

    def check(self) -> None:
        """Write, read and delete a small blob."""
        check_by_writing(self, Spool(io.BytesIO()))

    def is_low(self) -> bool:
        """Whether the shelf's `is_low` is set."""
        return self._shelf.is_low

    def walk(self) -> Iterator[StoredBlob]:
        """The blobs on the shelf."""
        for name, body in sorted(self._shelf.blobs.items()):
            yield StoredBlob(name, len(body), self._shelf.put_at[name])

    def sweep(self, is_named: Callable[[str], bool], *, is_dry_run: bool = False) -> list[str]:
        """Remove what closed stores left behind."""
        left = sorted(self._shelf.left_notes & self._shelf.blobs.keys())
        unnamed = [name for name in left if not is_named(name)]
        if not is_dry_run:
            for name in unnamed:
                self.delete(name)
            self._shelf.notes -= self._shelf.left_notes
            self._shelf.left_notes.clear()
        return unnamed

    def unconfirmed(self) -> set[str]:
        """The blobs with an intent marker on the shelf."""
        return self._shelf.notes | self._shelf.left_notes

    def read_object(self, name: str) -> bytes | None:
        """The object's bytes, or None if it does not exist."""
        return self._shelf.objects.get(name)

    def replace_object(self, name: str, content: bytes) -> None:
        """Store the object on the shelf."""
        self._shelf.objects[name] = content

    def close(self) -> None:
        """Leave unconfirmed intent markers to the next sweep."""
        self._shelf.left_notes |= self._notes
        self._notes.clear()
