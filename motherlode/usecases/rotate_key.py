"""Rotate a key: another one takes its place, and both are good for as long as it takes to hand the new one out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import InvalidSetting
from motherlode.identity.keys import NewKey, make_key
from motherlode.observe.clock import Clock
from motherlode.store.accounts import api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.create_key import describe_key
from motherlode.usecases.keys.api_keys import get_managed_key

DEFAULT_OVERLAP: Final = timedelta(days=7)


def rotate_key(
    key_id: str,
    actor: Actor,
    *,
    overlap: timedelta = DEFAULT_OVERLAP,
    max_lifetime: timedelta | None = None,
    db: Database,
    clock: Clock,
) -> NewKey:
    """Make a key with the name, rights, ids, feeds, holder and lifetime of that one, which ends when `overlap` is over.

    A key that never ends is followed by one that never does, unless `max_lifetime` is shorter: no new key lives longer
    than that. One that ends sooner than the overlap keeps its end. Administrators may, and its holder.

    Raises `NoSuchKey`, `NotAllowed`, and `InvalidSetting` for a key that has ended or was rotated before.
    """
    key = make_key()
    with db.write() as tx:
        old = get_managed_key(tx, key_id, actor)
        now = clock.now()
        _check_rotatable(old, now)
        lifetime = _lifetime_after(old, max_lifetime)
        new = replace(
            old,
            id=key.id,
            hash=key.digest,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            last_used_at=None,
            last_used_address=None,
        )
        api_keys.add(tx, new)
        ends_at = now + overlap if old.expires_at is None else min(old.expires_at, now + overlap)
        api_keys.set_expiry(tx, old.id, ends_at, key.id)
        details = describe_key(new) | {"new_key": key.id, "old_key_ends_at": ends_at.isoformat()}
        write_audit(tx, actor, "rotate-key", feed=None, subject=old.id, at=now, details=details)
    return replace(key, expires_at=new.expires_at)


def _lifetime_after(old: KeyRow, max_lifetime: timedelta | None) -> timedelta | None:
    lifetimes = [None if old.expires_at is None else old.expires_at - old.created_at, max_lifetime]
    return min((lifetime for lifetime in lifetimes if lifetime is not None), default=None)


def _check_rotatable(key: KeyRow, now: datetime) -> None:
    if key.expires_at is not None and key.expires_at <= now and key.replaced_by is None:
        raise InvalidSetting(f"The key {key.id} has expired: make a new one with 'key create'.")
    if key.revoked_at is not None:
        raise InvalidSetting(f"The key {key.id} was revoked: make a new one with 'key create'.")
    if key.replaced_by is not None:
        raise InvalidSetting(f"The key {key.id} was rotated into {key.replaced_by} already: rotate that one.")
