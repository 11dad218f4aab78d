"""Queries for web pages only: the versions of a package in brief, and which ids exist."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx


@dataclass(frozen=True, slots=True)
class VersionAtGlance:
    """A version of an id without its package's facts; get these with `versions.facts` by `content_id`."""

    id_written: str
    version_key: str
    version_written: str
    is_listed: bool
    is_prerelease: bool
    pushed_at: datetime
    content_id: int


_E, _P = schema.entries.c, schema.packages.c
_GLANCE = (
    _E.id_written,
    _E.version_key,
    _E.version_written,
    _E.listed,
    _E.is_prerelease,
    _E.pushed_at,
    _E.content_id,
)


def versions_of(tx: Tx, feed_id: int, id_key: str) -> list[VersionAtGlance]:
    """All versions of an id, including unlisted ones, the highest first."""
    mine = select(*_GLANCE).where(_E.feed_id == feed_id, _E.id_key == id_key)
    return [VersionAtGlance(*row) for row in tx.execute(mine.order_by(_E.sort_key.desc(), _E.version_key.desc()))]


def find_here(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> frozenset[str]:
    """Those of the ids that have a listed version on the feed."""
    listed = exists().where(_E.feed_id == _P.feed_id, _E.id_key == _P.id_key, _E.listed)
    mine = select(_P.id_key).where(_P.feed_id == feed_id, _P.id_key.in_(list(id_keys)), listed)
    return frozenset(tx.execute(mine).scalars())


def find_unlisted(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> frozenset[str]:
    """Those of the ids whose versions on the feed are all unlisted; there is at least one."""
    version = (_E.feed_id == _P.feed_id, _E.id_key == _P.id_key)
    mine = select(_P.id_key).where(_P.feed_id == feed_id, _P.id_key.in_(list(id_keys)))
    mine = mine.where(exists().where(*version), ~exists().where(*version, _E.listed))
    return frozenset(tx.execute(mine).scalars())


def written_ids(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> dict[str, str]:
    """The ids in the spelling of their latest listed version. Ids without a listed version are left out."""
    mine = (_E.feed_id == feed_id, _E.id_key.in_(list(id_keys)), _E.listed)
    ordered = select(_E.id_key, _E.id_written).where(*mine).order_by(_E.id_key, _E.sort_key, _E.version_key)
    return {row.id_key: row.id_written for row in tx.execute(ordered)}
