"""The permissions version: the number of the last change of permissions.

Invariant: every change of accounts, members, grants, owners, keys or feed settings increments it in the same unit of
work. A cached decision is valid as long as the number stays the same; a worker that sees another number decides again.
A push does not increment it: the first owner of a new id takes no rights away from any account.
"""

from sqlalchemy import select, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx

PERMISSIONS_VERSION = select(schema.access.c.number).where(schema.access.c.id == 1).scalar_subquery()
"""The permissions version, for statements that include it."""

_READ = select(PERMISSIONS_VERSION)
_COUNT_UP = (
    update(schema.access)
    .where(schema.access.c.id == 1)
    .values(number=schema.access.c.number + 1)
    .returning(schema.access.c.number)
)


def bump(tx: Tx) -> None:
    """Increment the permissions version, because permissions have changed."""
    tx.execute(_COUNT_UP).scalar_one()


def number(tx: Tx) -> int:
    """The current permissions version. It only grows."""
    return int(tx.execute(_READ).scalar_one())
