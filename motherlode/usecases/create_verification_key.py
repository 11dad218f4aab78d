"""Create a verification key: it proves to somebody else, once and within a day, that its maker may push an id.

Symbol servers ask for one, so that they never see the key that pushes (nuget.org's `create-verification-key`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.ids import PackageId
from motherlode.domain.policy import VERIFY, Actor, check_covers, check_may_ever_push, check_owns
from motherlode.domain.refusals import NoSuchId
from motherlode.identity.keys import make_key
from motherlode.observe.clock import Clock
from motherlode.store import feeds, keys, owners
from motherlode.store.db import Database, Tx
from motherlode.store.keys import KeyRow
from motherlode.usecases.auditing import write_audit
from motherlode.usecases.hiding import hidden

LIFETIME: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewVerificationKey:
    """A verification key just made: `secret` is told this one time."""

    secret: str = field(repr=False)
    expires_at: datetime


def create_verification_key(
    package_id: PackageId, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> NewVerificationKey:
    """Make a key for one `verify_key` of this id, whether or not the feed has it. Raises `NoSuchFeed`, `NotAllowed`.

    What it proves is judged at its use by what its holder may then. A key of nobody's leaves nobody to ask, and is
    judged here.
    """
    check_may_ever_push(actor, feed)
    check_covers(actor, package_id)
    key = make_key()
    with db.write() as tx:
        feed_row = feeds.get(tx, feed)
        if actor.holder is None:
            _check_owns(tx, package_id, actor, feed_row)
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
            kind=keys.VERIFICATION,
            account_id=None if actor.holder is None else actor.holder.id,
        )
        keys.purge_verification(tx, now)
        keys.add(tx, row)
        details = {"key": key.id, "expires_at": expires_at.isoformat()}
        write_audit(tx, actor, "create-verification-key", feed=feed, subject=str(package_id), at=now, details=details)
    return NewVerificationKey(key.secret, expires_at)


def _check_owns(tx: Tx, package_id: PackageId, actor: Actor, feed: feeds.FeedRow) -> None:
    ownership = owners.ownership(tx, feed.id, package_id.key, actor.account_ids)
    if ownership.is_id_known:
        with hidden(actor, feed.name, feed.settings, NoSuchId(str(package_id), feed.name)):
            check_owns(actor, package_id, ownership)
