"""The protocol of all blob stores, and the spool that receives a body before it becomes a blob.

The steps of a push: `spool`, `write`…, `finish`, `put` (durable from here on), commit the row that references the blob,
`confirm`. A process that dies between `put` and `confirm` leaves an intent marker, and `sweep` finds out whether the
commit happened. This is exact and needs no waiting, because the markers of running processes are left alone.
"""

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from motherlode.domain.refusals import StorageFull


class Spool:
    """A body that is being received. It is hashed as it is written. A context manager: discards the body at the end of
    the block, unless it was put.

    `size` is in bytes. After `finish`, `file` is at its start for reading, and the hashes are set, as raw bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = 0
        self.sha256 = b""
        self.sha512 = b""
        self._hashes = (hashlib.sha256(), hashlib.sha512())

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes. Raises StorageFull."""
        for digest in self._hashes:
            digest.update(chunk)
        with storage_refusals():
            self.file.write(chunk)
        self.size += len(chunk)

    def finish(self) -> None:
        """Finish the body: nothing can be written after that. Raises StorageFull."""
        with storage_refusals():
            self.file.seek(0)
        self.sha256, self.sha512 = (digest.digest() for digest in self._hashes)

    def discard(self) -> None:
        """Discard the body, unless it was put."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob in the store. `size` is in bytes; `put_at` is not later than the time it was put."""

    name: str
    size: int
    put_at: datetime


class Blobs(Protocol):
    """A store of blobs. All methods may be called from any thread."""

    def spool(self) -> Spool:
        """Create a spool. Raises StorageLow if less space is free than required, StorageFull if the disk is full."""

    def put(self, spool: Spool) -> str:
        """Make a finished spool a durable blob; returns its name, which is unique.

        Leaves an intent marker that `confirm` removes. The spool can no longer be read. Raises StorageFull.
        """

    def confirm(self, name: str) -> None:
        """Remove the intent marker, after the row that references the blob was committed or the blob was deleted."""

    def open(self, name: str) -> BinaryIO:
        """Open the blob as a seekable file. Raises FileNotFoundError if it does not exist."""

    def path(self, name: str) -> Path | None:
        """The path of the blob's file, or None if blobs are not files. Does not check whether the file exists."""

    def delete(self, name: str) -> None:
        """Delete the blob. Does nothing if it does not exist."""

    def check(self) -> None:
        """Check the store by writing, reading and deleting a blob. Raises StorageFull, or OSError with the reason."""

    def is_low(self) -> bool:
        """Whether less space is free than required, so that nothing is spooled. Cheap, and at most one second old."""

    def walk(self) -> Iterator[StoredBlob]:
        """All blobs, ordered by name. Blobs that are added or deleted meanwhile may or may not be included."""

    def sweep(self, is_named: Callable[[str], bool], *, is_dry_run: bool = False) -> list[str]:
        """Remove what dead processes left behind: spools, intent markers, and blobs that no committed row references.

        Returns the names of the deleted blobs and spooled files; with `is_dry_run`, of those that would be deleted.
        `is_named` must query anew for each call, in a separate unit of work, because a process may have committed at
        the last moment before it died.
        """

    def unconfirmed(self) -> set[str]:
        """The blobs with an intent marker of any process. A row that references them may be about to be committed."""

    def read_object(self, name: str) -> bytes | None:
        """The small object with this name beside the blobs, or None if it does not exist."""

    def replace_object(self, name: str, content: bytes) -> None:
        """Create or replace the small object, durably and atomically. Raises StorageFull."""

    def close(self) -> None:
        """Close the store. Unconfirmed intent markers are left to the next `sweep`."""


@contextmanager
def storage_refusals() -> Iterator[None]:
    """Turn OSError for a full disk, an exceeded quota or a too large file into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}:
            raise StorageFull from error
        raise


def check_by_writing(blobs: Blobs, spool: Spool) -> None:
    """Check a store by writing, reading and deleting a small blob through the given new spool."""
    with spool:
        spool.write(b"motherlode")
        spool.finish()
        name = blobs.put(spool)
    try:
        with blobs.open(name) as file:
            if file.read() != b"motherlode":
                raise OSError(errno.EIO, "the blob store returned other bytes than were written")
    finally:
        blobs.delete(name)
        blobs.confirm(name)
