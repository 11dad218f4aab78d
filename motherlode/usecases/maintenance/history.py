"""History: check that the database is the one that the packages belong to.

A new database, or an older copy of it, does not know the packages that were pushed later, so they would look like
garbage. Therefore an object beside the blobs, `history.json`, records which history the packages belong to and the last
line of the audit log. A background task replaces it every few seconds with what is already durable in the database: it
may lag behind by this time, and is never ahead. If the database is behind `history.json`, it is older than the
packages.

The database can also be compared with its search index, which is never ahead of it either.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from motherlode.domain.refusals import DatabaseMissing, DatabaseStale
from motherlode.observe.clock import Clock
from motherlode.store import feeds, history
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.data_folder import HISTORY
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.history import Position
from motherlode.store.packages import catalog

_MOST_LINES: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Recorded:
    """The content of `history.json`: the database's history, and the number and hash (hexadecimal, or None if the line
    has none) of the last line of its audit log."""

    history: str
    line: int
    line_hash: str | None


def check_history(*, db: Database, blobs: Blobs, indexed: Mapping[int, int] | None = None) -> None:
    """Refuse a database that is not the one that the packages belong to.

    `indexed` is the number of the last event in the search index of the same history, by feed. Without a recorded
    history, the blobs belong to the current database.

    Raises DatabaseMissing, DatabaseStale, DatabaseUnusable.
    """
    if db.age() == "empty":
        if has_packages(blobs):
            raise DatabaseMissing(str(db.path))
        return
    recorded = _read_recorded(db, blobs)
    with db.read() as tx:
        position = _read_position(db, tx)
        difference = _find_difference(tx, position, recorded) or _find_unindexed(tx, indexed or {})
    if not position.has_held_packages and not _is_recorded(position, recorded):
        if has_packages(blobs):
            raise DatabaseMissing(str(db.path))
        return
    if difference is not None:
        raise DatabaseStale(str(db.path), difference)


def record_history(*, db: Database, blobs: Blobs, clock: Clock) -> None:
    """Write the current position of the database to `history.json`.

    Raises DatabaseMissing, DatabaseStale, DatabaseUnusable, and then leaves `history.json` as it is; also OSError,
    StorageFull.
    """
    recorded = _read_recorded(db, blobs)  # read it before the database, which then contains all that it records
    check_history(db=db, blobs=blobs)
    if recorded != _read_current(db):
        replace_history(db=db, blobs=blobs, clock=clock)


def replace_history(*, db: Database, blobs: Blobs, clock: Clock) -> None:
    """Assign the packages to this database: overwrite `history.json`, whatever it says. Raises OSError, StorageFull."""
    current = _read_current(db)
    said = {
        "history": current.history,
        "audit_line": current.line,
        "audit_hash": current.line_hash,
        "time": clock.now().isoformat(timespec="seconds"),
    }
    blobs.replace_object(HISTORY, json.dumps(said, indent=2).encode() + b"\n")


def has_held_packages(db: Database) -> bool:
    """Whether any feed ever held a package. Raises DatabaseUnusable."""
    if db.age() == "empty":
        return False
    with db.read() as tx:
        return _read_position(db, tx).has_held_packages


def has_packages(blobs: Blobs) -> bool:
    """Whether there is any blob, not counting those of running and interrupted pushes."""
    unconfirmed = blobs.unconfirmed()
    return any(blob.name not in unconfirmed for blob in blobs.walk())


def _read_current(db: Database) -> Recorded:
    with db.read() as tx:
        position = _read_position(db, tx)
        return Recorded(position.history, position.line, history.read_line_hash(tx, position.line))


def _read_position(db: Database, tx: Tx) -> Position:
    position = history.read_position(tx)
    if position is None:
        raise db.damage("is damaged: its history id is missing")
    return position


def _read_recorded(db: Database, blobs: Blobs) -> Recorded | None:
    content = blobs.read_object(HISTORY)
    if content is None:
        return None
    try:
        said: Any = json.loads(content)
        recorded = Recorded(said["history"], said["audit_line"], said["audit_hash"])
        is_sound = (
            isinstance(recorded.history, str)
            and isinstance(recorded.line, int)
            and 0 <= recorded.line < _MOST_LINES
            and isinstance(recorded.line_hash, str | None)
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        is_sound = False
    if not is_sound:
        raise DatabaseStale(str(db.path), f"{HISTORY} beside the packages is damaged, so this cannot be checked")
    return recorded


def _find_difference(tx: Tx, position: Position, recorded: Recorded | None) -> str | None:
    """Return what shows that the database is another one than recorded, or an older copy; None if nothing does."""
    if recorded is None:
        return None
    if recorded.history != position.history:
        return f"{HISTORY} beside the packages names another history"
    if recorded.line > position.line:
        return f"its audit log ends at line {position.line}, but {HISTORY} records line {recorded.line}"
    if recorded.line_hash not in {None, history.read_line_hash(tx, recorded.line)}:
        return f"line {recorded.line} of its audit log differs from the one that {HISTORY} records"
    return None


def _find_unindexed(tx: Tx, indexed: Mapping[int, int]) -> str | None:
    if not indexed:
        return None  # a database of an older version may not have the table of former feeds
    heads = catalog.heads(tx)
    for feed_id in indexed.keys() - feeds.former_ids(tx):
        head, number = heads.get(feed_id, 0), indexed[feed_id]
        if number > head:
            return f"the last event of a feed is {head}, but the search index has event {number}"
    return None


def _is_recorded(position: Position, recorded: Recorded | None) -> bool:
    return recorded is not None and recorded.history == position.history
