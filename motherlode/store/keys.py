"""API keys, by hash: the key itself is nowhere. A key is revoked, never removed, so that its id keeps its meaning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, insert, select, update

from motherlode.domain.refusals import NoSuchKey
from motherlode.store import schema
from motherlode.store.db import Tx

_K = schema.keys.c
_BY_HASH = select(schema.keys).where(_K.hash == bindparam("digest"))


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key; `feeds` None is all feeds, those to come included; `expires_at` None is never."""

    id: str
    name: str
    hash: bytes
    rights: tuple[str, ...]
    globs: tuple[str, ...]
    feeds: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None


def add(tx: Tx, key: KeyRow) -> None:
    """Remember a key."""
    row = {column.name: getattr(key, column.name) for column in schema.keys.columns}
    tx.execute(insert(schema.keys), row)


def find_by_hash(tx: Tx, digest: bytes) -> KeyRow | None:
    """The key with that hash, be it expired or revoked."""
    return _found(tx.execute(_BY_HASH, {"digest": digest}).first())


def find(tx: Tx, key_id: str) -> KeyRow | None:
    """The key with that id, be it expired or revoked."""
    return _find(tx, _K.id == key_id)


def read_all(tx: Tx) -> list[KeyRow]:
    """All keys, oldest first."""
    return [_key(row) for row in tx.execute(select(schema.keys).order_by(_K.created_at, _K.id))]


def revoke(tx: Tx, key_id: str, at: datetime) -> KeyRow:
    """Revoke the key; one that is revoked already keeps its time. Raises NoSuchKey."""
    tx.execute(update(schema.keys).where(_K.id == key_id, _K.revoked_at.is_(None)).values(revoked_at=at))
    key = find(tx, key_id)
    if key is None:
        raise NoSuchKey(key_id)
    return key


def _find(tx: Tx, condition: ColumnElement[bool]) -> KeyRow | None:
    return _found(tx.execute(select(schema.keys).where(condition)).first())


def _found(row: Row[Any] | None) -> KeyRow | None:
    return None if row is None else _key(row)


def _key(row: Row[*tuple[Any, ...]]) -> KeyRow:
    feeds = None if row.feeds is None else tuple(row.feeds)
    return KeyRow(
        row.id,
        row.name,
        row.hash,
        tuple(row.rights),
        tuple(row.globs),
        feeds,
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
