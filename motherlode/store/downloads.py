"""How often each version was downloaded, per UTC day. Counts are added in batches: nothing here runs on a read."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select

from motherlode.store import schema
from motherlode.store.db import Tx, upsert

Counted = tuple[int, str, str, date]
"""Feed id, id key, version key, UTC day."""

_D = schema.downloads.c
_PRIMARY = [column.name for column in schema.downloads.primary_key]


def add(tx: Tx, counts: Mapping[Counted, int]) -> None:
    """Add to what was counted before."""
    if not counts:
        return
    rows = [dict(zip(_PRIMARY, counted, strict=True)) | {"count": count} for counted, count in counts.items()]
    added = upsert(tx, schema.downloads)
    summed = {"count": _D["count"] + added.excluded["count"]}
    tx.execute(added.on_conflict_do_update(index_elements=_PRIMARY, set_=summed), rows)


def total(tx: Tx, feed_id: int, id_key: str) -> dict[str, int]:
    """Downloads of an id by version key; versions that nobody downloaded are left out."""
    summed = select(_D.version_key, func.sum(_D["count"])).where(_D.feed_id == feed_id, _D.id_key == id_key)
    return {version_key: int(count) for version_key, count in tx.execute(summed.group_by(_D.version_key))}
