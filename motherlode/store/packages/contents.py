"""The distinct packages, each stored once: hashes, size, the blob with the bytes, the nuspec and its facts.

A blob is durable before a row here references it. Rows are unique by hash, even if pushes race. Data derived from the
bytes (nuspec and facts) is stored with the version of the extractor that made it; bytes, hashes and blob never change.
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
    """The content of a package: `size` in bytes, raw hashes, the name of the `blob` with the bytes, and the `facts`."""

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
    """Add a row for these bytes, or return the existing one. `reading` is the version of the extractor.

    An existing row references another blob than `blob`; then the caller deletes `blob` after this unit of work.
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
    """The content with that id, or None."""
    row = tx.execute(select(*_COLUMNS).where(schema.contents.c.id == content_id)).first()
    return None if row is None else ContentRow(*row)


def find_nuspec(tx: Tx, content_id: int) -> bytes | None:
    """The bytes of the nuspec in the package, or None if there is no such content."""
    return tx.execute(select(schema.contents.c.nuspec).where(schema.contents.c.id == content_id)).scalar()


def derive(tx: Tx, content_id: int, *, nuspec: bytes, facts: Mapping[str, Any]) -> None:
    """Replace the data derived from the bytes."""
    mine = schema.contents.c.id == content_id
    tx.execute(update(schema.contents).where(mine).values(nuspec=nuspec, facts=dict(facts)))


def get(tx: Tx, content_id: int) -> ContentRow:
    """The content with that id, which must exist."""
    return ContentRow(*tx.execute(select(*_COLUMNS).where(schema.contents.c.id == content_id)).one())


def is_named(tx: Tx, blob: str) -> bool:
    """Whether a row references the blob."""
    return tx.execute(select(schema.contents.c.id).where(schema.contents.c.blob == blob)).first() is not None


def measure(tx: Tx) -> tuple[int, int]:
    """The number of stored packages, and their total size in bytes."""
    count, size = tx.execute(select(func.count(), func.sum(schema.contents.c.size))).one()
    return count, size or 0


def after(tx: Tx, content_id: int, limit: int) -> list[ContentRow]:
    """At most `limit` contents with ids after `content_id`, ordered by id. Start with 0."""
    later = select(*_COLUMNS).where(schema.contents.c.id > content_id).order_by(schema.contents.c.id).limit(limit)
    return [ContentRow(*row) for row in tx.execute(later)]


def versions_of(tx: Tx, content_id: int) -> list[tuple[str, str, str]]:
    """The versions with this content: feed, id and version, as written."""
    entry, feed = schema.entries.c, schema.feeds.c
    versions = select(feed.name, entry.id_written, entry.version_written).join(schema.entries, entry.feed_id == feed.id)
    return [(*row,) for row in tx.execute(versions.where(entry.content_id == content_id).order_by(feed.name, entry.id))]


def unread(tx: Tx, reading: int, feed_ids: Collection[int], *, after: int, limit: int) -> list[int]:
    """At most `limit` content ids after `after`, in order, that were not read by extractor version `reading` or later.

    Only of the given feeds, or of all feeds if `feed_ids` is empty."""
    ids = _unread(reading, feed_ids).where(schema.entries.c.content_id > after)
    return list(tx.execute(ids.order_by(schema.entries.c.content_id).limit(limit)).scalars())


def count_unread(tx: Tx, reading: int, feed_ids: Collection[int]) -> int:
    """The number of contents that `unread` returns on all its pages together."""
    return tx.execute(select(func.count()).select_from(_unread(reading, feed_ids).subquery())).scalar_one()


def mark_read(tx: Tx, content_ids: Sequence[int], reading: int) -> None:
    """Record that the extractor version `reading` has read these contents."""
    if content_ids:
        tx.execute(_mark_read(tx), [{"content_id": content_id, "number": reading} for content_id in content_ids])


@cached_per_dialect
def _mark_read(tx: Tx) -> Executable:
    added = upsert(tx, schema.readings)
    return added.on_conflict_do_update(index_elements=["content_id"], set_={"number": added.excluded.number})


def forget_readings(tx: Tx, feed_ids: Collection[int]) -> None:
    """Mark all contents of the given feeds as unread, or those of all feeds if `feed_ids` is empty."""
    of_feeds = select(schema.entries.c.content_id).where(schema.entries.c.feed_id.in_(feed_ids))
    tx.execute(delete(schema.readings).where(_R.content_id.in_(of_feeds)) if feed_ids else delete(schema.readings))


def _unread(reading: int, feed_ids: Collection[int]) -> Select[int]:
    """Selects the ids of unread contents. It reads the narrow index of entries by content, not the wide contents."""
    content_id = schema.entries.c.content_id
    is_read = select(_R.content_id).where(_R.content_id == content_id, _R.number >= reading).exists()
    ids = select(content_id).where(~is_read).distinct()
    return ids.where(schema.entries.c.feed_id.in_(feed_ids)) if feed_ids else ids
