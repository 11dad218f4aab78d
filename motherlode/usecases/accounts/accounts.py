"""Accounts of users, services and teams: create, disable, enable and delete them; set passwords and server roles.

Each change takes effect with the next request: the password, keys and sessions of a disabled account are refused, a
disabled team gives its members no permissions, and a new password ends all sessions.
"""

from dataclasses import dataclass
from typing import Final

from motherlode.domain.accounts import ADMINISTRATOR, KINDS, PERSON, SERVICE, TEAM, parse_account_name
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import InvalidPassword, InvalidSetting
from motherlode.identity.passwords import hash_password, parse_password
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, api_keys, owners, sessions
from motherlode.store.accounts.accounts import AccountRow
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases._authority import check_may_act_for

ACTIONS: Final = {kind: f"create-{'user' if kind == PERSON else kind}" for kind in KINDS}


def create_account(
    name: str,
    actor: Actor,
    *,
    kind: str = PERSON,
    role: str | None = None,
    password: str | None = None,
    db: Database,
    clock: Clock,
) -> AccountRow:
    """Create an account. Only users have a password; without one, the user cannot sign in. Administrators only.

    Raises `NotAllowed`, `InvalidName`, `InvalidPassword`, `InvalidSetting`, `AccountExists`.
    """
    check_may_administer(actor)
    name = parse_account_name(name)
    check_role(role, kind)
    if password is not None and kind != PERSON:
        raise InvalidPassword(
            "Only users have a password. Leave it out; create API keys for service accounts with 'key create'."
        )
    hashed = None if password is None else hash_password(parse_password(password))
    with db.write() as tx:
        now = clock.now()
        row = accounts.add(tx, name=name, kind=kind, role=role, password=hashed, at=now)
        details = {"kind": kind, "role": role, "has_password": hashed is not None}
        write_audit(tx, actor, ACTIONS[kind], feed=None, subject=row.name, at=now, details=details)
    return row


def check_role(role: str | None, kind: str) -> None:
    """Raise `InvalidSetting` if the server role does not exist or accounts of this kind cannot have it."""
    if role is None:
        return
    if role != ADMINISTRATOR:
        raise InvalidSetting(f"There is no server role {role[:100]!r}. Use {ADMINISTRATOR} or none.")
    if kind == TEAM:
        raise InvalidSetting("A team cannot be an administrator. Give the role to its members instead.")


def disable_account(name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Disable an account and end its sessions. Does nothing if it is disabled already. Administrators only.

    Raises `NotAllowed`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        account = accounts.get(tx, name)
        if account.disabled_at is not None:
            return
        now = clock.now()
        accounts.set_disabled(tx, account.id, now)
        sessions.end_all_of(tx, account.id)
        write_audit(tx, actor, "disable-account", feed=None, subject=account.name, at=now)


def enable_account(name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Enable an account. Does nothing if it is enabled already. Administrators only.

    Raises `NotAllowed`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        account = accounts.get(tx, name)
        if account.disabled_at is None:
            return
        accounts.set_disabled(tx, account.id, None)
        write_audit(tx, actor, "enable-account", feed=None, subject=account.name, at=clock.now())


def set_password(name: str, password: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Set a user's password and end all sessions of the user. Only administrators and the user may do this.

    Raises `NoSuchAccount`, `NotAllowed`, `InvalidPassword`.
    """
    with db.read() as tx:
        check_may_act_for(actor, accounts.get(tx, name, PERSON).id)
    hashed = hash_password(parse_password(password))
    with db.write() as tx:
        account = accounts.get(tx, name, PERSON)
        accounts.set_password(tx, account.id, hashed)
        sessions.end_all_of(tx, account.id)
        write_audit(tx, actor, "set-password", feed=None, subject=account.name, at=clock.now())


def set_role(name: str, role: str | None, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Set the server role of a user or service account; None removes it. Administrators only.

    Raises `NotAllowed`, `InvalidSetting`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    check_role(role, PERSON)
    with db.write() as tx:
        account = accounts.get(tx, name, PERSON, SERVICE)
        if account.role == role:
            return
        accounts.set_role(tx, account.id, role)
        details = {"from": account.role, "to": role}
        write_audit(tx, actor, "set-role", feed=None, subject=account.name, at=clock.now(), details=details)


MOST_NAMED: Final = 100
"""Max package ids without an owner that one audit line names."""


@dataclass(frozen=True, slots=True)
class DeletedAccount:
    """What a deleted account leaves behind: its name as written, the ids of the revoked keys, and the packages that now
    have no owner, each as the name of a feed and the key of an id."""

    name: str
    revoked_keys: tuple[str, ...]
    unowned: tuple[tuple[str, str], ...]


def delete_account(name: str, actor: Actor, *, kinds: tuple[str, ...], db: Database, clock: Clock) -> DeletedAccount:
    """Delete an account of one of these kinds. Only its name stays, so that it can never be used again.

    From the next request on, its password, sessions and keys are refused. Its memberships, roles and invitations are
    removed. Packages that had no other owner are left to the administrators. Administrators only. Raises `NotAllowed`,
    `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        account = accounts.get(tx, name, *kinds)
        now = clock.now()
        unowned = tuple(owners.ids_owned_alone(tx, account.id))
        held = api_keys.of_account(tx, account.id, (api_keys.API, api_keys.VERIFICATION))
        revoked = tuple(key.id for key in held if key.revoked_at is None)
        for key_id in revoked:
            api_keys.revoke(tx, key_id, now)
        accounts.remove(tx, account.id, now)
        details = {
            "kind": account.kind,
            "revoked_keys": list(revoked),
            "unowned": [f"{id_key} ({feed})" for feed, id_key in unowned[:MOST_NAMED]],
        }
        write_audit(tx, actor, "delete-account", feed=None, subject=account.name, at=now, details=details)
    return DeletedAccount(account.name, revoked, unowned)
