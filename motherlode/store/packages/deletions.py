"""Versions that were deleted softly: gone from `entries`, hence for every reader, and their number stays taken.

A row keeps all that the entry said, to bring it back as it was, and points to its content until the collector lets go
of that. `entries.find_place` brings along whether a version was deleted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select

from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import parse_version
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages import contents, versions
from motherlode.store.packages.versions import Entry

_D = schema.deletions.c
_COLUMNS = (_D.feed_id, _D.id_key, _D.version_key, _D.entry, _D.content_id, _D.deleted_at, _D.deleted_by, _D.reason)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A version that was deleted; `content_id` None once its bytes were let go of.

    `entry` is what `entries.describe` said of it.
    """

    feed_id: int
    id_key: str
    version_key: str
    entry: dict[str, Any]
    content_id: int | None
    deleted_at: datetime
    deleted_by: str
    reason: str | None

    @property
    def identity(self) -> Identity:
        """Id and version as they were written."""
        return Identity(PackageId(self.entry["id"]), parse_version(self.entry["version"]))


def add(tx: Tx, entry: Entry, *, at: datetime, by: str, reason: str | None) -> None:
    """Move the entry here; `catalog.append` follows."""
    row: dict[str, Any] = {
        "feed_id": entry.feed_id,
        "id_key": entry.id_key,
        "version_key": entry.version_key,
        "entry": versions.describe(entry),
        "content_id": entry.content_id,
        "deleted_at": at,
        "deleted_by": by,
        "reason": reason,
    }
    tx.execute(insert(schema.deletions), row)
    versions.remove(tx, entry)


def find(tx: Tx, feed_id: int, id_key: str, version_key: str) -> Deleted | None:
    """The deleted version of that id and version."""
    row = tx.execute(select(*_COLUMNS).where(*_mine(feed_id, id_key, version_key))).first()
    return None if row is None else Deleted(*row)


def bring_back(tx: Tx, deleted: Deleted, content_id: int, *, at: datetime) -> Entry:
    """Move it back to the entries, as it was there; `catalog.append` follows."""
    tx.execute(delete(schema.deletions).where(*_mine(deleted.feed_id, deleted.id_key, deleted.version_key)))
    return versions.add(
        tx,
        deleted.feed_id,
        deleted.identity,
        contents.get(tx, content_id),
        is_semver2=deleted.entry["is_semver2"],
        at=at,
        listed=deleted.entry["listed"],
        pushed_at=datetime.fromisoformat(deleted.entry["pushed_at"]),
    )


def _mine(feed_id: int, id_key: str, version_key: str) -> tuple[ColumnElement[bool], ...]:
    return _D.feed_id == feed_id, _D.id_key == id_key, _D.version_key == version_key
