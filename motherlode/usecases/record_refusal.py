"""Record a refusal: what somebody who is known tried and may not, as a line of the audit log of its own."""

from motherlode.domain.policy import Actor
from motherlode.observe.clock import Clock
from motherlode.store.db import Database
from motherlode.usecases.auditing import write_audit


def record_refusal(
    actor: Actor, action: str, *, feed: str | None, subject: str, reason: str, db: Database, clock: Clock
) -> None:
    """Write down as `refuse-{action}` (`refuse-push`, `refuse-sign-in`) what was refused, and `reason`, the why."""
    with db.write() as tx:
        write_audit(tx, actor, f"refuse-{action}", feed=feed, subject=subject, at=clock.now(), reason=reason)
