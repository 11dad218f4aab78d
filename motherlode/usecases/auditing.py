"""The audit line of a change: who, what, from where. Written in the change's own transaction."""

from datetime import datetime

from motherlode.domain.policy import Actor
from motherlode.store import audit
from motherlode.store.db import Tx


def write_audit(tx: Tx, actor: Actor, action: str, *, feed: str | None, subject: str, at: datetime) -> None:
    """Write down that the actor did it; `feed` None for what concerns the whole server."""
    audit.append(
        tx,
        at=at,
        actor=actor.name,
        action=action,
        feed=feed,
        subject=subject,
        address=actor.address,
        request_id=actor.request_id,
    )
