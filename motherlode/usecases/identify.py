"""Identify: whose key is this, and what may it do at this moment."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from motherlode.domain.policy import ADMIN, Actor
from motherlode.domain.refusals import KeyRefused
from motherlode.identity.keys import MAX_KEY_BYTES, digest_of, is_same
from motherlode.observe.clock import Clock
from motherlode.store import keys
from motherlode.store.db import Database

BOOTSTRAP: Final = Actor("bootstrap", frozenset({ADMIN}))
"""Who holds the key that the environment gives: an administrator on all feeds."""
CONSOLE: Final = Actor("console", frozenset({ADMIN}))
"""Who types a command on the server's own machine: an administrator on all feeds."""


def identify(
    presented: bytes, *, bootstrap: bytes | None, address: str, request_id: str, db: Database, clock: Clock
) -> Actor:
    """The actor behind a presented key; `bootstrap` is the digest of the environment's key, if it gives one.

    It is looked up anew each time, so that a key that was revoked is refused from the next request on, on every worker.
    Raises `KeyRefused`, which does not tell an unknown key from an expired or revoked one.
    """
    if len(presented) > MAX_KEY_BYTES:
        raise KeyRefused
    digest = digest_of(presented)
    if bootstrap is not None and is_same(digest, bootstrap):
        return replace(BOOTSTRAP, address=address, request_id=request_id)
    with db.read() as tx:
        row = keys.find_by_hash(tx, digest)
    if row is None or not is_same(row.hash, digest) or not _is_valid(row, clock.now()):
        raise KeyRefused
    feeds = None if row.feeds is None else frozenset(row.feeds)
    return Actor(row.id, frozenset(row.rights), row.globs, feeds, address, request_id)


def _is_valid(row: keys.KeyRow, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or now < row.expires_at)
