"""Ids that an administrator has locked on a feed: their versions cannot be pushed, listed, unlisted or deleted.

`versions.find_place` also tells whether an id is locked, so that a change of a version sees it in the same query.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, upsert

_L = schema.locks.c


def is_locked_column(feed_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the id is locked, for statements that include it. They need the parameter `id_key`."""
    return exists().where(_L.feed_id == feed_id, _L.id_key == bindparam("id_key"))


def add(tx: Tx, feed_id: int, id_key: str, *, at: datetime, reason: str | None) -> bool:
    """Lock the id. Returns False if it is already locked; then its old reason is kept."""
    row: dict[str, Any] = {"feed_id": feed_id, "id_key": id_key, "at": at, "reason": reason}
    return tx.execute(upsert(tx, schema.locks).on_conflict_do_nothing(), row).rowcount > 0


def remove(tx: Tx, feed_id: int, id_key: str) -> bool:
    """Unlock the id. Returns False if it was not locked."""
    return tx.execute(delete(schema.locks).where(_L.feed_id == feed_id, _L.id_key == id_key)).rowcount > 0
