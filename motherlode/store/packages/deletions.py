"""Softly deleted versions: they are removed from `entries`, so no client sees them, but their versions stay taken.

A row keeps everything in the entry, to restore it unchanged. It references the content until the garbage collector
releases that. `versions.find_place` also tells whether a version was deleted.
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
    """A softly deleted version. `entry` is the result of `versions.describe`.

    `content_id` is None once the content was released.
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
        """Id and version as written."""
        return Identity(PackageId(self.entry["id"]), parse_version(self.entry["version"]))


def add(tx: Tx, entry: Entry, *, at: datetime, by: str, reason: str | None) -> None:
    """Move the entry to the deletions. Call `catalog.append` afterwards."""
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
    """The deletion of that id and version, or None."""
    row = tx.execute(select(*_COLUMNS).where(*_mine(feed_id, id_key, version_key))).first()
    return None if row is None else Deleted(*row)


def bring_back(tx: Tx, deleted: Deleted, content_id: int, *, at: datetime) -> Entry:
    """Move the deleted version back to the entries, unchanged. Call `catalog.append` afterwards."""
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
