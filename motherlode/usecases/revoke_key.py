"""Revoke a key: it is refused from the next request on, on every worker."""

from motherlode.domain.policy import Actor
from motherlode.observe.clock import Clock
from motherlode.store import keys
from motherlode.store.db import Database
from motherlode.usecases.auditing import write_audit


def revoke_key(key_id: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Revoke the key with that id, also one that is revoked already. Raises `NoSuchKey`."""
    with db.write() as tx:
        now = clock.now()
        keys.revoke(tx, key_id, now)
        write_audit(tx, actor, "revoke-key", feed=None, subject=key_id, at=now)
