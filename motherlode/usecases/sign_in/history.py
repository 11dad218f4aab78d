"""Record a sign-in: a line of the audit log of its own, since a sign-in changes nothing."""

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def record_sign_in(actor: Actor, *, feed: str | None = None, db: Database, clock: Clock) -> None:
    """Write down as `sign-in` that the actor proved who he is; `feed` is where he went, None for the whole server."""
    with db.write() as tx:
        write_audit(tx, actor, "sign-in", feed=feed, subject=actor.name, at=clock.now())
