"""The distinct packages, each stored once: hashes, size, the blob that holds the bytes, the nuspec and its facts.

A blob is durable before a row here names it. Rows are unique by hash, whichever pushes race.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, func, select

from motherlode.store import schema
from motherlode.store.db import Tx, once_for_each_dialect, upsert

_COLUMNS = (
    schema.contents.c.id,
    schema.contents.c.sha256,
    schema.contents.c.sha512,
    schema.contents.c.size,
    schema.contents.c.blob,
    schema.contents.c.facts,
)


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
    at: datetime,
) -> ContentRow:
    """The row of these bytes: a new one, or the one that is there already.

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
        return ContentRow(content_id, sha256, sha512, size, blob, dict(facts))
    return ContentRow(*tx.execute(select(*_COLUMNS).where(schema.contents.c.sha256 == sha256)).one())


@once_for_each_dialect
def _add(tx: Tx) -> Executable:
    added = upsert(tx, schema.contents).on_conflict_do_nothing(index_elements=["sha256"])
    return added.returning(schema.contents.c.id)


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
