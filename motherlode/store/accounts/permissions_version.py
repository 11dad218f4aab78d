"""The number of the last change of who may do what.

Invariant: whatever changes accounts, members, grants, owners, keys or the settings of feeds counts it up in the same
unit of work. What was judged at this number holds for as long as the number stays; a worker that sees another number
judges anew. A push counts nothing up: the first owner of an id that was nobody's takes no right from anybody.
"""

from sqlalchemy import select, update

from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx

PERMISSIONS_VERSION = select(schema.access.c.number).where(schema.access.c.id == 1).scalar_subquery()
"""The number, for statements that bring it along."""

_READ = select(PERMISSIONS_VERSION)
_COUNT_UP = (
    update(schema.access)
    .where(schema.access.c.id == 1)
    .values(number=schema.access.c.number + 1)
    .returning(schema.access.c.number)
)


def bump(tx: Tx) -> None:
    """Say that who may do what has changed."""
    tx.execute(_COUNT_UP).scalar_one()


def number(tx: Tx) -> int:
    """The number of the last change; it only grows."""
    return int(tx.execute(_READ).scalar_one())
