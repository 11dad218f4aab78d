"""API keys, by hash: the key itself is not stored. Keys are revoked and never removed, so that their ids keep their
meaning. Only verification keys are removed: they are valid for one use.

Everything that ends a key bumps the permissions version. A new key does not, because it cannot have been refused
before. Neither does recording its last use, nor the end of a verification key, because these are not cached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, or_, select, update

from motherlode.domain.refusals import NoSuchKey
from motherlode.store.accounts import permissions_version
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx
from motherlode.store.sanitize import sanitize

API: Final = "api"
VERIFICATION: Final = "verification"

MAX_ADDRESS: Final = 64
"""Max characters of an address that are stored."""

_K = schema.keys.c
_BY_HASH = select(schema.keys).where(_K.hash == bindparam("digest"))
_USED = bindparam("used_at", type_=schema.Moment)
_NOTE_USE = (
    update(schema.keys)
    .where(_K.id == bindparam("key"), or_(_K.last_used_at.is_(None), _K.last_used_at < _USED))
    .values(last_used_at=_USED, last_used_address=bindparam("used_from"))
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key. `feeds` None means all feeds, including future ones; `expires_at` None means never.

    `kind` is `API` or `VERIFICATION`. `account_id` is None for a key without an owner. `replaced_by` is the id of the
    key that a rotation created. `made_by` is the id of the key that requested a verification key.
    """

    id: str
    name: str
    hash: bytes
    rights: tuple[str, ...]
    globs: tuple[str, ...]
    feeds: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    kind: str = API
    account_id: int | None = None
    last_used_at: datetime | None = None
    last_used_address: str | None = None
    replaced_by: str | None = None
    made_by: str | None = None


def add(tx: Tx, key: KeyRow) -> None:
    """Store a key."""
    row = {column.name: getattr(key, column.name) for column in schema.keys.columns}
    tx.execute(insert(schema.keys), row)


def find_by_hash(tx: Tx, digest: bytes) -> KeyRow | None:
    """The key with that hash, even if expired or revoked, or None."""
    return _found(tx.execute(_BY_HASH, {"digest": digest}).first())


def find(tx: Tx, key_id: str) -> KeyRow | None:
    """The key with that id, even if expired or revoked, or None."""
    return _found(tx.execute(select(schema.keys).where(_K.id == key_id)).first())


def find_holder_name(tx: Tx, key_id: str | None) -> str | None:
    """The name of the key's owner, or None. Revoked and expired keys and disabled accounts count too."""
    holder = select(schema.accounts.c.name).join(schema.keys, _K.account_id == schema.accounts.c.id)
    return None if key_id is None else tx.execute(holder.where(_K.id == key_id)).scalar()


def read_all(tx: Tx, kinds: tuple[str, ...] = (API,)) -> list[KeyRow]:
    """All keys of the given kinds, oldest first."""
    return _read(tx, _K.kind.in_(kinds))


def of_account(tx: Tx, account_id: int, kinds: tuple[str, ...] = (API,)) -> list[KeyRow]:
    """The account's keys of the given kinds, oldest first."""
    return _read(tx, _K.kind.in_(kinds), _K.account_id == account_id)


def revoke(tx: Tx, key_id: str, at: datetime) -> KeyRow:
    """Revoke the key. A key that is already revoked keeps its time. Raises NoSuchKey."""
    tx.execute(update(schema.keys).where(_K.id == key_id, _K.revoked_at.is_(None)).values(revoked_at=at))
    permissions_version.bump(tx)
    return _get(tx, key_id)


def set_feeds(tx: Tx, key_id: str, feeds: tuple[str, ...]) -> None:
    """Limit the key to these feeds."""
    tx.execute(update(schema.keys).where(_K.id == key_id).values(feeds=list(feeds)))
    permissions_version.bump(tx)


def set_expiry(tx: Tx, key_id: str, expires_at: datetime | None, replaced_by: str | None) -> KeyRow:
    """Set when the key expires, and the id of the key that replaces it. Raises NoSuchKey."""
    tx.execute(update(schema.keys).where(_K.id == key_id).values(expires_at=expires_at, replaced_by=replaced_by))
    permissions_version.bump(tx)
    return _get(tx, key_id)


def record_uses(tx: Tx, uses: Mapping[str, tuple[datetime, str]]) -> None:
    """Record when and from which address keys were last used, by key id. Older uses do not replace newer ones."""
    rows = [
        {"key": key_id, "used_at": at, "used_from": sanitize(address, MAX_ADDRESS)}
        for key_id, (at, address) in uses.items()
    ]
    if rows:
        tx.execute(_NOTE_USE, rows)


def remove(tx: Tx, key_id: str) -> bool:
    """Remove a verification key. Returns False if there is none with that id, for example because it was used."""
    mine = (_K.id == key_id, _K.kind == VERIFICATION)
    return tx.execute(delete(schema.keys).where(*mine)).rowcount > 0


def purge_verification(tx: Tx, before: datetime) -> int:
    """Remove the verification keys that expired before that time; returns how many."""
    gone = (_K.kind == VERIFICATION, _K.expires_at < before)
    return tx.execute(delete(schema.keys).where(*gone)).rowcount


def trim_verification(tx: Tx, made_by: str | None, most: int) -> None:
    """Remove the oldest verification keys that this key requested, so that at most `most` remain after adding one."""
    mine = (_K.kind == VERIFICATION, _K.made_by == made_by)
    newest = select(_K.id).where(*mine).order_by(_K.created_at.desc(), _K.id).limit(most - 1)
    tx.execute(delete(schema.keys).where(*mine, _K.id.not_in(newest)))


def _get(tx: Tx, key_id: str) -> KeyRow:
    key = find(tx, key_id)
    if key is None:
        raise NoSuchKey(key_id)
    return key


def _read(tx: Tx, *conditions: ColumnElement[bool]) -> list[KeyRow]:
    rows = tx.execute(select(schema.keys).where(*conditions).order_by(_K.created_at, _K.id))
    return [_key(row) for row in rows]


def _found(row: Row[Any] | None) -> KeyRow | None:
    return None if row is None else _key(row)


def _key(row: Row[*tuple[Any, ...]]) -> KeyRow:
    values = row._asdict()
    feeds = None if row.feeds is None else tuple(row.feeds)
    return KeyRow(**values | {"rights": tuple(row.rights), "globs": tuple(row.globs), "feeds": feeds})
