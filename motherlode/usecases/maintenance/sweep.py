"""Sweep: remove what dead processes left behind. Packages that they acknowledged are named by a row and stay."""

from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import garbage
from motherlode.usecases.maintenance.history import check_history


def sweep(*, db: Database, blobs: Blobs, is_dry_run: bool = False) -> list[str]:
    """Remove spooled files of dead processes, and the blobs that they stored but never committed.

    Returns the names of what was removed, or would be removed if `is_dry_run`. Raises DatabaseMissing, DatabaseStale,
    DatabaseUnusable, and then removes nothing.
    """
    check_history(db=db, blobs=blobs)

    def is_named(blob: str) -> bool:
        with db.read() as tx:
            return bool(garbage.find_named(tx, [blob]))

    return blobs.sweep(is_named, is_dry_run=is_dry_run)
