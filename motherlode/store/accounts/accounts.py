"""People, service accounts and teams: one table, one kind of name, told apart by `kind`.

Invariants: a name is there once, in whatever casing. A team's members are people and service accounts, never teams, so
that what an account may do is found without walking. The name of an account that was deleted stays taken, for the audit
log names it: its row is kept, and nothing else of it. Each change counts up `access`.
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
    """An account; `name` as it was written, `kind` one of `domain.accounts.KINDS`.

    `role` is `ADMINISTRATOR` or None; `password` its Argon2 hash, None where nobody signs in with one.
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
"""What an `AccountRow` is made of, for statements that join accounts."""

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
    """A new account. Raises AccountExists when any account has or had that name in any casing."""
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
    """The account of that name in any casing, be it disabled."""
    row = tx.execute(_BY_NAME, {"name_key": name.lower()}).first()
    return None if row is None else AccountRow(*row)


def get(tx: Tx, name: str, *kinds: str) -> AccountRow:
    """The account of that name, which must be of one of the kinds where any are given. Raises NoSuchAccount."""
    account = find(tx, name)
    if account is None or (kinds and account.kind not in kinds):
        raise NoSuchAccount(name, " or ".join(_KIND_SAID[kind] for kind in kinds or (PERSON, TEAM)))
    return account


def has_person(tx: Tx) -> bool:
    """Whether any person has or had a password, also one who is disabled or was deleted."""
    people = select(_A.id).where(_A.kind == PERSON, or_(_A.password.is_not(None), _A.deleted_at.is_not(None)))
    return tx.execute(people.limit(1)).first() is not None


def read_all(tx: Tx, *kinds: str) -> list[AccountRow]:
    """All accounts, or those of the kinds, by name."""
    rows = _ROWS.where(_A.kind.in_(kinds)) if kinds else _ROWS
    return as_accounts(tx.execute(rows))


def names(tx: Tx) -> dict[int, str]:
    """The names of all accounts by id, deleted ones included."""
    return {row.id: row.name for row in tx.execute(select(_A.id, _A.name))}


def as_accounts(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[AccountRow]:
    """The accounts that rows of `COLUMNS` are."""
    return [AccountRow(*row) for row in rows]


def set_password(tx: Tx, account_id: int, password: str | None) -> None:
    """Replace the hash of its password; None: nobody signs in with one any more."""
    _change(tx, account_id, password=password)


def set_role(tx: Tx, account_id: int, role: str | None) -> None:
    """Make it an administrator, or no longer one."""
    _change(tx, account_id, role=role)


def set_disabled(tx: Tx, account_id: int, at: datetime | None) -> None:
    """Disable it since then, or (None) enable it again."""
    _change(tx, account_id, disabled_at=at)


def remove(tx: Tx, account_id: int, at: datetime) -> None:
    """Delete all of it but its name, which stays taken, and the rows of its keys, which the caller has revoked."""
    for table in reversed(schema.metadata.sorted_tables):
        for column in {"account_id", "team_id"} & set(table.c.keys()):
            if table is not schema.keys:
                tx.execute(delete(table).where(table.c[column] == account_id))
    _change(tx, account_id, role=None, password=None, disabled_at=at, deleted_at=at)


def _change(tx: Tx, account_id: int, **values: Any) -> None:
    tx.execute(update(schema.accounts).where(_A.id == account_id).values(**values))
    permissions_version.bump(tx)


def add_member(tx: Tx, team_id: int, account_id: int) -> bool:
    """Take a person or service account into the team; False when it was in it already."""
    row = {"team_id": team_id, "account_id": account_id}
    added = tx.execute(upsert(tx, schema.members).on_conflict_do_nothing(), row).rowcount > 0
    if added:
        permissions_version.bump(tx)
    return added


def remove_member(tx: Tx, team_id: int, account_id: int) -> bool:
    """Take it out of the team; False when it was not in it."""
    mine = (_M.team_id == team_id, _M.account_id == account_id)
    removed = tx.execute(delete(schema.members).where(*mine)).rowcount > 0
    if removed:
        permissions_version.bump(tx)
    return removed


def members_of(tx: Tx, team_id: int) -> list[AccountRow]:
    """The team's members by name, disabled ones included."""
    return as_accounts(tx.execute(_ROWS.join(schema.members, _M.account_id == _A.id).where(_M.team_id == team_id)))


def teams_of(tx: Tx, account_id: int) -> list[AccountRow]:
    """The account's teams by name, disabled ones included."""
    return as_accounts(tx.execute(_ROWS.join(schema.members, _M.team_id == _A.id).where(_M.account_id == account_id)))


def find_holder(tx: Tx, account_id: int) -> Holder | None:
    """The account as the rules see it, with all that its teams bring; None when it is disabled or not there.

    A disabled team brings nothing. A team that is an administrator makes its members administrators.
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
