"""Sessions of browsers, by the digest of what their cookie holds: the secret itself is nowhere.

Whatever ends a session before its time counts up `access`, so that no worker goes on remembering it. A new one does not
(nobody can have been refused with it before), nor does the end of its time, which whoever remembers it knows.
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
MAX_CLIENT: Final = 200
"""Characters of an address, and of a User-Agent, that are kept."""

_S = schema.sessions.c
_BY_DIGEST = select(_S.digest, _S.account_id, _S.created_at, _S.expires_at, _S.address, _S.client).where(
    _S.digest == bindparam("digest")
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of an account; `address` and `client` (its User-Agent) are where the sign-in came from."""

    digest: bytes
    account_id: int
    created_at: datetime
    expires_at: datetime
    address: str | None = None
    client: str | None = None


def add(tx: Tx, session: SessionRow) -> None:
    """Remember a session."""
    row = {column.name: getattr(session, column.name) for column in schema.sessions.columns}
    kept = {"address": sanitize(session.address, MAX_ADDRESS), "client": sanitize(session.client, MAX_CLIENT)}
    tx.execute(insert(schema.sessions), row | kept)


def find(tx: Tx, digest: bytes) -> SessionRow | None:
    """The session with that digest, be its time over."""
    row = tx.execute(_BY_DIGEST, {"digest": digest}).first()
    return None if row is None else SessionRow(*row)


def end(tx: Tx, digest: bytes) -> bool:
    """End the session; False when there is none of that digest."""
    return _end(tx, _S.digest == digest) > 0


def end_all_of(tx: Tx, account_id: int) -> int:
    """End all sessions of the account; how many those were."""
    return _end(tx, _S.account_id == account_id)


def trim(tx: Tx, account_id: int, most: int) -> int:
    """End the oldest sessions of the account, so that there are `most` with one more; how many those were."""
    its = _S.account_id == account_id
    newest = select(_S.digest).where(its).order_by(_S.created_at.desc(), _S.digest).limit(most - 1)
    return _end(tx, its, _S.digest.not_in(newest))


def purge(tx: Tx, now: datetime) -> int:
    """Forget the sessions whose time is over; how many those were."""
    return tx.execute(delete(schema.sessions).where(_S.expires_at <= now)).rowcount


def _end(tx: Tx, *conditions: ColumnElement[bool]) -> int:
    ended = tx.execute(delete(schema.sessions).where(*conditions)).rowcount
    if ended:
        permissions_version.bump(tx)
    return ended
