"""What feeds hold: one entry for each id and version, pointing to its content and carrying what is the feed's own.

A feed holds an id and version once: the unique index decides whichever pushes race. Every change of an entry is
followed by `catalog.append` in the same unit of work, which stamps its revision.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    LargeBinary,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from motherlode.domain.permissions import Ownership
from motherlode.domain.refusals import AlreadyExists
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import Version, parse_version
from motherlode.store.accounts import owners
from motherlode.store.accounts import permissions_version as access
from motherlode.store.audit import log as audit
from motherlode.store.audit.log import Tail
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, cached_per_dialect, upsert
from motherlode.store.packages import locks
from motherlode.store.packages.contents import ContentRow


@dataclass(frozen=True, slots=True)
class Entry:
    """A version on a feed, joined with its content (but for the nuspec: `find_nuspec`).

    `revision` and `changed_at` are the number and time of its last event (of the one that is about to be, before that).
    """

    id: int
    feed_id: int
    id_key: str
    version_key: str
    id_written: str
    version_written: str
    listed: bool
    is_prerelease: bool
    is_semver2: bool
    pushed_at: datetime
    changed_at: datetime
    revision: int
    content_id: int
    sha256: bytes
    sha512: bytes
    size: int
    blob: str
    facts: dict[str, Any]

    @property
    def identity(self) -> Identity:
        """Id and version as they were written."""
        return Identity(PackageId(self.id_written), parse_version(self.version_written))


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A listed version without what its package says; `content_id` leads there (`facts`)."""

    version_key: str
    version_written: str
    is_prerelease: bool
    is_semver2: bool
    content_id: int
    pushed_at: datetime


@dataclass(frozen=True, slots=True)
class PublishTarget:
    """The place of an id and version on a feed, as an actor sees it: what a push has to know before it takes it.

    `access` is the number of the last change of who may do what, `was_deleted` where a version that was deleted softly
    has it, `is_locked` where nothing of the id may change; `audit_tail` the audit log's, of the same moment.
    """

    feed_id: int
    settings: dict[str, Any]
    access: int
    is_taken: bool
    was_deleted: bool
    is_locked: bool
    ownership: Ownership
    audit_tail: Tail | None = field(default=None, compare=False)


_E, _C, _D = schema.entries.c, schema.contents.c, schema.deletions.c
_PLACE = select(
    schema.feeds.c.id,
    schema.feeds.c.settings,
    access.PERMISSIONS_VERSION,
    *audit.TAIL_COLUMNS,
    exists().where(
        _E.feed_id == schema.feeds.c.id, _E.id_key == bindparam("id_key"), _E.version_key == bindparam("version_key")
    ),
    exists().where(
        _D.feed_id == schema.feeds.c.id, _D.id_key == bindparam("id_key"), _D.version_key == bindparam("version_key")
    ),
    locks.is_locked_column(schema.feeds.c.id),
    *owners.ownership_columns(schema.feeds.c.id),
).where(schema.feeds.c.name == bindparam("feed"))
_COLUMNS = (
    _E.id,
    _E.feed_id,
    _E.id_key,
    _E.version_key,
    _E.id_written,
    _E.version_written,
    _E.listed,
    _E.is_prerelease,
    _E.is_semver2,
    _E.pushed_at,
    _E.changed_at,
    _E.revision,
    _E.content_id,
    _C.sha256,
    _C.sha512,
    _C.size,
    _C.blob,
    _C.facts,
)
_ORDER = (_E.sort_key, _E.version_key)
_RANK = tuple_(*_ORDER)
_NEXT_NUMBER = select(schema.heads.c.number + 1).where(schema.heads.c.feed_id == bindparam("of_feed")).scalar_subquery()
"""The number that the feed's next event will have, as far as can be seen: `catalog.append` stamps the entry again where
another one came between, which the write lock of SQLite rules out."""


def add(
    tx: Tx,
    feed_id: int,
    identity: Identity,
    content: ContentRow,
    *,
    is_semver2: bool,
    at: datetime,
    listed: bool = True,
    pushed_at: datetime | None = None,
) -> Entry:
    """A new entry, pushed now unless it is one that comes back.

    Raises AlreadyExists when the feed holds that id and version in any spelling.
    """
    row: dict[str, Any] = {
        "feed_id": feed_id,
        "id_key": identity.id.key,
        "version_key": identity.version.key,
        **_derived(identity, is_semver2=is_semver2),
        "content_id": content.id,
        "listed": listed,
        "pushed_at": pushed_at or at,
        "changed_at": at,
    }
    added = tx.execute(_add(tx), row | {"of_feed": feed_id}).first()
    if added is None:
        raise AlreadyExists(str(identity))
    del row["sort_key"]
    return Entry(id=added.id, revision=added.revision, **row, **_of_content(content))


