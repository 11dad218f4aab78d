"""The feeds of this server: their names, settings, and the heads of their logs.

Every feed always has exactly one row in `heads`. Changing a feed's settings or deleting a feed bumps the permissions
version. A deleted feed leaves its id and the number of its last event; these are never reused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, select, update

from motherlode.domain.refusals import FeedExists, NoSuchFeed
from motherlode.store.accounts import permissions_version as access
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, upsert


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed. `settings` contains all of its settings, as texts.

    `head` is the number of the feed's last event and `head_id_key` the id that the event is about; 0 and None before
    the first event. `counted` is the number of the last batch of download counts, 0 before the first. `access` is the
    permissions version of the whole server."""

    id: int
    name: str
    settings: dict[str, Any]
    created_at: datetime
    head: int
    head_at: datetime
    counted: int
    head_id_key: str | None
    access: int


_F, _H, _E = schema.feeds.c, schema.heads.c, schema.events.c
_V, _D = schema.entries.c, schema.deletions.c
_ROWS = (
    select(
        _F.id, _F.name, _F.settings, _F.created_at, _H.number, _H.at, _H.counted, _E.id_key, access.PERMISSIONS_VERSION
    )
    .join(schema.heads, _H.feed_id == _F.id)
    .outerjoin(schema.events, and_(_E.feed_id == _F.id, _E.number == _H.number))
    .order_by(_F.name)
)


def add(tx: Tx, name: str, settings: Mapping[str, Any], at: datetime) -> FeedRow:
    """Add a feed without events. Raises FeedExists."""
    row = {"name": name, "settings": dict(settings), "created_at": at}
    statement = upsert(tx, schema.feeds).on_conflict_do_nothing().returning(schema.feeds.c.id)
    feed_id = tx.execute(statement, row).scalar()
    if feed_id is None:
        raise FeedExists(name)
    tx.execute(insert(schema.heads), {"feed_id": feed_id, "number": 0, "at": at, "counted": 0})
    return get(tx, name)


def find(tx: Tx, name: str) -> FeedRow | None:
    """The feed with that name, or None."""
    row = tx.execute(_ROWS.where(_F.name == name)).first()
    return None if row is None else _feed(row)


def get(tx: Tx, name: str) -> FeedRow:
    """The feed with that name. Raises NoSuchFeed."""
    feed = find(tx, name)
    if feed is None:
        raise NoSuchFeed(name)
    return feed


def read_all(tx: Tx) -> list[FeedRow]:
    """All feeds, ordered by name."""
    return [_feed(row) for row in tx.execute(_ROWS)]


def change(tx: Tx, name: str, settings: Mapping[str, Any]) -> FeedRow:
    """Replace all settings of the feed. Raises NoSuchFeed."""
    tx.execute(update(schema.feeds).where(schema.feeds.c.name == name).values(settings=dict(settings)))
    access.bump(tx)
    return get(tx, name)


def count_versions(tx: Tx, feed_id: int) -> int:
    """The number of versions in the feed, including softly deleted versions that can be restored."""
    entries = select(func.count()).where(_V.feed_id == feed_id).scalar_subquery()
    kept = select(func.count()).where(_D.feed_id == feed_id, _D.content_id.is_not(None)).scalar_subquery()
    return int(tx.execute(select(entries + kept)).scalar_one())


def remove(tx: Tx, feed: FeedRow, at: datetime) -> None:
    """Remove the feed and all its rows. The bytes of its packages are left to the garbage collector."""
    for table in reversed(schema.metadata.sorted_tables):
        if table is not schema.former_feeds and "feed_id" in table.c:
            tx.execute(delete(table).where(table.c.feed_id == feed.id))
    tx.execute(delete(schema.feeds).where(_F.id == feed.id))
    gone = {"feed_id": feed.id, "name": feed.name, "number": feed.head, "deleted_at": at}
    tx.execute(insert(schema.former_feeds), gone)
    access.bump(tx)


def former_ids(tx: Tx) -> set[int]:
    """The ids of deleted feeds."""
    return set(tx.execute(select(schema.former_feeds.c.feed_id)).scalars())


def _feed(row: Row[*tuple[Any, ...]]) -> FeedRow:
    return FeedRow(*row)
