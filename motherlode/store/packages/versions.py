"""The versions in feeds: one entry for each id and version, with its content and the data specific to the feed.

A feed contains an id and version only once: if pushes race, the unique index decides. Every change of an entry is
followed by `catalog.append` in the same unit of work, which sets the entry's revision.
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
    """A version on a feed, joined with its content (without the nuspec: see `find_nuspec`).

    `revision` and `changed_at` are the number and time of its last event; before the event is logged, the expected
    ones.
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
        """Id and version as written."""
        return Identity(PackageId(self.id_written), parse_version(self.version_written))


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A listed version without its package's facts; get these with `facts` by `content_id`."""

    version_key: str
    version_written: str
    is_prerelease: bool
    is_semver2: bool
    content_id: int
    pushed_at: datetime


@dataclass(frozen=True, slots=True)
class PublishTarget:
    """Everything a push needs to know about its id and version on a feed, from the view of an actor.

    `access` is the permissions version. `is_taken` says that the version exists, `was_deleted` that it was softly
    deleted, and `is_locked` that the id is locked. `audit_tail` is the tail of the audit log at the same moment.
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
"""The expected number of the feed's next event. If another event comes first, which SQLite's write lock rules out,
`catalog.append` corrects the entry."""


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
    """Add an entry. `pushed_at` is `at` unless it is given, as for a restored version.

    Raises AlreadyExists if the feed contains that id and version in any spelling.
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
    """The publish target of a version, from the view of these accounts together, or None if there is no such feed.

    Takes one query."""
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
    """The entry of that id and version, listed or not, or None."""
    row = tx.execute(_of_package(feed_id, id_key).where(_E.version_key == version_key)).first()
    return None if row is None else _entry(row)


def find_nuspec(tx: Tx, feed_id: int, id_key: str, version_key: str) -> bytes | None:
    """The bytes of the nuspec in the package of that id and version, or None."""
    mine = (_E.feed_id == feed_id, _E.id_key == id_key, _E.version_key == version_key)
    return tx.execute(select(_C.nuspec).join(schema.entries, _E.content_id == _C.id).where(*mine)).scalar()


def of_package(tx: Tx, feed_id: int, id_key: str) -> list[Entry]:
    """All versions of an id, including unlisted ones, in ascending order."""
    return [_entry(row) for row in tx.execute(_of_package(feed_id, id_key).order_by(*_ORDER))]


def between(
    tx: Tx, feed_id: int, id_key: str, lower: Version, upper: Version, *, with_semver2: bool = True
) -> list[Entry]:
    """The versions of an id from `lower` to `upper`, both inclusive, in ascending order, including unlisted ones.

    The time does not depend on how many other versions the id has."""
    inside = (_rank_of(lower) <= _RANK, _rank_of(upper) >= _RANK)
    mine = _joined().where(*_mine(feed_id, id_key, with_semver2=with_semver2), *inside)
    return [_entry(row) for row in tx.execute(mine.order_by(*_ORDER))]


def count_below(tx: Tx, feed_id: int, id_key: str, version: Version, *, with_semver2: bool = True) -> int:
    """The number of versions of an id that are lower than `version`."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(
        select(func.count()).select_from(schema.entries).where(*mine, _rank_of(version) > _RANK)
    ).scalar_one()


def is_any_above(tx: Tx, feed_id: int, id_key: str, version: Version, *, with_semver2: bool = True) -> bool:
    """Whether any version of an id is higher than `version`."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(select(_E.id).where(*mine, _rank_of(version) < _RANK).limit(1)).first() is not None


def version_keys(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> list[str]:
    """The keys of all versions of an id, in ascending order, including unlisted ones.

    Reads only the index, unless `with_semver2` is False."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return list(tx.execute(select(_E.version_key).where(*mine).order_by(*_ORDER)).scalars())


def count(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> int:
    """The number of versions of an id, including unlisted ones."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(select(func.count()).select_from(schema.entries).where(*mine)).scalar_one()


def commits(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> list[tuple[str, int, datetime]]:
    """For each version of an id, its key and the number and time of its last event.

    In ascending order of versions, including unlisted ones."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    rows = tx.execute(select(_E.version_key, _E.revision, _E.changed_at).where(*mine).order_by(*_ORDER))
    return [(row.version_key, row.revision, row.changed_at) for row in rows]


def last_change(tx: Tx, feed_id: int, id_key: str, *, with_semver2: bool = True) -> datetime | None:
    """The time of the last event of any version of an id, or None if it has no versions."""
    mine = _mine(feed_id, id_key, with_semver2=with_semver2)
    return tx.execute(select(func.max(_E.changed_at)).where(*mine)).scalar()


def listed_versions(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> dict[str, list[ListedVersion]]:
    """The listed versions of each id, in ascending order. Ids without listed versions are left out."""
    mine = (_E.feed_id == feed_id, _E.id_key.in_(list(id_keys)), _E.listed)
    written = (_E.version_key, _E.version_written, _E.is_prerelease, _E.is_semver2)
    columns = (_E.id_key, *written, _E.content_id, _E.pushed_at)
    found: dict[str, list[ListedVersion]] = defaultdict(list)
    for id_key, *version in tx.execute(select(*columns).where(*mine).order_by(_E.id_key, *_ORDER)):
        found[id_key].append(ListedVersion(*version))
    return dict(found)


def facts(tx: Tx, content_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The facts of packages, by content id."""
    rows = tx.execute(select(_C.id, _C.facts).where(_C.id.in_(list(content_ids))))
    return {row.id: row.facts for row in rows}


def set_listed(tx: Tx, entry: Entry, *, listed: bool, at: datetime) -> Entry:
    """Set `listed` and return the changed entry. Its revision is set by `catalog.append`."""
    tx.execute(update(schema.entries).where(_E.id == entry.id).values(listed=listed, changed_at=at))
    return replace(entry, listed=listed, changed_at=at)


def of_content(tx: Tx, content_id: int) -> list[Entry]:
    """The entries with this content in all feeds, ordered by feed id."""
    return [_entry(row) for row in tx.execute(_joined().where(_E.content_id == content_id).order_by(_E.feed_id, _E.id))]


def is_derived_otherwise(tx: Tx, content_id: int, identity: Identity, *, is_semver2: bool) -> bool:
    """Whether any entry with this content differs from what is derived from this identity."""
    expected = {
        "id_key": identity.id.key,
        "version_key": identity.version.key,
        **_derived(identity, is_semver2=is_semver2),
    }
    differs = or_(*(_E[name] != value for name, value in expected.items()))
    return tx.execute(select(_E.id).where(_E.content_id == content_id, differs).limit(1)).first() is not None


def derive(tx: Tx, content_id: int, identity: Identity, *, is_semver2: bool) -> None:
    """Update all entries with this content to the values derived from this identity, which must equal theirs.

    Their revisions are set by `catalog.append`."""
    tx.execute(
        update(schema.entries).where(_E.content_id == content_id).values(_derived(identity, is_semver2=is_semver2))
    )


def _derived(identity: Identity, *, is_semver2: bool) -> dict[str, Any]:
    """The columns of an entry that are derived from its package, except its keys."""
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
    """Replace the content of the entry, pushed at `at`, and return the changed entry.

    Id and version stay the same but may change their spelling; `listed` does not change. The revision is set by
    `catalog.append`."""
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
    """Remove the entry. Its content stays."""
    tx.execute(delete(schema.entries).where(_E.id == entry.id))


def describe(entry: Entry) -> dict[str, Any]:
    """The details from which the entry can be restored, for events and deletions."""
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
