"""Recall sign-ins: who signed in lately, and from where, as the audit log has it."""

from motherlode.store.audit import log as audit
from motherlode.store.database.sqlite import Database


def recall_sign_ins(most: int, *, db: Database) -> list[tuple[str, str]]:
    """User and address of the latest sign-ins, at most so many, oldest first; the same may be there several times."""
    with db.read() as tx:
        lines = audit.find(tx, action="sign-in", limit=most)
    return [(line.actor, line.address) for line in lines if line.address is not None]
