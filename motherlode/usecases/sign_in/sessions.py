"""Browser sessions: start, find, end and purge them. A session gives the right to read, and no other."""

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
"""Max sessions per account; another sign-in ends the oldest."""


def start_session(
    actor: Actor, proof: str, *, lifetime: timedelta, replaced: bytes | None = None, db: Database, clock: Clock
) -> NewSession:
    """Start a session of the user whose password was verified against the stored hash `proof`, and write the sign-in to
    the audit log. Ends the session with the digest `replaced`, if any. Raises `SignInRefused` if the account was
    disabled or removed, or its password changed, in the meantime."""
    with db.write() as tx:
        account = accounts.find(tx, actor.name)
        if account is None or account.password != proof or account.disabled_at is not None:
            raise SignInRefused
        return add_session(tx, account.id, actor, lifetime=lifetime, replaced=replaced, clock=clock)


def add_session(
    tx: Tx, account_id: int, actor: Actor, *, lifetime: timedelta, replaced: bytes | None, clock: Clock
) -> NewSession:
    """Start a session as part of another unit of work. The caller has verified that the account may sign in.

    Writes the sign-in to the audit log, and ends the session with the digest `replaced`, if any.
    """
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
    """A valid session: its user, as an actor with only the right to read, and when it expires."""

    actor: Actor
    expires_at: datetime


def find_session(secret: str, *, db: Database, clock: Clock) -> FoundSession | None:
    """Return the session with that secret, or None if it does not exist, is expired, or its account is disabled.

    Text that does not have the form of a secret costs no query.
    """
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
    """End the actor's session with that digest, and write it to the audit log. Does nothing if it has already ended."""
    with db.write() as tx:
        if sessions.end(tx, digest):
            write_audit(tx, actor, "sign-out", feed=None, subject=actor.name, at=clock.now())


def purge_sessions(*, db: Database, clock: Clock) -> int:
    """Delete expired sessions. Returns the number of deleted sessions."""
    with db.write() as tx:
        return sessions.purge(tx, clock.now())
