"""What can go: deletions that are past bringing back, contents that nobody points to, and the blobs they leave.

A content goes in two steps. First its row, in one unit of work with a row of `garbage` that names its blob: from then
on nobody finds it, and the same bytes pushed again are stored anew, under another name. Later its blob, when those who
found it before are through with it. So every blob is named by a row of `contents` or of `garbage` until it is gone.
Each unit of work looks again at what it lets go: whoever points to it in the meantime keeps it.

A blob that no row names may be one whose row was lost with a newer database. So it is noted first, in `unnamed`, and
goes only when it was noted for long, by a database of the same history.
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
"""For each moment the feeds (their ids) on which what was deleted up to then is past bringing back."""


@dataclass(frozen=True, slots=True)
class PastDeletion:
    """A version that was deleted softly and cannot be brought back any more."""

    feed_id: int
    feed: str
    id_key: str
    version_key: str
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class UnusedContent:
    """A content that nobody points to: the `blob` it names, `size` in bytes."""

    id: int
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class GarbageRow:
    """A blob that no content names any more since `at`; `size` in bytes."""

    blob: str
    at: datetime
    size: int


def find_past(tx: Tx, ends: Ends) -> list[PastDeletion]:
    """The deletions that are past bringing back and still hold their content."""
    columns = (_D.feed_id, _F.name, _D.id_key, _D.version_key, _D.deleted_at)
    past = select(*columns).join(schema.feeds, _F.id == _D.feed_id).where(_D.content_id.is_not(None), _is_past(ends))
    return [PastDeletion(*row) for row in tx.execute(past.order_by(_F.name, _D.id_key, _D.version_key))]


def release_past(tx: Tx, deletion: PastDeletion) -> bool:
    """Let the deletion hold its content no longer; its number stays taken. False when it was brought back, or done."""
    mine = (_D.feed_id == deletion.feed_id, _D.id_key == deletion.id_key, _D.version_key == deletion.version_key)
    still = (_D.deleted_at == deletion.deleted_at, _D.content_id.is_not(None))
    return tx.execute(update(schema.deletions).where(*mine, *still).values(content_id=None)).rowcount > 0


def find_unused(tx: Tx, ends: Ends) -> list[UnusedContent]:
    """The contents that no entry points to, and no deletion but those past bringing back."""
    unused = select(_C.id, _C.blob, _C.size).where(~_is_held(ends)).order_by(_C.id)
    return [UnusedContent(*row) for row in tx.execute(unused)]


def release(tx: Tx, content_ids: Collection[int], at: datetime) -> list[UnusedContent]:
    """Remove those of the contents that nobody points to, and note their blobs as garbage; returns them."""
    unused = select(_C.id, _C.blob, _C.size).where(_C.id.in_(content_ids), ~_is_held({}))
    removed = [UnusedContent(*row) for row in tx.execute(unused)]
    if removed:
        ids = [row.id for row in removed]
        tx.execute(delete(schema.readings).where(schema.readings.c.content_id.in_(ids)))
        tx.execute(delete(schema.contents).where(_C.id.in_(ids)))
        tx.execute(insert(schema.garbage), [{"blob": row.blob, "at": at, "size": row.size} for row in removed])
    return sorted(removed, key=lambda row: row.id)


def find_expired(tx: Tx, until: datetime) -> list[GarbageRow]:
    """The garbage from that moment or before, the oldest first."""
    ripe = select(_G.blob, _G.at, _G.size).where(_G.at <= until).order_by(_G.at, _G.blob)
    return [GarbageRow(*row) for row in tx.execute(ripe)]


def read_all(tx: Tx) -> list[GarbageRow]:
    """All garbage, by the names of its blobs."""
    return [GarbageRow(*row) for row in tx.execute(select(_G.blob, _G.at, _G.size).order_by(_G.blob))]


def delete_record(tx: Tx, blob: str) -> bool:
    """The blob is gone; False when somebody else said so before."""
    return tx.execute(delete(schema.garbage).where(_G.blob == blob)).rowcount > 0


def find_named(tx: Tx, blobs: Collection[str]) -> set[str]:
    """Those of the blobs that a row names: a content's, or garbage."""
    names = (select(_C.blob).where(_C.blob.in_(blobs)), select(_G.blob).where(_G.blob.in_(blobs)))
    return set(tx.execute(union_all(*names)).scalars())


def note_unnamed(tx: Tx, blobs: Collection[str], history: str, at: datetime) -> None:
    """Note that no row names these blobs; what was noted before, in the same history, keeps its time."""
    if not blobs:
        return
    added = upsert(tx, schema.unnamed)
    renewed = {"history": added.excluded.history, "since": added.excluded.since}
    note = added.on_conflict_do_update(
        index_elements=["blob"], set_=renewed, where=_U.history != added.excluded.history
    )
    tx.execute(note, [{"blob": blob, "history": history, "since": at} for blob in blobs])


def find_ripe_unnamed(tx: Tx, blobs: Collection[str], history: str, until: datetime) -> set[str]:
    """Those of the blobs that were noted as unnamed then or before, in that history."""
    return set(
        tx.execute(select(_U.blob).where(_U.blob.in_(blobs), _U.history == history, _U.since <= until)).scalars()
    )


def read_unnamed(tx: Tx) -> dict[str, datetime]:
    """All notes of unnamed blobs: since when."""
    return {row.blob: row.since for row in tx.execute(select(_U.blob, _U.since))}


def forget_unnamed(tx: Tx, blobs: Collection[str]) -> None:
    """The blobs are gone, or a row names them again."""
    if blobs:
        tx.execute(delete(schema.unnamed).where(_U.blob.in_(blobs)))


def find_contradictions(tx: Tx) -> list[str]:
    """Blobs that are garbage and a content's at once: never, unless somebody tampered."""
    return list(tx.execute(select(_G.blob).join(schema.contents, _C.blob == _G.blob).order_by(_G.blob)).scalars())


def _is_held(ends: Ends) -> ColumnElement[bool]:
    """Whether an entry points to the content, or a deletion that can be brought back."""
    by_entry = exists().where(_E.content_id == _C.id)
    by_deletion = exists().where(_D.content_id == _C.id, ~_is_past(ends))
    return or_(by_entry, by_deletion)


def _is_past(ends: Ends) -> ColumnElement[bool]:
    past = [and_(_D.feed_id.in_(feed_ids), _D.deleted_at <= end) for end, feed_ids in ends.items()]
    return or_(*past) if past else _D.feed_id.is_(None)  # a deletion is always of a feed: never
