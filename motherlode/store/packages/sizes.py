"""How much there is on each feed."""

from sqlalchemy import func, select

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx

_V = schema.entries.c
_COUNTS = select(_V.feed_id, func.count(_V.id_key.distinct()), func.count()).group_by(_V.feed_id)


def count_packages(tx: Tx) -> dict[int, tuple[int, int]]:
    """By feed id, how many package ids and how many versions the feed has; feeds without any are left out."""
    return {feed_id: (ids, versions) for feed_id, ids, versions in tx.execute(_COUNTS)}
