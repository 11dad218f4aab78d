"""Sweep: remove what processes that died left behind. What they acknowledged is named by a row and stays."""

from motherlode.store import contents
from motherlode.store.blobs.base import Blobs
from motherlode.store.db import Database


def sweep(*, db: Database, blobs: Blobs) -> list[str]:
    """Remove spooled files of dead processes, and the blobs that they put and never committed; returns what went."""

    def is_named(blob: str) -> bool:
        with db.read() as tx:
            return contents.is_named(tx, blob)

    return blobs.sweep(is_named)
