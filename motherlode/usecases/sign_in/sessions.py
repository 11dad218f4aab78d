"""Sessions of browsers: start, find, end and purge them. A session reads, and does nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.permissions import READ, Actor
from motherlode.domain.refusals import SignInRefused
from motherlode.identity.sessions import NewSession, digest_of, is_well_formed, make_session
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, sessions
from motherlode.store.accounts.sessions import SessionRow
from motherlode.store.database.sqlite import Database, Tx
from motherlode.usecases._audit import write_audit

MOST_SESSIONS: Final = 50
"""So many an account has at once: the oldest goes."""


def start_session(
    actor: Actor, proof: str, *, lifetime: timedelta, replaced: bytes | None = None, db: Database, clock: Clock
) -> NewSession:
    """A new session of the person whose password was proven against the stored hash `proof`; the session with the
    digest `replaced` ends. The sign-in is written down. Raises `SignInRefused` when the account or its password has
    changed since."""
    with db.write() as tx:
        account = accounts.find(tx, actor.name)
        if account is None or account.password != proof or account.disabled_at is not None:
            raise SignInRefused
        return add_session(tx, account.id, actor, lifetime=lifetime, replaced=replaced, clock=clock)


def add_session(
    tx: Tx, account_id: int, actor: Actor, *, lifetime: timedelta, replaced: bytes | None, clock: Clock
) -> NewSession:
    """The same as part of another unit of work, for an account of which it is sure that it may."""
    now = clock.now()
    session = make_session()
    sessions.purge(tx, now)
    if replaced is not None:
        sessions.end(tx, replaced)
    sessions.trim(tx, account_id, MOST_SESSIONS)
    sender = actor.sender
    sessions.add(tx, SessionRow(session.digest, account_id, now, now + lifetime, sender.address, sender.client))
    write_audit(tx, actor, "sign-in", feed=None, subject=actor.name, at=now, details={"with": "browser"})
    return session


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


def end_session(digest: bytes, actor: Actor, *, db: Database, clock: Clock) -> None:
    """End the actor's session with that digest, also one that has ended already: then nothing is written down."""
    with db.write() as tx:
        if sessions.end(tx, digest):
            write_audit(tx, actor, "sign-out", feed=None, subject=actor.name, at=clock.now())


def purge_sessions(*, db: Database, clock: Clock) -> int:
    """Forget them; returns how many those were."""
    with db.write() as tx:
        return sessions.purge(tx, clock.now())
