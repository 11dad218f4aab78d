"""Sign-ins: record them in the audit log, and look up which users signed in recently, and from where."""

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.audit import log as audit
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def record_sign_in(actor: Actor, *, feed: str | None = None, db: Database, clock: Clock) -> None:
    """Write a `sign-in` of the actor to the audit log; `feed` is the feed of the request, None for the whole server."""
    with db.write() as tx:
        write_audit(tx, actor, "sign-in", feed=feed, subject=actor.name, at=clock.now())


def recall_sign_ins(most: int, *, db: Database) -> list[tuple[str, str]]:
    """Return user and address of at most `most` of the latest sign-ins, oldest first; pairs may repeat."""
    with db.read() as tx:
        lines = audit.find(tx, action="sign-in", limit=most)
    return [(line.actor, line.address) for line in lines if line.address is not None]
