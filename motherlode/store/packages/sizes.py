"""Counts the packages of each feed."""

from sqlalchemy import func, select

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx

_V = schema.entries.c
_COUNTS = select(_V.feed_id, func.count(_V.id_key.distinct()), func.count()).group_by(_V.feed_id)


def count_packages(tx: Tx) -> dict[int, tuple[int, int]]:
    """By feed id, the numbers of package ids and of versions in the feed. Empty feeds are left out."""
    return {feed_id: (ids, versions) for feed_id, ids, versions in tx.execute(_COUNTS)}
