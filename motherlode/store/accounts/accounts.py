"""Accounts: people, service accounts and teams, in one table with one namespace. `kind` distinguishes them.

Invariants: names are unique, ignoring case. The members of a team are people and service accounts, never teams, so an
account's permissions are found without recursion. The name of a deleted account stays taken, because the audit log uses
it: its row is kept, and nothing else. Each change bumps the permissions version.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, or_, select, update

from motherlode.domain.accounts import ADMINISTRATOR, FEED_ROLES, PERSON, SERVICE, TEAM
from motherlode.domain.permissions import Holder
from motherlode.domain.refusals import AccountExists, NoSuchAccount
from motherlode.store.accounts import permissions_version
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, upsert


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account. `name` has its original casing; `kind` is one of `domain.accounts.KINDS`.

    `role` is `ADMINISTRATOR` or None. `password` is the Argon2 hash, or None if the account has no password.
    """

    id: int
    name: str
    kind: str
    role: str | None
    password: str | None
    created_at: datetime
    disabled_at: datetime | None


_A, _M, _F = schema.accounts.c, schema.members.c, schema.feeds.c
COLUMNS: Final = (_A.id, _A.name, _A.kind, _A.role, _A.password, _A.created_at, _A.disabled_at)
"""The columns of an `AccountRow`, for statements that join accounts."""

_ROWS = select(*COLUMNS).where(_A.deleted_at.is_(None)).order_by(_A.name_key)
_BY_NAME = select(*COLUMNS).where(_A.name_key == bindparam("name_key"), _A.deleted_at.is_(None))
_ITS_TEAMS = select(_M.team_id).where(_M.account_id == bindparam("account"))
_HOLDERS = select(_A.id, _A.name, _A.role).where(
    _A.disabled_at.is_(None), or_(_A.id == bindparam("account"), _A.id.in_(_ITS_TEAMS))
)
_ROLES = (
    select(_F.name, schema.grants.c.role)
    .join(schema.grants, schema.grants.c.feed_id == _F.id)
    .where(schema.grants.c.account_id.in_(bindparam("accounts", expanding=True)))
)
_OWNS_ON = (
    select(_F.name)
    .join(schema.owners, schema.owners.c.feed_id == _F.id)
    .where(schema.owners.c.account_id.in_(bindparam("accounts", expanding=True)))
    .distinct()
)
_KIND_SAID: Final = {PERSON: "user", SERVICE: "service account", TEAM: "team"}


def add(tx: Tx, *, name: str, kind: str, role: str | None, password: str | None, at: datetime) -> AccountRow:
    """Add an account. Raises AccountExists if any account, even a deleted one, has the name in any casing."""
    row = {
        "name": name,
        "name_key": name.lower(),
        "kind": kind,
        "role": role,
        "password": password,
        "created_at": at,
        "disabled_at": None,
    }
    added = tx.execute(upsert(tx, schema.accounts).on_conflict_do_nothing().returning(_A.id), row).scalar()
    if added is None:
        raise AccountExists(name)
    permissions_version.bump(tx)
    return AccountRow(added, name, kind, role, password, at, None)


def find(tx: Tx, name: str) -> AccountRow | None:
    """The account with that name in any casing, even if disabled, or None."""
    row = tx.execute(_BY_NAME, {"name_key": name.lower()}).first()
    return None if row is None else AccountRow(*row)


def get(tx: Tx, name: str, *kinds: str) -> AccountRow:
    """The account with that name, of one of the kinds if any are given. Raises NoSuchAccount."""
    account = find(tx, name)
    if account is None or (kinds and account.kind not in kinds):
        raise NoSuchAccount(name, " or ".join(_KIND_SAID[kind] for kind in kinds or (PERSON, TEAM)))
    return account


def has_person(tx: Tx) -> bool:
    """Whether any person has a password or was deleted; disabled people count too."""
    people = select(_A.id).where(_A.kind == PERSON, or_(_A.password.is_not(None), _A.deleted_at.is_not(None)))
    return tx.execute(people.limit(1)).first() is not None


