"""The roles of accounts on feeds: at most one per account and feed. Each change bumps the permissions version."""

from typing import Any

from sqlalchemy import Executable, delete, select

from motherlode.store.accounts import permissions_version
from motherlode.store.accounts.accounts import COLUMNS, AccountRow
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, cached_per_dialect, upsert

_G, _A, _F = schema.grants.c, schema.accounts.c, schema.feeds.c
_OF_FEED = select(*COLUMNS, _G.role.label("granted")).join(schema.grants, _G.account_id == _A.id).order_by(_A.name_key)
_OF_ACCOUNT = select(_F.name, _G.role).join(schema.grants, _G.feed_id == _F.id).order_by(_F.name)


def put(tx: Tx, feed_id: int, account_id: int, role: str) -> None:
    """Give the account that role on the feed. It replaces the account's former role there."""
    row: dict[str, Any] = {"feed_id": feed_id, "account_id": account_id, "role": role}
    tx.execute(_put(tx), row)
    permissions_version.bump(tx)


@cached_per_dialect
def _put(tx: Tx) -> Executable:
    added = upsert(tx, schema.grants)
    return added.on_conflict_do_update(index_elements=["feed_id", "account_id"], set_={"role": added.excluded.role})


def remove(tx: Tx, feed_id: int, account_id: int) -> bool:
    """Remove the account's role on the feed. Returns False if it had none."""
    mine = (_G.feed_id == feed_id, _G.account_id == account_id)
    removed = tx.execute(delete(schema.grants).where(*mine)).rowcount > 0
    if removed:
        permissions_version.bump(tx)
    return removed


def of_feed(tx: Tx, feed_id: int) -> list[tuple[AccountRow, str]]:
    """The accounts with a role on the feed, and their roles, ordered by name. Includes disabled accounts."""
    rows = tx.execute(_OF_FEED.where(_G.feed_id == feed_id))
    return [(AccountRow(*account), role) for *account, role in rows]


def of_account(tx: Tx, account_id: int) -> list[tuple[str, str]]:
    """The feeds on which the account has a role, as names, with the roles. Roles of its teams are not included."""
    return [(row.name, row.role) for row in tx.execute(_OF_ACCOUNT.where(_G.account_id == account_id))]
