"""Purge sessions: forget those whose time is over."""

from motherlode.observe.clock import Clock
from motherlode.store.accounts import sessions
from motherlode.store.database.sqlite import Database


def purge_sessions(*, db: Database, clock: Clock) -> int:
    """Forget them; returns how many those were."""
    with db.write() as tx:
        return sessions.purge(tx, clock.now())
