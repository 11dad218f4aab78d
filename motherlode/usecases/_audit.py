"""Audit lines: for a change, written in the change's transaction; for a refusal, written in a separate one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from motherlode.domain.permissions import Actor
from motherlode.observe.clock import Clock
from motherlode.store.accounts import api_keys
from motherlode.store.audit import log as audit
from motherlode.store.audit.log import Tail
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.sanitize import sanitize


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
    """Write an action of the actor to the audit log. `feed` is None for actions on the whole server; `details` must not
    contain secrets. `after` is the log's tail if the unit of work has already read it."""
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
    """Return the reason in the form that is stored everywhere, or None if it is empty."""
    return sanitize((reason or "").strip() or None, audit.MOST["reason"])


def record_refusal(
    actor: Actor, action: str, *, feed: str | None, subject: str, reason: str, db: Database, clock: Clock
) -> None:
    """Write a refusal to the audit log as `refuse-{action}` (`refuse-push`, `refuse-sign-in`), with its `reason`.

    An expired or revoked key is recorded under the name of its owner."""
    with db.write() as tx:
        actor = replace(actor, name=api_keys.find_holder_name(tx, actor.key_id) or actor.name)
        write_audit(tx, actor, f"refuse-{action}", feed=feed, subject=subject, at=clock.now(), reason=reason)
