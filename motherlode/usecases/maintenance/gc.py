"""Collect garbage: remove data that can no longer be reached, and nothing else.

The steps, in this order; each can be interrupted anywhere and repeated:

    1. remove what dead processes left in their spools
    2. release the content of soft-deleted versions after `soft_delete_keep`; their version numbers stay reserved
    3. delete the rows of contents that no version uses, and mark their blobs as garbage in the same unit of work
    4. delete the blobs that were garbage for longer than the reader grace, and then their garbage rows
    5. note blobs that no row names and no push can name any more; delete them after the quarantine: their rows may have
       been lost with a database that may come back

Nothing is changed if the database is not the one that the blobs belong to (`history`). No lock against pushes or other
collectors is needed: blob names are never reused, so a blob that no row names stays that way, and each unit of work
checks again, under the write lock, what it is about to release. A file is deleted before the row that marks it: a crash
in between leaves a row without a blob, which the next collector deletes.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from motherlode.domain.feed_settings import parse_feed_policy
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.blobs.protocol import Blobs, StoredBlob
from motherlode.store.data_folder import is_blob_name
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import garbage
from motherlode.store.packages.garbage import Ends
from motherlode.usecases.maintenance.batches import batches
from motherlode.usecases.maintenance.history import check_history
from motherlode.usecases.maintenance.sweep import sweep

Kind = Literal["upload", "deletion", "content", "blob", "unnamed"]

UNNAMED_GRACE: Final = timedelta(hours=24)
"""Min age of a blob before it is noted that no row names it; a push never names a blob older than one hour."""
QUARANTINE: Final = timedelta(days=7)
"""Default of `storage.quarantine`: how long a blob is kept after it was noted that no row names it."""
SAID: Final[dict[Kind, str]] = {
    "upload": "left over from an interrupted upload",
    "deletion": "deleted version that can no longer be restored",
    "content": "content that no version uses any more",
    "blob": "file of content that was removed",
    "unnamed": "file that the database does not reference",
}
"""What each kind of removed thing is, as text for users."""
_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Removed:
    """One thing that was removed, or would be in a dry run; `size` is the number of bytes that this frees."""

    kind: Kind
    name: str
    size: int = 0


def ignore_step() -> None:
    """Do nothing between steps, so the pass continues."""


def gc(
    *,
    db: Database,
    blobs: Blobs,
    clock: Clock,
    reader_grace: timedelta,
    quarantine: timedelta = QUARANTINE,
    indexed: Mapping[int, int] | None = None,
    is_dry_run: bool = False,
    report: Callable[[Removed], None],
    step: Callable[[], None] = ignore_step,
) -> int:
    """Remove all garbage. Returns the number of freed bytes.

    Calls `report` for each thing that was removed, or, if `is_dry_run`, would be removed; a dry run changes nothing.
    Calls `step` between any two steps; an exception from it ends the pass there, with no step half done. `indexed` is
    the number of the last event in the search index, by feed. Raises DatabaseMissing, DatabaseStale, DatabaseUnusable
    before anything is changed.
    """
    check_history(db=db, blobs=blobs, indexed=indexed)
    freed = 0
    collector = _Collector(db, blobs, clock.now(), is_dry_run=is_dry_run)
    for removed in collector.collect(reader_grace, quarantine):
        if removed is None:
            step()
        else:
            freed += removed.size
            report(removed)
    return freed


class _Collector:
    """One pass at one moment; each part yields what was removed, and None where the pass may be interrupted."""

    def __init__(self, db: Database, blobs: Blobs, at: datetime, *, is_dry_run: bool) -> None:
        self._db = db
        self._blobs = blobs
        self._at = at
        self._is_dry_run = is_dry_run

    def collect(self, reader_grace: timedelta, quarantine: timedelta) -> Iterator[Removed | None]:
        """Run the five steps."""
        ends = self._find_ends()
        yield from self._sweep()
        yield from self._release_past(ends)
        yield from self._release_unused(ends)
        yield from self._delete_expired(self._at - reader_grace)
        yield from self._delete_unnamed(self._at - quarantine)

    def _find_ends(self) -> Ends:
        """Return the feeds by the moment before which their deletions can no longer be restored."""
        ends: dict[datetime, list[int]] = defaultdict(list)
        with self._db.read() as tx:
            for feed in feeds.read_all(tx):
                keep = timedelta(seconds=parse_feed_policy(feed.settings).soft_delete_keep_s)
                ends[self._at - keep].append(feed.id)
        return ends

    def _sweep(self) -> Iterator[Removed | None]:
        for name in sweep(db=self._db, blobs=self._blobs, is_dry_run=self._is_dry_run):
            yield Removed("unnamed" if is_blob_name(name) else "upload", name)
        yield None

    def _release_past(self, ends: Ends) -> Iterator[Removed | None]:
        with self._db.read() as tx:
            past = garbage.find_past(tx, ends)
        for batch in batches(past, _BATCH):
            gone = batch
            if not self._is_dry_run:
                with self._db.write() as tx:
                    gone = [deletion for deletion in batch if garbage.release_past(tx, deletion)]
                    crash_point("gc-past-before-commit")
                crash_point("gc-past-committed")
            for each in gone:
                yield Removed("deletion", f"{each.id_key} {each.version_key} on {each.feed}")
            yield None

    def _release_unused(self, ends: Ends) -> Iterator[Removed | None]:
        with self._db.read() as tx:
            unused = garbage.find_unused(tx, ends)
        for batch in batches(unused, _BATCH):
            gone = batch
            if not self._is_dry_run:
                with self._db.write() as tx:
                    gone = garbage.release(tx, [content.id for content in batch], self._at)
                    crash_point("gc-unused-before-commit")
                crash_point("gc-unused-committed")
            for content in gone:
                yield Removed("content", content.blob)
            yield None

    def _delete_expired(self, until: datetime) -> Iterator[Removed | None]:
        with self._db.read() as tx:
            expired = garbage.find_expired(tx, until)
        for row in expired:
            if self._is_dry_run or self._delete(row.blob):
                yield Removed("blob", row.blob, row.size)
            yield None

    def _delete(self, blob: str) -> bool:
        """Delete a garbage blob. Returns False if another collector was first."""
        self._blobs.delete(blob)
        crash_point("gc-blob-deleted")
        with self._db.write() as tx:
            is_mine = garbage.delete_record(tx, blob)
        crash_point("gc-blob-forgotten")
        return is_mine

    def _delete_unnamed(self, until: datetime) -> Iterator[Removed | None]:
        """Note the blobs that no row names, and delete those that were noted at or before `until`."""
        left = set()
        old = (blob for blob in self._blobs.walk() if blob.put_at <= self._at - UNNAMED_GRACE)
        for batch in batches(old, _BATCH):
            unnamed = self._find_unnamed(batch)
            expired = self._note_unnamed(unnamed, until) if unnamed else set()
            for name in sorted(expired):
                if not self._is_dry_run:
                    self._blobs.delete(name)
                    crash_point("gc-unnamed-deleted")
                yield Removed("unnamed", name, unnamed[name].size)
            left |= unnamed.keys() - expired
            yield None
        self._delete_notes_except(left)

    def _find_unnamed(self, batch: list[StoredBlob]) -> dict[str, StoredBlob]:
        with self._db.read() as tx:
            named = garbage.find_named(tx, [blob.name for blob in batch])
        return {blob.name: blob for blob in batch if blob.name not in named}

    def _note_unnamed(self, blobs: Collection[str], until: datetime) -> set[str]:
        """Note that no row names these blobs. Returns those that were noted at or before `until`."""
        history = self._db.history
        if self._is_dry_run:
            with self._db.read() as tx:
                return garbage.find_ripe_unnamed(tx, blobs, history, until)
        with self._db.write() as tx:
            still = set(blobs) - garbage.find_named(tx, blobs)
            garbage.note_unnamed(tx, still, history, self._at)
            expired = garbage.find_ripe_unnamed(tx, still, history, until)
            crash_point("gc-unnamed-before-commit")
        crash_point("gc-unnamed-noted")
        return expired

    def _delete_notes_except(self, left: Collection[str]) -> None:
        """Delete the notes of blobs that no longer exist, or that a row names again."""
        if self._is_dry_run:
            return
        with self._db.read() as tx:
            over = garbage.read_unnamed(tx).keys() - left
        for batch in batches(sorted(over), _BATCH):
            with self._db.write() as tx:
                garbage.forget_unnamed(tx, batch)
            crash_point("gc-unnamed-forgotten")
