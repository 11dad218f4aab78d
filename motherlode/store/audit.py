"""Who did what, when and from where: one line for each change, in its unit of work; never changed, never removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from motherlode.store import schema
from motherlode.store.db import Tx

_ADD = insert(schema.audit)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line; `feed` is a name, None for what is the whole server's."""

    id: int
    at: datetime
    actor: str
    action: str
    feed: str | None
    subject: str
    address: str | None
    request_id: str | None
    details: dict[str, Any] | None


def append(
    tx: Tx,
    *,
    at: datetime,
    actor: str,
    action: str,
    feed: str | None,
    subject: str,
    address: str | None = None,
    request_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line."""
    row = {
        "at": at,
        "actor": actor,
        "action": action,
        "feed": feed,
        "subject": subject,
        "address": address,
        "request_id": request_id,
        "details": None if details is None else dict(details),
    }
    tx.execute(_ADD, row)


def since(tx: Tx, line_id: int, limit: int) -> list[AuditLine]:
    """At most `limit` lines after that one, oldest first."""
    later = select(schema.audit).where(schema.audit.c.id > line_id).order_by(schema.audit.c.id).limit(limit)
    return [AuditLine(*row) for row in tx.execute(later)]
