"""The distinct packages, each stored once: hashes, size, the blob that holds the bytes, the nuspec and its facts.

A blob is durable before a row here names it. Rows are unique by hash, whichever pushes race. What is derived from the
bytes (nuspec and facts) carries the number of the reader it comes from; bytes, hashes and blob never change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Select, delete, func, insert, select, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, cached_per_dialect, upsert

_COLUMNS = (
    schema.contents.c.id,
    schema.contents.c.sha256,
    schema.contents.c.sha512,
    schema.contents.c.size,
    schema.contents.c.blob,
    schema.contents.c.facts,
)
_R = schema.readings.c
_ADD_READING = insert(schema.readings)


@dataclass(frozen=True, slots=True)
class ContentRow:
    """One package's bytes: `size` in bytes, raw hashes, the `blob` to open them by, `facts` as `domain` made them."""

    id: int
    sha256: bytes
    sha512: bytes
    size: int
    blob: str
    facts: dict[str, Any]


def add(
    tx: Tx,
    *,
    sha256: bytes,
    sha512: bytes,
    size: int,
    blob: str,
    nuspec: bytes,
    facts: Mapping[str, Any],
    reading: int,
    at: datetime,
) -> ContentRow:
    """The row of these bytes: a new one, or the one that is there already; `reading` is the number of the reader.

    The latter names another blob than `blob`, which the caller deletes once this unit of work is over.
    """
    row = {
        "sha256": sha256,
        "sha512": sha512,
        "size": size,
        "blob": blob,
        "nuspec": nuspec,
        "facts": dict(facts),
        "created_at": at,
    }
    content_id = tx.execute(_add(tx), row).scalar()
    if content_id is not None:
        tx.execute(_ADD_READING, {"content_id": content_id, "number": reading})
        return ContentRow(content_id, sha256, sha512, size, blob, dict(facts))
    return ContentRow(*tx.execute(select(*_COLUMNS).where(schema.contents.c.sha256 == sha256)).one())


@cached_per_dialect
def _add(tx: Tx) -> Executable:
    added = upsert(tx, schema.contents).on_conflict_do_nothing(index_elements=["sha256"])
    return added.returning(schema.contents.c.id)


def find(tx: Tx, content_id: int) -> ContentRow | None:
    """The content of that id."""
    row = tx.execute(select(*_COLUMNS).where(schema.contents.c.id == content_id)).first()
    return None if row is None else ContentRow(*row)


def find_nuspec(tx: Tx, content_id: int) -> bytes | None:
    """The nuspec of a content, as it lies in the package."""
    return tx.execute(select(schema.contents.c.nuspec).where(schema.contents.c.id == content_id)).scalar()


def derive(tx: Tx, content_id: int, *, nuspec: bytes, facts: Mapping[str, Any]) -> None:
    """Replace what was read from the bytes."""
    mine = schema.contents.c.id == content_id
    tx.execute(update(schema.contents).where(mine).values(nuspec=nuspec, facts=dict(facts)))


def get(tx: Tx, content_id: int) -> ContentRow:
    """The content of that id, which must be there."""
    return ContentRow(*tx.execute(select(*_COLUMNS).where(schema.contents.c.id == content_id)).one())


def is_named(tx: Tx, blob: str) -> bool:
    """Whether a row names the blob."""
    return tx.execute(select(schema.contents.c.id).where(schema.contents.c.blob == blob)).first() is not None


def measure(tx: Tx) -> tuple[int, int]:
    """How many packages are stored, and how many bytes they are together."""
    count, size = tx.execute(select(func.count(), func.sum(schema.contents.c.size))).one()
    return count, size or 0


def after(tx: Tx, content_id: int, limit: int) -> list[ContentRow]:
    """At most `limit` contents after that one, in the order of their ids; 0 is before the first."""
    later = select(*_COLUMNS).where(schema.contents.c.id > content_id).order_by(schema.contents.c.id).limit(limit)
    return [ContentRow(*row) for row in tx.execute(later)]


def versions_of(tx: Tx, content_id: int) -> list[tuple[str, str, str]]:
    """The versions that a content is: feed, id and version as written."""
    entry, feed = schema.entries.c, schema.feeds.c
    versions = select(feed.name, entry.id_written, entry.version_written).join(schema.entries, entry.feed_id == feed.id)
    return [(*row,) for row in tx.execute(versions.where(entry.content_id == content_id).order_by(feed.name, entry.id))]


def unread(tx: Tx, reading: int, feed_ids: Collection[int], *, after: int, limit: int) -> list[int]:
    """At most `limit` ids of contents after that one, in order, that no reader of that number or a higher one has read;
    of those feeds alone, or of all if there are none."""
    ids = _unread(reading, feed_ids).where(schema.entries.c.content_id > after)
    return list(tx.execute(ids.order_by(schema.entries.c.content_id).limit(limit)).scalars())


def count_unread(tx: Tx, reading: int, feed_ids: Collection[int]) -> int:
    """How many contents there are that `unread` tells, on all its pages together."""
    return tx.execute(select(func.count()).select_from(_unread(reading, feed_ids).subquery())).scalar_one()


def mark_read(tx: Tx, content_ids: Sequence[int], reading: int) -> None:
    """Note that a reader of that number has read these contents."""
    if content_ids:
        tx.execute(_mark_read(tx), [{"content_id": content_id, "number": reading} for content_id in content_ids])


@cached_per_dialect
def _mark_read(tx: Tx) -> Executable:
    added = upsert(tx, schema.readings)
    return added.on_conflict_do_update(index_elements=["content_id"], set_={"number": added.excluded.number})


def forget_readings(tx: Tx, feed_ids: Collection[int]) -> None:
    """Let the contents of those feeds, or of all if there are none, be as if nobody had read them."""
    of_feeds = select(schema.entries.c.content_id).where(schema.entries.c.feed_id.in_(feed_ids))
    tx.execute(delete(schema.readings).where(_R.content_id.in_(of_feeds)) if feed_ids else delete(schema.readings))


def _unread(reading: int, feed_ids: Collection[int]) -> Select[int]:
    """Told from the index of entries by content, which is narrow: contents themselves are wide."""
    content_id = schema.entries.c.content_id
    is_read = select(_R.content_id).where(_R.content_id == content_id, _R.number >= reading).exists()
    ids = select(content_id).where(~is_read).distinct()
    return ids.where(schema.entries.c.feed_id.in_(feed_ids)) if feed_ids else ids
