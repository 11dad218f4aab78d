"""Start a session: a person has proved with his password who he is, and reads on with a cookie."""

from datetime import timedelta
from typing import Final

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import SignInRefused
from motherlode.identity.sessions import NewSession, make_session
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
