"""Find a session: who reads on with this cookie, and what may he do at this moment?"""

from dataclasses import dataclass
from datetime import datetime

from motherlode.domain.permissions import READ, Actor
from motherlode.identity.sessions import digest_of, is_well_formed
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, sessions
from motherlode.store.database.sqlite import Database


@dataclass(frozen=True, slots=True)
class FoundSession:
    """Whose session it is, with the right to read alone, and when it ends by itself."""

    actor: Actor
    expires_at: datetime


def find_session(secret: str, *, db: Database, clock: Clock) -> FoundSession | None:
    """The session of that secret; None when there is none, its time is over, or its account is disabled. What has not
    the form of a secret costs no query."""
    if not is_well_formed(secret):
        return None
    with db.read() as tx:
        session = sessions.find(tx, digest_of(secret))
        if session is None or session.expires_at <= clock.now():
            return None
        holder = accounts.find_holder(tx, session.account_id)
    if holder is None:
        return None
    return FoundSession(Actor(holder.name, frozenset({READ}), holder=holder), session.expires_at)
