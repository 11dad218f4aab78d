"""Collect garbage: remove what nobody can reach any more, and nothing else.

In this order, each step safe to be repeated, and to be cut off anywhere:

    1. what dead processes left in their spools
    2. softly deleted versions whose time is up let go of their bytes; their numbers stay taken
    3. contents that nobody points to lose their rows, and their blobs are noted as garbage in the same unit of work
    4. the blobs of garbage go once the readers' grace is over, and then their notes
    5. blobs that no row names, and no push can name any more, are noted; they go once they were noted for as long as
       they are kept in quarantine, for their rows may have been lost, and may come back

Nothing at all is done with a database that is not the one the blobs belong to (`history`). It needs no lock against
pushes, nor against other collectors. A blob's name is never used twice, so a blob that no row names stays so; and each
unit of work looks again, holding the write lock, at what it lets go. A file goes before the row that notes it: who dies
in between leaves a note without a blob, and the next collector drops it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Literal, TypeVar

from motherlode.domain.feed_settings import parse_feed_policy
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.blobs.protocol import Blobs, StoredBlob
from motherlode.store.data_folder import is_blob_name
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import garbage
from motherlode.store.packages.garbage import Ends
from motherlode.usecases.maintenance.history import check_history
from motherlode.usecases.maintenance.sweep import sweep

T = TypeVar("T")
Kind = Literal["upload", "deletion", "content", "blob", "unnamed"]

UNNAMED_GRACE: Final = timedelta(hours=24)
"""How old a blob must be before it is noted that no row names it; no push names one that is older than an hour."""
QUARANTINE: Final = timedelta(days=7)
"""How long it is kept from then on, unless it is set otherwise."""
SAID: Final[dict[Kind, str]] = {
    "upload": "what a dead process left of an upload",
    "deletion": "a deleted version can no longer be brought back",
    "content": "nobody points to these bytes any more",
    "blob": "the file of such bytes",
    "unnamed": "a file that no row names",
}
"""What each kind of thing is, for people."""
_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Removed:
    """One thing that went, or would go in a dry run; `size` is how many bytes that frees."""

    kind: Kind
    name: str
    size: int = 0


def ignore_step() -> None:
    """Let the pass go on."""


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
    """Remove all that can go; returns how many bytes that freed.

    `report` is told of each thing when it has gone, or would go where `is_dry_run`: nothing is changed then. `step` is
    called between any two steps; what it raises ends the pass there, with nothing half done. `indexed` as in
    `check_history`, which may refuse: nothing is changed then.
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
    """One pass at one moment; each part yields what went, and None wherever it may be cut off."""

    def __init__(self, db: Database, blobs: Blobs, at: datetime, *, is_dry_run: bool) -> None:
        self._db = db
        self._blobs = blobs
        self._at = at
        self._is_dry_run = is_dry_run

    def collect(self, reader_grace: timedelta, quarantine: timedelta) -> Iterator[Removed | None]:
        """The five steps."""
        ends = self._find_ends()
        yield from self._sweep()
        yield from self._release_past(ends)
        yield from self._let_go_unused(ends)
        yield from self._delete_ripe(self._at - reader_grace)
        yield from self._delete_unnamed(self._at - quarantine)

    def _find_ends(self) -> Ends:
        """Up to which moment deletions are past bringing back, on which feeds."""
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
        for batch in _batches(past):
            gone = batch
            if not self._is_dry_run:
                with self._db.write() as tx:
                    gone = [deletion for deletion in batch if garbage.release_past(tx, deletion)]
                    crash_point("gc-past-before-commit")
                crash_point("gc-past-committed")
            for each in gone:
                yield Removed("deletion", f"{each.id_key} {each.version_key} on {each.feed}")
            yield None

    def _let_go_unused(self, ends: Ends) -> Iterator[Removed | None]:
        with self._db.read() as tx:
            unused = garbage.find_unused(tx, ends)
        for batch in _batches(unused):
            gone = batch
            if not self._is_dry_run:
                with self._db.write() as tx:
                    gone = garbage.release(tx, [content.id for content in batch], self._at)
                    crash_point("gc-unused-before-commit")
                crash_point("gc-unused-committed")
            for content in gone:
                yield Removed("content", content.blob)
            yield None

    def _delete_ripe(self, until: datetime) -> Iterator[Removed | None]:
        with self._db.read() as tx:
            ripe = garbage.find_expired(tx, until)
        for row in ripe:
            if self._is_dry_run or self._delete(row.blob):
                yield Removed("blob", row.blob, row.size)
            yield None

    def _delete(self, blob: str) -> bool:
        """Delete the blob of garbage; False where another collector was first."""
        self._blobs.delete(blob)
        crash_point("gc-blob-deleted")
        with self._db.write() as tx:
            is_mine = garbage.delete_record(tx, blob)
        crash_point("gc-blob-forgotten")
        return is_mine

    def _delete_unnamed(self, until: datetime) -> Iterator[Removed | None]:
        """Note the blobs that no row names, and delete those that were noted by then."""
        left = set()
        old = (blob for blob in self._blobs.walk() if blob.put_at <= self._at - UNNAMED_GRACE)
        for batch in _batches(old):
            unnamed = self._find_unnamed(batch)
            ripe = self._note_unnamed(unnamed, until) if unnamed else set()
            for name in sorted(ripe):
                if not self._is_dry_run:
                    self._blobs.delete(name)
                    crash_point("gc-unnamed-deleted")
                yield Removed("unnamed", name, unnamed[name].size)
            left |= unnamed.keys() - ripe
            yield None
        self._forget_all_but(left)

    def _find_unnamed(self, batch: list[StoredBlob]) -> dict[str, StoredBlob]:
        with self._db.read() as tx:
            named = garbage.find_named(tx, [blob.name for blob in batch])
        return {blob.name: blob for blob in batch if blob.name not in named}

    def _note_unnamed(self, blobs: Collection[str], until: datetime) -> set[str]:
        """Note that no row names these; returns those that were noted by then."""
        history = self._db.history
        if self._is_dry_run:
            with self._db.read() as tx:
                return garbage.find_ripe_unnamed(tx, blobs, history, until)
        with self._db.write() as tx:
            still = set(blobs) - garbage.find_named(tx, blobs)
            garbage.note_unnamed(tx, still, history, self._at)
            ripe = garbage.find_ripe_unnamed(tx, still, history, until)
            crash_point("gc-unnamed-before-commit")
        crash_point("gc-unnamed-noted")
        return ripe

    def _forget_all_but(self, left: Collection[str]) -> None:
        """Drop the notes of blobs that are gone, or that a row names again."""
        if self._is_dry_run:
            return
        with self._db.read() as tx:
            over = garbage.read_unnamed(tx).keys() - left
        for batch in _batches(sorted(over)):
            with self._db.write() as tx:
                garbage.forget_unnamed(tx, batch)
            crash_point("gc-unnamed-forgotten")


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    left = iter(things)
    while batch := list(islice(left, _BATCH)):
        yield batch
