"""The owners of package ids on each feed, and the pending invitations to own one.

An id without an owner belongs to the administrators. Each change of owners bumps the permissions version, except that a
push of a new id adds its first owner without that: it takes no rights away from any account.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, select

from motherlode.domain.permissions import Ownership
from motherlode.store.accounts import permissions_version
from motherlode.store.accounts.accounts import COLUMNS, AccountRow, as_accounts
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, upsert

_O, _I, _A, _P = schema.owners.c, schema.invitations.c, schema.accounts.c, schema.packages.c


def ownership_columns(feed_id: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """The fields of an `Ownership`, for statements that include it.

    They need the parameters `id_key` and `accounts`, the ids of the accounts that the ownership is checked for.
    """
    owned = exists().where(_O.feed_id == feed_id, _O.id_key == bindparam("id_key"))
    return (
        exists().where(_P.feed_id == feed_id, _P.id_key == bindparam("id_key")),
        owned,
        owned.where(_O.account_id.in_(bindparam("accounts", expanding=True))),
    )


_OWNERSHIP = select(*ownership_columns(bindparam("feed")))


def ownership(tx: Tx, feed_id: int, id_key: str, account_ids: Iterable[int]) -> Ownership:
    """The ownership of an id on the feed, from the view of these accounts together."""
    asked = {"feed": feed_id, "id_key": id_key, "accounts": list(account_ids)}
    return as_ownership(tx.execute(_OWNERSHIP, asked).one())


def as_ownership(columns: Iterable[bool]) -> Ownership:
    """Convert a row of `ownership_columns`."""
    return Ownership(*columns)


def add(tx: Tx, feed_id: int, id_key: str, account_id: int, at: datetime) -> bool:
    """Make the account an owner of the id and remove its invitation. Returns False if it was an owner already."""
    remove_invitation(tx, feed_id, id_key, account_id)
    added = _add(tx, feed_id, id_key, account_id, at)
    if added:
        permissions_version.bump(tx)
    return added


def add_first(tx: Tx, feed_id: int, id_key: str, account_id: int, at: datetime) -> None:
    """Make the account that pushes a new id its first owner. Does not bump the permissions version."""
    _add(tx, feed_id, id_key, account_id, at)


def _add(tx: Tx, feed_id: int, id_key: str, account_id: int, at: datetime) -> bool:
    row: dict[str, Any] = {"feed_id": feed_id, "id_key": id_key, "account_id": account_id, "since": at}
    return tx.execute(upsert(tx, schema.owners).on_conflict_do_nothing(), row).rowcount > 0


def remove(tx: Tx, feed_id: int, id_key: str, account_id: int) -> bool:
    """Remove the owner of the id. Returns False if the account was not an owner. May remove the last owner."""
    mine = (_O.feed_id == feed_id, _O.id_key == id_key, _O.account_id == account_id)
    removed = tx.execute(delete(schema.owners).where(*mine)).rowcount > 0
    if removed:
        permissions_version.bump(tx)
    return removed


def of_id(tx: Tx, feed_id: int, id_key: str) -> list[AccountRow]:
    """The id's owners, including disabled ones, ordered by name."""
    mine = (_O.feed_id == feed_id, _O.id_key == id_key)
    joined = select(*COLUMNS).join(schema.owners, _O.account_id == _A.id)
    return as_accounts(tx.execute(joined.where(*mine).order_by(_A.name_key)))


def names_by_id(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> dict[str, list[str]]:
    """The names of the owners of each id, sorted, including disabled ones. Ids without an owner are left out."""
    mine = (_O.feed_id == feed_id, _O.id_key.in_(list(id_keys)))
    named = select(_O.id_key, _A.name).join(schema.owners, _O.account_id == _A.id)
    found: dict[str, list[str]] = defaultdict(list)
    for id_key, name in tx.execute(named.where(*mine).order_by(_O.id_key, _A.name_key)):
        found[id_key].append(name)
    return dict(found)


def ids_of(tx: Tx, account_id: int) -> list[tuple[str, str]]:
    """The ids the account owns, in order, as feed name and id key. Ids of its teams are not included."""
    owned = select(schema.feeds.c.name, _O.id_key).join(schema.owners, _O.feed_id == schema.feeds.c.id)
    rows = tx.execute(owned.where(_O.account_id == account_id).order_by(schema.feeds.c.name, _O.id_key))
    return [(row.name, row.id_key) for row in rows]


def ids_owned_alone(tx: Tx, account_id: int) -> list[tuple[str, str]]:
    """The ids of which the account is the only owner, in order, as feed name and id key."""
    other = schema.owners.alias()
    others = exists().where(
        other.c.feed_id == _O.feed_id, other.c.id_key == _O.id_key, other.c.account_id != account_id
    )
    owned = select(schema.feeds.c.name, _O.id_key).join(schema.owners, _O.feed_id == schema.feeds.c.id)
    rows = tx.execute(owned.where(_O.account_id == account_id, ~others).order_by(schema.feeds.c.name, _O.id_key))
    return [(row.name, row.id_key) for row in rows]


def ids_by_owner(tx: Tx, feed_id: int, name_keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """By folded account name, the keys of the ids on the feed that the account owns, without those of its teams.

    Disabled accounts and teams count like others. Unknown names, and accounts that own nothing, are left out."""
    owned = select(_A.name_key, _O.id_key).join(schema.owners, _O.account_id == _A.id)
    rows = tx.execute(owned.where(_O.feed_id == feed_id, _A.name_key.in_(list(name_keys))))
    found: dict[str, set[str]] = defaultdict(set)
    for name_key, id_key in rows:
        found[name_key].add(id_key)
    return {name_key: frozenset(id_keys) for name_key, id_keys in found.items()}


def invite(tx: Tx, feed_id: int, id_key: str, account_id: int, invited_by: str, at: datetime) -> bool:
    """Invite the account to own the id. Returns False if it was invited already. Does not check for ownership."""
    row: dict[str, Any] = {"feed_id": feed_id, "id_key": id_key, "account_id": account_id}
    row |= {"invited_by": invited_by, "at": at}
    return tx.execute(upsert(tx, schema.invitations).on_conflict_do_nothing(), row).rowcount > 0


def remove_invitation(tx: Tx, feed_id: int, id_key: str, account_id: int) -> bool:
    """Remove the invitation, because it was withdrawn or answered. Returns False if there was none."""
    mine = (_I.feed_id == feed_id, _I.id_key == id_key, _I.account_id == account_id)
    return tx.execute(delete(schema.invitations).where(*mine)).rowcount > 0


def withdraw_invitations(tx: Tx, feed_id: int, id_key: str, invited_by: str) -> None:
    """Remove all invitations to own the id that this actor made."""
    mine = (_I.feed_id == feed_id, _I.id_key == id_key, _I.invited_by == invited_by)
    tx.execute(delete(schema.invitations).where(*mine))


def invitations_of_id(tx: Tx, feed_id: int, id_key: str) -> list[AccountRow]:
    """The accounts with a pending invitation to own the id, ordered by name."""
    mine = (_I.feed_id == feed_id, _I.id_key == id_key)
    joined = select(*COLUMNS).join(schema.invitations, _I.account_id == _A.id)
    return as_accounts(tx.execute(joined.where(*mine).order_by(_A.name_key)))
