"""API keys: create, rotate and revoke them.

A key is limited to rights, ids, feeds and a lifetime. After a rotation the old key works until a deadline. A revoked
key is refused from the next request on, by every worker.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.accounts import PERSON, SERVICE
from motherlode.domain.permissions import PUSH, READ, RIGHTS, UNLIST, Actor, check_may_administer
from motherlode.domain.refusals import InvalidSetting, NoSuchKey
from motherlode.domain.units import format_duration
from motherlode.identity.keys import NewKey, make_key
from motherlode.observe.clock import Clock
from motherlode.store import feeds as feed_rows
from motherlode.store.accounts import accounts, api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.store.database.sqlite import Database, Tx
from motherlode.usecases._audit import write_audit
from motherlode.usecases._authority import check_may_act_for


def get_managed_key(tx: Tx, key_id: str, actor: Actor) -> KeyRow:
    """Return the key with that id if the actor may change it. Raises `NoSuchKey`, `NotAllowed`."""
    key = api_keys.find(tx, key_id)
    if key is None:
        raise NoSuchKey(key_id)
    if key.account_id is None:
        check_may_administer(actor)
    else:
        check_may_act_for(actor, key.account_id)
    return key


DEFAULT_RIGHTS: Final = (PUSH, UNLIST, READ)
DEFAULT_LIFETIME: Final = timedelta(days=90)
_GLOB: Final = re.compile(r"[*\w.-]{1,100}")
_MAX_NAME_LENGTH: Final = 100


def create_key(
    name: str,
    actor: Actor,
    *,
    owner: str | None = None,
    rights: Sequence[str] = DEFAULT_RIGHTS,
    globs: Sequence[str] = ("*",),
    feeds: Sequence[str] | None = None,
    lifetime: timedelta | None,
    max_lifetime: timedelta | None = None,
    db: Database,
    clock: Clock,
) -> NewKey:
    """Create a key. Its secret is returned here only; the server stores just a hash.

    `feeds` None means all feeds, `lifetime` None means that the key never expires. A key can never do more than its
    `owner`, a user or service account. `owner` None creates a key without an owner, which only administrators may do.
    No lifetime may exceed `max_lifetime`; None means no limit.

    Raises `InvalidSetting` for an invalid name, rights, globs, feeds or lifetime, `NoSuchFeed`, `NoSuchAccount`,
    `NotAllowed`.
    """
    _check_name(name)
    _check_rights(rights)
    _check_globs(globs)
    _check_lifetime(lifetime, max_lifetime)
    if feeds is not None and not feeds:
        raise InvalidSetting("The list of feeds is empty. Name at least one feed, or leave it out for all feeds.")
    key = make_key()
    with db.write() as tx:
        account_id = _get_owner(tx, owner, actor)
        for feed in feeds or ():
            feed_rows.get(tx, feed)
        now = clock.now()
        row = KeyRow(
            id=key.id,
            name=name,
            hash=key.digest,
            rights=tuple(rights),
            globs=tuple(globs) or ("*",),
            feeds=None if feeds is None else tuple(feeds),
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            account_id=account_id,
        )
        api_keys.add(tx, row)
        details = describe_key(row) | {"owner": owner}
        write_audit(tx, actor, "create-key", feed=None, subject=key.id, at=now, details=details)
    return replace(key, expires_at=row.expires_at)


def describe_key(row: KeyRow) -> dict[str, object]:
    """Return what the audit log records of a key: its name and limits, never its secret or hash."""
    return {
        "name": row.name,
        "rights": list(row.rights),
        "globs": list(row.globs),
        "feeds": None if row.feeds is None else list(row.feeds),
        "expires_at": None if row.expires_at is None else row.expires_at.isoformat(),
    }


def _get_owner(tx: Tx, owner: str | None, actor: Actor) -> int | None:
    """Return the id of the owner's account, or None without an owner, if the actor may create such a key."""
    if owner is None:
        check_may_administer(actor)
        return None
    account = accounts.get(tx, owner, PERSON, SERVICE)
    check_may_act_for(actor, account.id)
    if account.disabled_at is not None:
        raise InvalidSetting(f"{account.name} is disabled, so the key would not work. Enable the account first.")
    return account.id


def _check_name(name: str) -> None:
    if not (name.isprintable() and 1 <= len(name.strip()) <= _MAX_NAME_LENGTH):
        raise InvalidSetting("A key needs a name of 1 to 100 printable characters. Say what the key is for.")


def _check_rights(rights: Sequence[str]) -> None:
    if not rights:
        raise InvalidSetting(f"A key needs at least one right. Choose from {', '.join(RIGHTS)}.")
    unknown = [right for right in rights if right not in RIGHTS]
    if unknown:
        raise InvalidSetting(f"Unknown right: {', '.join(unknown)}. Choose from {', '.join(RIGHTS)}.")


def _check_globs(globs: Sequence[str]) -> None:
    for glob in globs:
        if not _GLOB.fullmatch(glob):
            raise InvalidSetting(
                f"{glob!r} is not a valid package id pattern. Use letters, digits, '.', '-', '_' and '*'."
            )


def _check_lifetime(lifetime: timedelta | None, max_lifetime: timedelta | None) -> None:
    if max_lifetime is not None and (lifetime is None or lifetime > max_lifetime):
        longest = format_duration(int(max_lifetime.total_seconds()))
        raise InvalidSetting(f"Keys on this server expire after at most {longest}. Set an expiry within that time.")


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
    """Create a key that replaces the old one, with the same name, rights, ids, feeds, owner and lifetime.

    The old key expires after `overlap`, or at its own expiry if that is sooner. No new key lives longer than
    `max_lifetime`; without that limit, a key that never expires is replaced by one that never expires. Only
    administrators and the key's owner may do this.

    Raises `NoSuchKey`, `NotAllowed`, and `InvalidSetting` for a key that is expired, revoked or already rotated.
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
        raise InvalidSetting(f"The key {key.id} has expired. Create a new one with 'key create'.")
    if key.revoked_at is not None:
        raise InvalidSetting(f"The key {key.id} was revoked. Create a new one with 'key create'.")
    if key.replaced_by is not None:
        raise InvalidSetting(f"The key {key.id} was already replaced by {key.replaced_by}. Rotate that key instead.")


def revoke_key(key_id: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Revoke the key with that id. Does nothing if it is revoked already.

    Only administrators and the key's owner may do this. Raises `NoSuchKey`, `NotAllowed`.
    """
    with db.write() as tx:
        key = get_managed_key(tx, key_id, actor)
        if key.revoked_at is not None:
            return
        now = clock.now()
        api_keys.revoke(tx, key_id, now)
        write_audit(tx, actor, "revoke-key", feed=None, subject=key_id, at=now, details={"name": key.name})