@cached_per_dialect
def _add(tx: Tx) -> Executable:
    added = upsert(tx, schema.entries).values(revision=_NEXT_NUMBER)
    added = added.on_conflict_do_nothing(index_elements=["feed_id", "id_key", "version_key"])
    return added.returning(_E.id, _E.revision)


def find_place(tx: Tx, feed: str, id_key: str, version_key: str, account_ids: frozenset[int]) -> PublishTarget | None:
    """Where a version would lie, as those accounts together see it, in one look; None when there is no such feed."""
    asked = {"feed": feed, "id_key": id_key, "version_key": version_key, "accounts": list(account_ids)}
    found = tx.execute(_PLACE, asked).first()
    if found is None:
        return None
    feed_id, settings, number, last_id, last_hash, is_taken, was_deleted, is_locked, *ownership = found
    tail = audit.as_tail(last_id, last_hash)
    return PublishTarget(
        feed_id, settings, number, is_taken, was_deleted, is_locked, owners.as_ownership(ownership), tail
    )


def find(tx: Tx, feed_id: int, id_key: str, version_key: str) -> Entry | None:
    """The entry of that id and version, listed or not."""
    row = tx.execute(_of_package(feed_id, id_key).where(_E.version_key == version_key)).first()
    return None if row is None else _entry(row)


def find_nuspec(tx: Tx, feed_id: int, id_key: str, version_key: str) -> bytes | None:
    """The nuspec of that id and version, as it lies in the package."""
    mine = (_E.feed_id == feed_id, _E.id_key == id_key, _E.version_key == version_key)
    return tx.execute(select(_C.nuspec).join(schema.entries, _E.content_id == _C.id).where(*mine)).scalar()


def of_package(tx: Tx, feed_id: int, id_key: str) -> list[Entry]:
    """All versions of an id, ascending, unlisted ones included."""
    return [_entry(row) for row in tx.execute(_of_package(feed_id, id_key).order_by(*_ORDER))]


def between(
    tx: Tx, feed_id: int, id_key: str, lower: Version, upper: Version, *, with_semver2: bool = True
) -> list[Entry]:
    """The versions of an id between two, both included, ascending, unlisted ones included; it takes no longer for an id
    with many others."""
    inside = (_rank_of(lower) <= _RANK, _rank_of(upper) >= _RANK)
    mine = _joined().where(*_mine(feed_id, id_key, with_semver2=with_semver2), *inside)
    return [_entry(row) for row in tx.execute(mine.order_by(*_ORDER))]


def count_below(tx: Tx, feed_id: int, id_key: str, version: Version, *, with_semver2: bool = True) -> int:
    """How many versions of an id come before that one."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(
        select(func.count()).select_from(schema.entries).where(*mine, _rank_of(version) > _RANK)
    ).scalar_one()


def is_any_above(tx: Tx, feed_id: int, id_key: str, version: Version, *, with_semver2: bool = True) -> bool:
    """Whether any version of an id comes after that one."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(select(_E.id).where(*mine, _rank_of(version) < _RANK).limit(1)).first() is not None


