"""Record a refusal: what somebody who is known tried and may not, as a line of the audit log of its own."""

from dataclasses import replace

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def record_refusal(
    actor: Actor, action: str, *, feed: str | None, subject: str, reason: str, db: Database, clock: Clock
) -> None:
    """Write down as `refuse-{action}` (`refuse-push`, `refuse-sign-in`) what was refused, and `reason`, the why.

    A key that is good no more is written down under the name of whoever held it."""
    with db.write() as tx:
        actor = replace(actor, name=api_keys.find_holder_name(tx, actor.key_id) or actor.name)
        write_audit(tx, actor, f"refuse-{action}", feed=feed, subject=subject, at=clock.now(), reason=reason)
