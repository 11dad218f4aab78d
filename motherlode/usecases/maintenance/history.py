"""History: whether the database is the one that the packages belong to.

A lost database, or an older copy of it, knows nothing of packages that were pushed since; to a collector they look like
rubbish. So an object beside the blobs, `history.json`, says which history they belong to and how far the audit log had
come. It is replaced every few seconds, in the background, and always follows what is durable in the database already:
it may lag behind by as much, and is never ahead. A database that is behind it is older than the packages.

The database may also be compared with its search index, which is never ahead of it either.
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
    """What `history.json` says: the database's history, and number and hash (hexadecimal; None where it has none) of
    the last line of its audit log."""

    history: str
    line: int
    line_hash: str | None


def check_history(*, db: Database, blobs: Blobs, indexed: Mapping[int, int] | None = None) -> None:
    """Refuse a database that is not the one the packages belong to. `indexed` is how far the search index of the same
    history has come, by feed. Blobs that nobody has recorded a history for belong to whatever database is there.

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
    """Let `history.json` say how far the database has come. Raises as `check_history` does, and then leaves it alone;
    also OSError, StorageFull."""
    recorded = _read_recorded(db, blobs)  # before the database is read: what was recorded by then is in it
    check_history(db=db, blobs=blobs)
    if recorded != _read_current(db):
        replace_history(db=db, blobs=blobs, clock=clock)


def replace_history(*, db: Database, blobs: Blobs, clock: Clock) -> None:
    """Let `history.json` belong to this database from now on, whatever it said. Raises OSError, StorageFull."""
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
    """Whether there is any blob but those whose push is under way, or was cut off."""
    unconfirmed = blobs.unconfirmed()
    return any(blob.name not in unconfirmed for blob in blobs.walk())


def _read_current(db: Database) -> Recorded:
    with db.read() as tx:
        position = _read_position(db, tx)
        return Recorded(position.history, position.line, history.read_line_hash(tx, position.line))


def _read_position(db: Database, tx: Tx) -> Position:
    position = history.read_position(tx)
    if position is None:
        raise db.damage("is damaged: it does not say which history it has")
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
        raise DatabaseStale(str(db.path), f"{HISTORY}, which lies beside the packages and should say so, is damaged")
    return recorded


def _find_difference(tx: Tx, position: Position, recorded: Recorded | None) -> str | None:
    """How the database is known not to be the recorded one, or to be an older copy of it."""
    if recorded is None:
        return None
    if recorded.history != position.history:
        return f"{HISTORY} beside them names another history"
    if recorded.line > position.line:
        return f"its audit log ends with line {position.line}, and line {recorded.line} was written down already"
    if recorded.line_hash not in {None, history.read_line_hash(tx, recorded.line)}:
        return f"line {recorded.line} of its audit log is another one than was written down"
    return None


def _find_unindexed(tx: Tx, indexed: Mapping[int, int]) -> str | None:
    if not indexed:
        return None  # tables of an older version may have no former feeds
    heads = catalog.heads(tx)
    for feed_id in indexed.keys() - feeds.former_ids(tx):
        head, number = heads.get(feed_id, 0), indexed[feed_id]
        if number > head:
            return f"its log of a feed ends with event {head}, and the search index has event {number}"
    return None


def _is_recorded(position: Position, recorded: Recorded | None) -> bool:
    return recorded is not None and recorded.history == position.history
