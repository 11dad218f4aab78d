"""End a session: the person signs out, and the cookie is worth nothing from the next request on."""

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.accounts import sessions
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def end_session(digest: bytes, actor: Actor, *, db: Database, clock: Clock) -> None:
    """End the actor's session with that digest, also one that has ended already: then nothing is written down."""
    with db.write() as tx:
        if sessions.end(tx, digest):
            write_audit(tx, actor, "sign-out", feed=None, subject=actor.name, at=clock.now())
