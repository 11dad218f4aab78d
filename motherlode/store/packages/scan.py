"""Reads all rows of a feed in one pass, as stored, to check them against each other.

A pass sees the data at one moment. Consume the iterators inside their unit of work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages.catalog import Event, PackageRow

_PAGE = 1000
_C, _D, _E, _P = schema.contents.c, schema.deletions.c, schema.entries.c, schema.packages.c


@dataclass(frozen=True, slots=True)
class ScannedEntry:
    """An entry as stored, with the hash of its content."""

    id_key: str
    version_key: str
    id_written: str
    version_written: str
    sort_key: bytes
    is_prerelease: bool
    is_semver2: bool
    listed: bool
    pushed_at: datetime
    changed_at: datetime
    revision: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class ScannedDeletion:
    """A softly deleted version. `sha256` is None once its content was released."""

    id_key: str
    version_key: str
    sha256: bytes | None


def events(tx: Tx, feed_id: int) -> Iterator[Event]:
    """The events of the feed, in order."""
    number = 0
    event = schema.events.c
    while True:
        later = schema.events.select().where(event.feed_id == feed_id, event.number > number)
        page = [Event(*row) for row in tx.execute(later.order_by(event.number).limit(_PAGE))]
        if not page:
            return
        yield from page
        number = page[-1].number


def entries(tx: Tx, feed_id: int) -> Iterator[ScannedEntry]:
    """The entries of the feed, ordered by id key and version key."""
    columns = (
        _E.id_key,
        _E.version_key,
        _E.id_written,
        _E.version_written,
        _E.sort_key,
        _E.is_prerelease,
        _E.is_semver2,
        _E.listed,
        _E.pushed_at,
        _E.changed_at,
        _E.revision,
        _C.sha256,
    )
    mine = select(*columns).join(schema.contents, _C.id == _E.content_id).where(_E.feed_id == feed_id)
    rows: Iterator[Sequence[Any]] = iter(tx.execute(mine.order_by(_E.id_key, _E.version_key)))
    for row in rows:
        yield ScannedEntry(*row)


def deletions(tx: Tx, feed_id: int) -> Iterator[ScannedDeletion]:
    """The soft deletions of the feed, ordered by id key and version key."""
    joined = select(_D.id_key, _D.version_key, _C.sha256).outerjoin(schema.contents, _C.id == _D.content_id)
    for row in tx.execute(joined.where(_D.feed_id == feed_id).order_by(_D.id_key, _D.version_key)):
        yield ScannedDeletion(*row)


def packages(tx: Tx, feed_id: int) -> Iterator[PackageRow]:
    """The ids of the feed, in order."""
    mine = select(_P.id_key, _P.revision, _P.changed_at).where(_P.feed_id == feed_id).order_by(_P.id_key)
    for row in tx.execute(mine):
        yield PackageRow(*row)
