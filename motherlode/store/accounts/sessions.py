"""Browser sessions, by the digest of the secret in their cookie: the secret itself is not stored.

Ending a session early bumps the permissions version, so that no worker keeps it in its cache. A new session does not,
because it cannot have been refused before. Neither does its expiry, because a cache entry contains that time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, bindparam, delete, insert, select

from motherlode.store.accounts import permissions_version
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx
from motherlode.store.sanitize import sanitize

MAX_ADDRESS: Final = 64
"""Max characters of an address that are stored."""
MAX_CLIENT: Final = 200
"""Max characters of a User-Agent that are stored."""

_S = schema.sessions.c
_BY_DIGEST = select(_S.digest, _S.account_id, _S.created_at, _S.expires_at, _S.address, _S.client).where(
    _S.digest == bindparam("digest")
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of an account. `address` and `client` (the User-Agent) are those of the sign-in."""

    digest: bytes
    account_id: int
    created_at: datetime
    expires_at: datetime
    address: str | None = None
    client: str | None = None


def add(tx: Tx, session: SessionRow) -> None:
    """Store a session."""
    row = {column.name: getattr(session, column.name) for column in schema.sessions.columns}
    kept = {"address": sanitize(session.address, MAX_ADDRESS), "client": sanitize(session.client, MAX_CLIENT)}
    tx.execute(insert(schema.sessions), row | kept)


def find(tx: Tx, digest: bytes) -> SessionRow | None:
    """The session with that digest, even if expired, or None."""
    row = tx.execute(_BY_DIGEST, {"digest": digest}).first()
    return None if row is None else SessionRow(*row)


def end(tx: Tx, digest: bytes) -> bool:
    """End the session. Returns False if there is none with that digest."""
    return _end(tx, _S.digest == digest) > 0


def end_all_of(tx: Tx, account_id: int) -> int:
    """End all sessions of the account; returns how many."""
    return _end(tx, _S.account_id == account_id)


def trim(tx: Tx, account_id: int, most: int) -> int:
    """End the oldest sessions of the account, so that at most `most` remain after adding one; returns how many."""
    its = _S.account_id == account_id
    newest = select(_S.digest).where(its).order_by(_S.created_at.desc(), _S.digest).limit(most - 1)
    return _end(tx, its, _S.digest.not_in(newest))


def purge(tx: Tx, now: datetime) -> int:
    """Remove the expired sessions; returns how many."""
    return tx.execute(delete(schema.sessions).where(_S.expires_at <= now)).rowcount


def _end(tx: Tx, *conditions: ColumnElement[bool]) -> int:
    ended = tx.execute(delete(schema.sessions).where(*conditions)).rowcount
    if ended:
        permissions_version.bump(tx)
    return ended
