"""Sign-ins: record them in the audit log, and recall which users signed in lately, and from where."""

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.audit import log as audit
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def record_sign_in(actor: Actor, *, feed: str | None = None, db: Database, clock: Clock) -> None:
    """Write down as `sign-in` that the actor proved who he is; `feed` is where he went, None for the whole server."""
    with db.write() as tx:
        write_audit(tx, actor, "sign-in", feed=feed, subject=actor.name, at=clock.now())


def recall_sign_ins(most: int, *, db: Database) -> list[tuple[str, str]]:
    """User and address of the latest sign-ins, at most so many, oldest first; the same may be there several times."""
    with db.read() as tx:
        lines = audit.find(tx, action="sign-in", limit=most)
    return [(line.actor, line.address) for line in lines if line.address is not None]