def version_keys(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> list[str]:
    """All versions of an id, ascending, unlisted ones included: their keys alone; from the index alone, unless SemVer 2
    is left out."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return list(tx.execute(select(_E.version_key).where(*mine).order_by(*_ORDER)).scalars())


def count(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> int:
    """How many versions of an id there are, unlisted ones included."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(select(func.count()).select_from(schema.entries).where(*mine)).scalar_one()


def commits(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> list[tuple[str, int, datetime]]:
    """All versions of an id, ascending, unlisted ones included: the key of each, number and time of its last event."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    rows = tx.execute(select(_E.version_key, _E.revision, _E.changed_at).where(*mine).order_by(*_ORDER))
    return [(row.version_key, row.revision, row.changed_at) for row in rows]


def last_change(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> datetime | None:
    """The time of the last event of any version of an id; None where there is none."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(select(func.max(_E.changed_at)).where(*mine)).scalar()


def listed_versions(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> dict[str, list[ListedVersion]]:
    """The listed versions of each id, ascending; ids that have none are left out."""
    mine = (_E.feed_id == feed_id, _E.id_key.in_(list(id_keys)), _E.listed)
    written = (_E.version_key, _E.version_written, _E.is_prerelease, _E.is_semver2)
    columns = (_E.id_key, *written, _E.content_id, _E.pushed_at)
    found: dict[str, list[ListedVersion]] = defaultdict(list)
    for id_key, *version in tx.execute(select(*columns).where(*mine).order_by(_E.id_key, *_ORDER)):
        found[id_key].append(ListedVersion(*version))
    return dict(found)


def facts(tx: Tx, content_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What packages say, by the ids of their contents."""
    rows = tx.execute(select(_C.id, _C.facts).where(_C.id.in_(list(content_ids))))
    return {row.id: row.facts for row in rows}


def set_listed(tx: Tx, entry: Entry, *, listed: bool, at: datetime) -> Entry:
    """The entry with `listed` as given; its revision is stamped by `catalog.append`."""
    tx.execute(update(schema.entries).where(_E.id == entry.id).values(listed=listed, changed_at=at))
    return replace(entry, listed=listed, changed_at=at)


def of_content(tx: Tx, content_id: int) -> list[Entry]:
    """The entries of all feeds that point to a content, in the order of the feeds' ids."""
    return [_entry(row) for row in tx.execute(_joined().where(_E.content_id == content_id).order_by(_E.feed_id, _E.id))]


def is_derived_otherwise(tx: Tx, content_id: int, identity: Identity, *, is_semver2: bool) -> bool:
    """Whether any entry of a content says something else than follows from this identity."""
    expected = {
        "id_key": identity.id.key,
        "version_key": identity.version.key,
        **_derived(identity, is_semver2=is_semver2),
    }
    differs = or_(*(_E[name] != value for name, value in expected.items()))
    return tx.execute(select(_E.id).where(_E.content_id == content_id, differs).limit(1)).first() is not None


def derive(tx: Tx, content_id: int, identity: Identity, *, is_semver2: bool) -> None:
    """Let all entries of a content say what follows from this identity, which equals theirs; revisions are stamped by
    `catalog.append`."""
    tx.execute(
        update(schema.entries).where(_E.content_id == content_id).values(_derived(identity, is_semver2=is_semver2))
    )


def _derived(identity: Identity, *, is_semver2: bool) -> dict[str, Any]:
    """What an entry says of its package beside the keys that it is found by."""
    return {
        "id_written": identity.id.written,
        "version_written": identity.version.written,
        "sort_key": identity.version.sort_key,
        "is_prerelease": identity.version.is_prerelease,
        "is_semver2": is_semver2,
    }


def set_content(
    tx: Tx, entry: Entry, identity: Identity, content: ContentRow, *, is_semver2: bool, at: datetime
) -> Entry:
    """The entry with another content, pushed now, under the same id and version in whatever spelling; listed as it was.
    Its revision is stamped by `catalog.append`."""
    row: dict[str, Any] = {
        "id_written": identity.id.written,
        "version_written": identity.version.written,
        "content_id": content.id,
        "is_semver2": is_semver2,
        "pushed_at": at,
        "changed_at": at,
    }
    tx.execute(update(schema.entries).where(_E.id == entry.id).values(row))
    return replace(entry, **row, **_of_content(content))


def remove(tx: Tx, entry: Entry) -> None:
    """Take the entry away; what it pointed to stays."""
    tx.execute(delete(schema.entries).where(_E.id == entry.id))


def describe(entry: Entry) -> dict[str, Any]:
    """Enough to make the entry again."""
    return {
        "id": entry.id_written,
        "version": entry.version_written,
        "sha256": entry.sha256.hex(),
        "listed": entry.listed,
        "pushed_at": entry.pushed_at.isoformat(),
        "is_semver2": entry.is_semver2,
    }


def _of_content(content: ContentRow) -> dict[str, Any]:
    return {name: getattr(content, name) for name in ("sha256", "sha512", "size", "blob", "facts")}


def _joined() -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).join(schema.contents, _C.id == _E.content_id)


def _mine(feed_id: int, id_key: str, *, with_semver2: bool) -> tuple[ColumnElement[bool], ...]:
    mine = (_E.feed_id == feed_id, _E.id_key == id_key)
    return mine if with_semver2 else (*mine, _E.is_semver2.is_(False))


def _rank_of(version: Version) -> ColumnElement[Any]:
    return tuple_(literal(version.sort_key, LargeBinary), literal(version.key, schema.Key))


def _of_package(feed_id: int, id_key: str) -> Select[*tuple[Any, ...]]:
    return _joined().where(_E.feed_id == feed_id, _E.id_key == id_key)


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(*row)
