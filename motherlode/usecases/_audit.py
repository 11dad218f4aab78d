"""The audit line of a change: who, what, from where and why. Written in the change's own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from motherlode.domain.permissions import Actor
from motherlode.store.audit import log as audit
from motherlode.store.audit.log import Tail
from motherlode.store.database.sqlite import Tx
from motherlode.store.sanitize import tidy


def write_audit(
    tx: Tx,
    actor: Actor,
    action: str,
    *,
    feed: str | None,
    subject: str,
    at: datetime,
    details: Mapping[str, Any] | None = None,
    reason: str | None = None,
    after: Tail | None = None,
) -> None:
    """Write down that the actor did it; `feed` None for what concerns the whole server, `details` without secrets.
    `after` is the log's tail, where the unit of work has read it already."""
    audit.append(
        tx,
        at=at,
        actor=actor.name,
        action=action,
        feed=feed,
        subject=subject,
        address=actor.sender.address,
        request_id=actor.sender.request_id,
        details=details,
        key_id=actor.key_id,
        client=actor.sender.client,
        reason=reason,
        after=after,
    )


def tidy_reason(reason: str | None) -> str | None:
    """A reason as it is kept, wherever it is; None where nothing was said."""
    return tidy((reason or "").strip() or None, audit.MOST["reason"])
