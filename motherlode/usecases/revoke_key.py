"""Revoke a key: it is refused from the next request on, on every worker."""

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.keys.api_keys import get_managed_key


def revoke_key(key_id: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Revoke the key with that id, also one that is revoked already. Administrators may, and its holder.

    Raises `NoSuchKey`, `NotAllowed`.
    """
    with db.write() as tx:
        key = get_managed_key(tx, key_id, actor)
        if key.revoked_at is not None:
            return
        now = clock.now()
        api_keys.revoke(tx, key_id, now)
        write_audit(tx, actor, "revoke-key", feed=None, subject=key_id, at=now, details={"name": key.name})
