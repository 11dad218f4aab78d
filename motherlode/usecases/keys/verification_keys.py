"""Verification keys: each proves once, within a day, that the caller that created it may push a package id.

Clients send one to a symbol server, so that it never sees the API key that pushes (nuget.org's
`create-verification-key`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.permissions import (
    VERIFY,
    Actor,
    check_covers,
    check_may_ever_push,
    check_may_ever_verify,
    check_owns,
)
from motherlode.domain.refusals import KeyRefused, NoSuchFeed, NoSuchId, NoSuchVersion, NotAllowed, NotFound
from motherlode.identity.keys import make_key
from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import Version
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.accounts import api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import versions
from motherlode.usecases._audit import write_audit
from motherlode.usecases._visibility import hidden, owners_named


def verify_key(
    package_id: PackageId, version: Version | None, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> None:
    """Check that the actor may push versions of an existing id; unless None, `version` must exist too.

    This uses up a verification key, which the audit log records as `verify`, with the refusal's code, if any, as its
    reason. Raises `NoSuchFeed`, `NoSuchId`, `NoSuchVersion`, `NotAllowed`; and `KeyRefused` for a verification key that
    was used in the meantime.
    """
    if VERIFY not in actor.rights:
        with db.read() as tx:
            _check(tx, package_id, version, actor, feed)
        return
    with db.write() as tx:
        if actor.key_id is None or not api_keys.remove(tx, actor.key_id):
            raise KeyRefused
        refusal = _find_refusal(tx, package_id, version, actor, feed)
        subject = str(package_id) if version is None else f"{package_id} {version.normalized}"
        reason = None if refusal is None else refusal.code
        write_audit(tx, actor, "verify", feed=feed, subject=subject, at=clock.now(), reason=reason)
    if refusal is not None:
        raise refusal


def _find_refusal(
    tx: Tx, package_id: PackageId, version: Version | None, actor: Actor, feed: str
) -> NotAllowed | NotFound | None:
    try:
        _check(tx, package_id, version, actor, feed)
    except (NotAllowed, NotFound) as refusal:
        return refusal
    return None


def _check(tx: Tx, package_id: PackageId, version: Version | None, actor: Actor, feed: str) -> None:
    check_may_ever_verify(actor, feed)
    check_covers(actor, package_id)
    version_key = "" if version is None else version.key
    place = versions.find_place(tx, feed, package_id.key, version_key, actor.account_ids)
    if place is None:
        raise NoSuchFeed(feed)
    absent: NotFound = NoSuchId(str(package_id), feed)
    if version is not None:
        absent = NoSuchVersion(f"{package_id} {version.normalized}")
    if not (place.ownership.is_id_known if version is None else place.is_taken):
        raise absent
    with (
        hidden(actor, feed, place.settings, absent),
        owners_named(tx, package_id, actor, feed_id=place.feed_id, feed=feed, settings=place.settings),
    ):
        check_owns(actor, package_id, place.ownership)


LIFETIME: Final = timedelta(days=1)
MOST_OPEN: Final = 100
"""Max unused verification keys per API key; creating another removes the oldest."""


@dataclass(frozen=True, slots=True)
class NewVerificationKey:
    """A new verification key; `secret` is returned here only."""

    secret: str = field(repr=False)
    expires_at: datetime


def create_verification_key(
    package_id: PackageId, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> NewVerificationKey:
    """Create a key for one `verify_key` of this id, whether or not the feed has it. Raises `NoSuchFeed`, `NotAllowed`.

    What it proves is decided when it is used, by the permissions of its creator at that time.
    """
    check_may_ever_push(actor, feed)
    check_covers(actor, package_id)
    key = make_key()
    with db.write() as tx:
        feeds.get(tx, feed)
        now = clock.now()
        expires_at = now + LIFETIME
        row = KeyRow(
            id=key.id,
            name=f"verification of {package_id}",
            hash=key.digest,
            rights=(VERIFY,),
            globs=(package_id.written,),
            feeds=(feed,),
            created_at=now,
            expires_at=expires_at,
            kind=api_keys.VERIFICATION,
            account_id=None if actor.holder is None else actor.holder.id,
            made_by=actor.key_id or actor.name,
        )
        api_keys.purge_verification(tx, now)
        api_keys.trim_verification(tx, row.made_by, MOST_OPEN)
        api_keys.add(tx, row)
        details = {"key": key.id, "expires_at": expires_at.isoformat()}
        write_audit(tx, actor, "create-verification-key", feed=feed, subject=str(package_id), at=now, details=details)
    return NewVerificationKey(key.secret, expires_at)


def purge_keys(*, db: Database, clock: Clock) -> int:
    """Delete expired verification keys. Returns the number of deleted keys."""
    with db.write() as tx:
        return api_keys.purge_verification(tx, clock.now())
