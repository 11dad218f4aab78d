"""Garbage: expired deletions, contents without references, and the blobs they leave.

A content is removed in two steps. First its row is removed, in one unit of work that adds a row of `garbage` for its
blob. From then on the content cannot be found, and if the same bytes are pushed again, they are stored under another
name. Later, when earlier readers have finished, the blob is removed. So every existing blob is referenced by a row of
`contents` or `garbage`. Each unit of work checks the references again before it releases anything: what was referenced
meanwhile is kept.

A blob that no row references may belong to a row that was lost with a newer database. So it is recorded in `unnamed`
first, and removed only after it was recorded for long enough by a database with the same history.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, union_all, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, upsert

_C, _D, _E, _F, _G = schema.contents.c, schema.deletions.c, schema.entries.c, schema.feeds.c, schema.garbage.c
_U = schema.unnamed.c

Ends = Mapping[datetime, Collection[int]]
"""By time, the ids of the feeds on which versions deleted up to that time can no longer be restored."""


@dataclass(frozen=True, slots=True)
class PastDeletion:
    """A softly deleted version that can no longer be restored."""

    feed_id: int
    feed: str
    id_key: str
    version_key: str
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class UnusedContent:
    """A content without references. `blob` is the name of its blob; `size` is in bytes."""

    id: int
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class GarbageRow:
    """A blob that no content has referenced since `at`. `size` is in bytes."""

    blob: str
    at: datetime
    size: int


def find_past(tx: Tx, ends: Ends) -> list[PastDeletion]:
    """The deletions that can no longer be restored and still reference their content."""
    columns = (_D.feed_id, _F.name, _D.id_key, _D.version_key, _D.deleted_at)
    past = select(*columns).join(schema.feeds, _F.id == _D.feed_id).where(_D.content_id.is_not(None), _is_past(ends))
    return [PastDeletion(*row) for row in tx.execute(past.order_by(_F.name, _D.id_key, _D.version_key))]


def release_past(tx: Tx, deletion: PastDeletion) -> bool:
    """Remove the deletion's reference to its content. Its version stays taken.

    Returns False if the version was restored meanwhile, or its content was already released."""
    mine = (_D.feed_id == deletion.feed_id, _D.id_key == deletion.id_key, _D.version_key == deletion.version_key)
    still = (_D.deleted_at == deletion.deleted_at, _D.content_id.is_not(None))
    return tx.execute(update(schema.deletions).where(*mine, *still).values(content_id=None)).rowcount > 0


def find_unused(tx: Tx, ends: Ends) -> list[UnusedContent]:
    """The contents that are not referenced by any entry, nor by any deletion that can still be restored."""
    unused = select(_C.id, _C.blob, _C.size).where(~_is_held(ends)).order_by(_C.id)
    return [UnusedContent(*row) for row in tx.execute(unused)]


def release(tx: Tx, content_ids: Collection[int], at: datetime) -> list[UnusedContent]:
    """Remove those of the contents that have no references, and record their blobs as garbage.

    Returns the removed contents, ordered by id."""
    unused = select(_C.id, _C.blob, _C.size).where(_C.id.in_(content_ids), ~_is_held({}))
    removed = [UnusedContent(*row) for row in tx.execute(unused)]
    if removed:
        ids = [row.id for row in removed]
        tx.execute(delete(schema.readings).where(schema.readings.c.content_id.in_(ids)))
        tx.execute(delete(schema.contents).where(_C.id.in_(ids)))
        tx.execute(insert(schema.garbage), [{"blob": row.blob, "at": at, "size": row.size} for row in removed])
    return sorted(removed, key=lambda row: row.id)


def find_expired(tx: Tx, until: datetime) -> list[GarbageRow]:
    """The garbage recorded at or before `until`, the oldest first."""
    ripe = select(_G.blob, _G.at, _G.size).where(_G.at <= until).order_by(_G.at, _G.blob)
    return [GarbageRow(*row) for row in tx.execute(ripe)]


def read_all(tx: Tx) -> list[GarbageRow]:
    """All garbage, ordered by blob name."""
    return [GarbageRow(*row) for row in tx.execute(select(_G.blob, _G.at, _G.size).order_by(_G.blob))]


def delete_record(tx: Tx, blob: str) -> bool:
    """Remove the record of a blob that was deleted. Returns False if there is none."""
    return tx.execute(delete(schema.garbage).where(_G.blob == blob)).rowcount > 0


def find_named(tx: Tx, blobs: Collection[str]) -> set[str]:
    """Those of the blobs that a row of `contents` or `garbage` references."""
    names = (select(_C.blob).where(_C.blob.in_(blobs)), select(_G.blob).where(_G.blob.in_(blobs)))
    return set(tx.execute(union_all(*names)).scalars())


def note_unnamed(tx: Tx, blobs: Collection[str], history: str, at: datetime) -> None:
    """Record that no row references these blobs. Existing records of the same history keep their time."""
    if not blobs:
        return
    added = upsert(tx, schema.unnamed)
    renewed = {"history": added.excluded.history, "since": added.excluded.since}
    note = added.on_conflict_do_update(
        index_elements=["blob"], set_=renewed, where=_U.history != added.excluded.history
    )
    tx.execute(note, [{"blob": blob, "history": history, "since": at} for blob in blobs])


def find_ripe_unnamed(tx: Tx, blobs: Collection[str], history: str, until: datetime) -> set[str]:
    """Those of the blobs that were recorded as unnamed at or before `until`, in the given history."""
    return set(
        tx.execute(select(_U.blob).where(_U.blob.in_(blobs), _U.history == history, _U.since <= until)).scalars()
    )


def read_unnamed(tx: Tx) -> dict[str, datetime]:
    """All recorded unnamed blobs, with the time of the record."""
    return {row.blob: row.since for row in tx.execute(select(_U.blob, _U.since))}


def forget_unnamed(tx: Tx, blobs: Collection[str]) -> None:
    """Remove the records of blobs that were deleted or are referenced again."""
    if blobs:
        tx.execute(delete(schema.unnamed).where(_U.blob.in_(blobs)))


def find_contradictions(tx: Tx) -> list[str]:
    """The blobs that are both garbage and referenced by a content. There are none unless someone tampered."""
    return list(tx.execute(select(_G.blob).join(schema.contents, _C.blob == _G.blob).order_by(_G.blob)).scalars())


def _is_held(ends: Ends) -> ColumnElement[bool]:
    """Whether the content is referenced by an entry, or by a deletion that can still be restored."""
    by_entry = exists().where(_E.content_id == _C.id)
    by_deletion = exists().where(_D.content_id == _C.id, ~_is_past(ends))
    return or_(by_entry, by_deletion)


def _is_past(ends: Ends) -> ColumnElement[bool]:
    past = [and_(_D.feed_id.in_(feed_ids), _D.deleted_at <= end) for end, feed_ids in ends.items()]
    return or_(*past) if past else _D.feed_id.is_(None)  # never true, because every deletion has a feed
