"""Create a verification key: it proves to somebody else, once and within a day, that its maker may push an id.

Symbol servers ask for one, so that they never see the key that pushes (nuget.org's `create-verification-key`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.permissions import VERIFY, Actor, check_covers, check_may_ever_push
from motherlode.identity.keys import make_key
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.accounts import api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit

LIFETIME: Final = timedelta(days=1)
MOST_OPEN: Final = 100
"""So many keys that were not used yet each key may have asked for; the oldest make room."""


@dataclass(frozen=True, slots=True)
class NewVerificationKey:
    """A verification key just made: `secret` is told this one time."""

    secret: str = field(repr=False)
    expires_at: datetime


def create_verification_key(
    package_id: PackageId, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> NewVerificationKey:
    """Make a key for one `verify_key` of this id, whether or not the feed has it. Raises `NoSuchFeed`, `NotAllowed`.

    What it proves is judged at its use, by what its maker may then.
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