def read_all(tx: Tx, *kinds: str) -> list[AccountRow]:
    """All accounts, or those of the given kinds, ordered by name."""
    rows = _ROWS.where(_A.kind.in_(kinds)) if kinds else _ROWS
    return as_accounts(tx.execute(rows))


def names(tx: Tx) -> dict[int, str]:
    """The names of all accounts, including deleted ones, by id."""
    return {row.id: row.name for row in tx.execute(select(_A.id, _A.name))}


def as_accounts(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[AccountRow]:
    """Convert rows of `COLUMNS` to accounts."""
    return [AccountRow(*row) for row in rows]


def set_password(tx: Tx, account_id: int, password: str | None) -> None:
    """Replace the hash of the account's password. None removes the password."""
    _change(tx, account_id, password=password)


def set_role(tx: Tx, account_id: int, role: str | None) -> None:
    """Make the account an administrator, or, with None, remove that role."""
    _change(tx, account_id, role=role)


def set_disabled(tx: Tx, account_id: int, at: datetime | None) -> None:
    """Disable the account as of `at`, or enable it again if `at` is None."""
    _change(tx, account_id, disabled_at=at)


def remove(tx: Tx, account_id: int, at: datetime) -> None:
    """Delete the account. Its name stays taken, and the rows of its keys stay; the caller has revoked these keys."""
    for table in reversed(schema.metadata.sorted_tables):
        for column in {"account_id", "team_id"} & set(table.c.keys()):
            if table is not schema.keys:
                tx.execute(delete(table).where(table.c[column] == account_id))
    _change(tx, account_id, role=None, password=None, disabled_at=at, deleted_at=at)


def _change(tx: Tx, account_id: int, **values: Any) -> None:
    tx.execute(update(schema.accounts).where(_A.id == account_id).values(**values))
    permissions_version.bump(tx)


def add_member(tx: Tx, team_id: int, account_id: int) -> bool:
    """Add a person or service account to the team. Returns False if it was a member already."""
    row = {"team_id": team_id, "account_id": account_id}
    added = tx.execute(upsert(tx, schema.members).on_conflict_do_nothing(), row).rowcount > 0
    if added:
        permissions_version.bump(tx)
    return added


def remove_member(tx: Tx, team_id: int, account_id: int) -> bool:
    """Remove the account from the team. Returns False if it was not a member."""
    mine = (_M.team_id == team_id, _M.account_id == account_id)
    removed = tx.execute(delete(schema.members).where(*mine)).rowcount > 0
    if removed:
        permissions_version.bump(tx)
    return removed


def members_of(tx: Tx, team_id: int) -> list[AccountRow]:
    """The team's members, including disabled ones, ordered by name."""
    return as_accounts(tx.execute(_ROWS.join(schema.members, _M.account_id == _A.id).where(_M.team_id == team_id)))


def teams_of(tx: Tx, account_id: int) -> list[AccountRow]:
    """The account's teams, including disabled ones, ordered by name."""
    return as_accounts(tx.execute(_ROWS.join(schema.members, _M.team_id == _A.id).where(_M.account_id == account_id)))


def find_holder(tx: Tx, account_id: int) -> Holder | None:
    """The account with everything it inherits from its teams, or None if it is disabled or does not exist.

    A disabled team gives nothing. A team that is an administrator makes its members administrators.
    """
    rows = {row.id: row for row in tx.execute(_HOLDERS, {"account": account_id})}
    if account_id not in rows:
        return None
    accounts = {"accounts": list(rows)}
    return Holder(
        id=account_id,
        name=rows[account_id].name,
        is_administrator=any(row.role == ADMINISTRATOR for row in rows.values()),
        account_ids=frozenset(rows),
        roles=_highest_roles(tx.execute(_ROLES, accounts)),
        owns_on=frozenset(tx.execute(_OWNS_ON, accounts).scalars()),
    )


def _highest_roles(rows: Iterable[Row[tuple[str, str]]]) -> dict[str, str]:
    ascending = sorted(rows, key=lambda row: FEED_ROLES.index(row.role))
    return {row.name: row.role for row in ascending}
