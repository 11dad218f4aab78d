"""The log of each feed: one complete event for each change, numbered 1, 2, 3… in the order they become visible.

The number comes from the feed's only head row. A unit of work that takes a number locks that row until it commits, so
event 11 is never visible before event 10, and a follower that asks for "everything after 10" misses nothing. A plain
sequence would not work: it assigns 10 and 11, and 11 may be committed first. Call `append` last in a unit of work, so
that the row is locked as briefly as possible. An event's time is never before that of the previous event, whatever the
clock does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Literal

from sqlalchemy import Executable, bindparam, case, func, insert, select, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, cached_per_dialect, upsert
from motherlode.store.packages import versions
from motherlode.store.packages.versions import Entry

Kind = Literal["published", "replaced", "unlisted", "relisted", "rederived", "deleted", "restored"]

_H = schema.heads.c
_NOW = bindparam("now", type_=schema.Moment)
_TAKE_NUMBER = (
    update(schema.heads)
    .where(_H.feed_id == bindparam("feed"))
    .values(number=_H.number + 1, at=case((_H.at < _NOW, _NOW), else_=_H.at))
    .returning(_H.number, _H.at)
)
_ADD_EVENT = insert(schema.events)
_STAMP_ENTRY = (
    update(schema.entries)
    .where(schema.entries.c.id == bindparam("entry"))
    .values(revision=bindparam("revision"), changed_at=bindparam("changed_at"))
)


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a feed.

    `details` is the entry after the change: id, version, sha256, listed, pushed_at, is_semver2. For a deletion it is
    the entry before it, with mode and reason. If facts changed, it also contains `before`: the old values, or None for
    a fact that did not exist."""

    feed_id: int
    number: int
    at: datetime
    kind: str
    id_key: str
    version_key: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PackageRow:
    """An id on a feed, with the number (`revision`) and time of its last event."""

    id_key: str
    revision: int
    changed_at: datetime


def append(
    tx: Tx, feed_id: int, kind: Kind, entry: Entry, *, at: datetime, more: Mapping[str, Any] | None = None
) -> int:
    """Log the current state of the entry, with the additional details `more`. Call it last in a unit of work.

    Takes the feed's next event number, sets it on the package and, unless the entry was deleted, on the entry, and
    returns it.
    """
    number, at = _next_number(tx, feed_id, at)
    event = {
        "feed_id": feed_id,
        "number": number,
        "at": at,
        "kind": kind,
        "id_key": entry.id_key,
        "version_key": entry.version_key,
        "details": versions.describe(entry) | dict(more or {}),
    }
    tx.execute(_ADD_EVENT, event)
    if kind != "deleted" and (entry.revision, entry.changed_at) != (number, at):
        tx.execute(_STAMP_ENTRY, {"entry": entry.id, "revision": number, "changed_at": at})
    stamped = {"feed_id": feed_id, "id_key": entry.id_key, "revision": number, "changed_at": at}
    tx.execute(_stamp_package(tx), stamped)
    return number


@cached_per_dialect
def _stamp_package(tx: Tx) -> Executable:
    added = upsert(tx, schema.packages)
    renewed = {"revision": added.excluded.revision, "changed_at": added.excluded.changed_at}
    return added.on_conflict_do_update(index_elements=["feed_id", "id_key"], set_=renewed)


def _next_number(tx: Tx, feed_id: int, at: datetime) -> tuple[int, datetime]:
    number, at = tx.execute(_TAKE_NUMBER, {"feed": feed_id, "now": at}).one()
    return number, at


def since(tx: Tx, feed_id: int, number: int, limit: int) -> list[Event]:
    """At most `limit` events after the event `number`, in order."""
    later = schema.events.select().where(schema.events.c.feed_id == feed_id, schema.events.c.number > number)
    return [Event(*row) for row in tx.execute(later.order_by(schema.events.c.number).limit(limit))]


def changed_since(tx: Tx, feed_id: int, number: int, limit: int) -> tuple[int, list[str]]:
    """The number of the last of the next (at most `limit`) events after `number`, and the id keys they are about.

    If there is no later event, returns `number` itself and no id keys.
    """
    mine = (schema.events.c.feed_id == feed_id, schema.events.c.number > number)
    columns = (schema.events.c.number, schema.events.c.id_key)
    rows = tx.execute(select(*columns).where(*mine).order_by(schema.events.c.number).limit(limit)).all()
    return (rows[-1].number if rows else number), list(dict.fromkeys(row.id_key for row in rows))


def package_keys(tx: Tx, feed_id: int, after: str, limit: int) -> list[str]:
    """At most `limit` id keys after the key `after`, in order, that the feed contains or contained."""
    mine = (schema.packages.c.feed_id == feed_id, schema.packages.c.id_key > after)
    return list(tx.execute(select(schema.packages.c.id_key).where(*mine).order_by("id_key").limit(limit)).scalars())


def is_first_in_second(
    tx: Tx, feed_id: int, number: int, at: datetime, id_key: str, version_key: str | None = None
) -> bool:
    """Whether the event `number`, at the time `at`, is the first in its second about the id, or version if given."""
    columns = (schema.events.c.at, schema.events.c.id_key, schema.events.c.version_key)
    before = (schema.events.c.feed_id == feed_id, schema.events.c.number < number)
    second = at.replace(microsecond=0)
    with tx.execute(select(*columns).where(*before).order_by(schema.events.c.number.desc())) as rows:
        return not any(
            row.id_key == id_key and version_key in (None, row.version_key)
            for row in takewhile(lambda row: row.at >= second, rows)
        )


def iter_package_keys(tx: Tx, feed_id: int, portion: int = 1_000) -> Iterator[str]:
    """All id keys that the feed contains or contained, in order. Reads `portion` keys at a time."""
    after = ""
    while keys := package_keys(tx, feed_id, after, portion):
        yield from keys
        after = keys[-1]


def count_packages(tx: Tx) -> int:
    """The number of ids that all feeds together contain or contained."""
    return int(tx.execute(select(func.count()).select_from(schema.packages)).scalar_one())


def heads(tx: Tx) -> dict[int, int]:
    """The number of the last event of each feed, by feed id."""
    return {row.feed_id: row.number for row in tx.execute(select(_H.feed_id, _H.number))}


def find_package(tx: Tx, feed_id: int, id_key: str) -> PackageRow | None:
    """The number and time of the last event of an id on a feed, or None if the feed never contained it."""
    columns = (schema.packages.c.id_key, schema.packages.c.revision, schema.packages.c.changed_at)
    mine = (schema.packages.c.feed_id == feed_id, schema.packages.c.id_key == id_key)
    row = tx.execute(select(*columns).where(*mine)).first()
    return None if row is None else PackageRow(*row)


def position(tx: Tx, feed_id: int) -> tuple[int, int]:
    """The numbers of the feed's last event and of its last batch of download counts.

    Each is 0 before the first. Both are 0 if the feed was deleted."""
    row = tx.execute(select(_H.number, _H.counted).where(_H.feed_id == feed_id)).one_or_none()
    return (0, 0) if row is None else (row.number, row.counted)


def head(tx: Tx, feed_id: int) -> int:
    """The number of the feed's last event: 0 before the first, or if the feed was deleted."""
    return position(tx, feed_id)[0]
