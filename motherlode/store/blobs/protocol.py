"""What every blob back end promises, and the spool that a body is written to before it is a blob.

The walk of a push: `spool`, `write`…, `finish`, `put` (durable from here on), commit the row that names the blob,
`confirm`. A process that dies between `put` and `confirm` leaves a crash note, and `sweep` finds out whether the commit
happened. Exact and without waiting, because notes of living processes are left alone.
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
    """A body on its way in, hashed as it is written. A context manager: left, it is gone, unless it was put.

    `size` counts bytes. After `finish`, `file` stands at its start for reading and the hashes are there, raw.
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
        """The body is whole: nothing is written from here on. Raises StorageFull."""
        with storage_refusals():
            self.file.seek(0)
        self.sha256, self.sha512 = (digest.digest() for digest in self._hashes)

    def discard(self) -> None:
        """Drop the body, unless it was put."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob as it lies in the store: `size` in bytes, `put_at` not later than when it was put."""

    name: str
    size: int
    put_at: datetime


class Blobs(Protocol):
    """A store of blobs. Every function may be called from any thread."""

    def spool(self) -> Spool:
        """A new spool. Raises StorageLow where less room is left than is to stay free, else StorageFull."""

    def put(self, spool: Spool) -> str:
        """Make a finished spool a blob: durable, under a name never used before, which is returned.

        It leaves a crash note that `confirm` removes. The spool cannot be read any more. Raises StorageFull.
        """

    def confirm(self, name: str) -> None:
        """Forget the crash note: the row that names the blob is committed, or the blob was deleted."""

    def open(self, name: str) -> BinaryIO:
        """The blob's bytes, seekable. FileNotFoundError when there is no such blob."""

    def path(self, name: str) -> Path | None:
        """The file that holds the blob; None where blobs are no files. Nothing is looked at."""

    def delete(self, name: str) -> None:
        """Delete the blob; one that is not there is no fault."""

    def check(self) -> None:
        """Really write, read and delete a blob. Raises StorageFull, or OSError saying what is wrong."""

    def is_low(self) -> bool:
        """Whether less room is left than is to stay free: nothing is spooled then. Cheap, and a second old at most."""

    def walk(self) -> Iterator[StoredBlob]:
        """All blobs, in the order of their names; those that come or go meanwhile may be among them or not."""

    def sweep(self, is_named: Callable[[str], bool], *, is_dry_run: bool = False) -> list[str]:
        """Clear what dead processes left: their spools, their notes, and the blobs that never came to be named.

        Returns the names of the blobs and of the spooled files deleted, or only to be deleted where `is_dry_run`.
        `is_named` must look afresh each time it is called, in a unit of work of its own: a process may have committed
        until the moment it died.
        """

    def unconfirmed(self) -> set[str]:
        """The blobs with a crash note, whichever process left it: a row may be about to name them."""

    def read_object(self, name: str) -> bytes | None:
        """A small object that lies beside the blobs under a fixed name; None where there is none."""

    def replace_object(self, name: str, content: bytes) -> None:
        """Make that object, or replace it: durably, and never with a part of it. Raises StorageFull."""

    def close(self) -> None:
        """Let go; crash notes that were not settled are left to the next `sweep`."""


@contextmanager
def storage_refusals() -> Iterator[None]:
    """Turn "no room" of the operating system into StorageFull: on the disk, in a quota, or for so large a file."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}:
            raise StorageFull from error
        raise


def check_by_writing(blobs: Blobs, spool: Spool) -> None:
    """The check that fits every back end: a small blob there and back, by way of a new spool."""
    with spool:
        spool.write(b"motherlode")
        spool.finish()
        name = blobs.put(spool)
    try:
        with blobs.open(name) as file:
            if file.read() != b"motherlode":
                raise OSError(errno.EIO, "the blob store gives back other bytes than were written")
    finally:
        blobs.delete(name)
        blobs.confirm(name)
