"""Download counts per version and UTC day, and per client. Counts are added in batches, so no download waits for that.

Batches of a feed are numbered by the feed's head row, so that readers can ask which packages changed since a batch.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import Date, Table, func, select, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, upsert

Counted = tuple[int, str, str, date]
"""Feed id, id key, version key, UTC day."""
ClientCounted = tuple[int, date, str]
"""Feed id, UTC day, the client's name."""

_D, _C, _T, _H = schema.downloads.c, schema.client_downloads.c, schema.totals.c, schema.heads.c


def add(tx: Tx, counts: Mapping[Counted, int], clients: Mapping[ClientCounted, int]) -> None:
    """Add counts, as one batch per feed. `clients` are the same downloads, grouped by client.

    Downloads of a feed that was deleted meanwhile are dropped.
    """
    taken = {feed_id: _next_batch(tx, feed_id) for feed_id in {counted[0] for counted in counts}}
    batches = {feed_id: batch for feed_id, batch in taken.items() if batch is not None}
    if not batches:
        return
    sums: dict[tuple[int, str, str], int] = defaultdict(int)
    days = []
    for (feed_id, id_key, version_key, day), count in counts.items():
        if feed_id not in batches:
            continue
        version = {"feed_id": feed_id, "id_key": id_key, "version_key": version_key}
        days.append({**version, "day": day, "count": count})
        sums[feed_id, id_key, version_key] += count
    totals = [
        {"feed_id": feed_id, "id_key": id_key, "version_key": version_key, "count": count, "batch": batches[feed_id]}
        for (feed_id, id_key, version_key), count in sums.items()
    ]
    _add_up(tx, schema.downloads, days)
    _add_up(tx, schema.totals, totals)
    by_client = [
        {"feed_id": feed_id, "day": day, "client": client, "count": count}
        for (feed_id, day, client), count in clients.items()
        if feed_id in batches
    ]
    if by_client:
        _add_up(tx, schema.client_downloads, by_client)


def total(tx: Tx, feed_id: int, id_key: str) -> dict[str, int]:
    """Downloads of an id by version key. Versions without downloads are left out."""
    return totals(tx, feed_id, [id_key]).get(id_key, {})


def totals(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> dict[str, dict[str, int]]:
    """Downloads by id key and version key. Ids and versions without downloads are left out."""
    mine = (_T.feed_id == feed_id, _T.id_key.in_(list(id_keys)))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for id_key, version_key, count in tx.execute(select(_T.id_key, _T.version_key, _T["count"]).where(*mine)):
        found[id_key][version_key] = count
    return dict(found)


def counted(tx: Tx, feed_id: int) -> int:
    """The number of the feed's last batch: 0 before the first, or if the feed was deleted."""
    number: int | None = tx.execute(select(_H.counted).where(_H.feed_id == feed_id)).scalar_one_or_none()
    return number or 0


def changed_since(tx: Tx, feed_id: int, batch: int, limit: int | None = None) -> list[str]:
    """At most `limit` id keys whose counts changed after the batch `batch`, in no particular order."""
    later = (_T.feed_id == feed_id, _T.batch > batch)
    return list(tx.execute(select(_T.id_key).distinct().where(*later).limit(limit)).scalars())


def days_of(tx: Tx, feed_id: int, id_key: str, since: date) -> dict[date, int]:
    """Downloads of an id by day, from the day `since` on. Days without downloads are left out."""
    counted = select(_T.version_key).where(_T.feed_id == feed_id, _T.id_key == id_key)
    mine = (_D.feed_id == feed_id, _D.id_key == id_key, _D.version_key.in_(counted), _D.day >= since)
    day = func.date(_D.day, type_=Date)  # if grouped by the plain column, SQLite scans all ids of those days
    rows = tx.execute(select(day, func.sum(_D["count"])).where(*mine).group_by(day))
    return {row[0]: row[1] for row in rows}


def days(tx: Tx, feed_id: int, since: date) -> dict[date, int]:
    """Downloads of the whole feed by day, from the day `since` on. Days without downloads are left out."""
    mine = (_C.feed_id == feed_id, _C.day >= since)
    rows = tx.execute(select(_C.day, func.sum(_C["count"])).where(*mine).group_by(_C.day))
    return {row[0]: row[1] for row in rows}


def clients(tx: Tx, feed_id: int, since: date) -> list[tuple[str, int]]:
    """Downloads by client name, from the day `since` on, in descending order."""
    mine = (_C.feed_id == feed_id, _C.day >= since)
    number = func.sum(_C["count"])
    rows = tx.execute(select(_C.client, number).where(*mine).group_by(_C.client).order_by(number.desc(), _C.client))
    return [(client, count) for client, count in rows]


def iter_ranked(tx: Tx, feed_id: int, since: date, size: int) -> Iterator[list[tuple[str, int]]]:
    """Id keys with their downloads from the day `since` on, in descending order, in portions of `size`."""
    mine = (_D.feed_id == feed_id, _D.day >= since)
    number = func.sum(_D["count"])
    ranked = select(_D.id_key, number).where(*mine).group_by(_D.id_key).order_by(number.desc(), _D.id_key)
    with tx.execute(ranked) as rows:
        for portion in rows.partitions(size):
            yield [(id_key, count) for id_key, count in portion]


def sum_of_feed(tx: Tx, feed_id: int) -> int:
    """The number of all downloads of a feed."""
    return int(tx.execute(select(func.sum(_T["count"])).where(_T.feed_id == feed_id)).scalar() or 0)


def _next_batch(tx: Tx, feed_id: int) -> int | None:
    """Take the number of the feed's next batch. Returns None if the feed does not exist."""
    taken = update(schema.heads).where(_H.feed_id == feed_id).values(counted=_H.counted + 1)
    number: int | None = tx.execute(taken.returning(_H.counted)).scalar()
    return number


def _add_up(tx: Tx, table: Table, rows: list[dict[str, object]]) -> None:
    """Insert the rows. If a row exists, add to its count and replace its other columns."""
    primary = [column.name for column in table.primary_key]
    added = upsert(tx, table)
    renewed: dict[str, object] = {
        column.name: added.excluded[column.name] for column in table.columns if column.name not in primary
    }
    renewed["count"] = table.c["count"] + added.excluded["count"]
    tx.execute(added.on_conflict_do_update(index_elements=primary, set_=renewed), rows)
