"""Create an account: a person, a service account or a team."""

from typing import Final

from motherlode.domain.accounts import ADMINISTRATOR, KINDS, PERSON, TEAM, parse_account_name
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import InvalidPassword, InvalidSetting
from motherlode.identity.passwords import hash_password, parse_password
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts
from motherlode.store.accounts.accounts import AccountRow
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit

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
    """Make an account; without a password nobody can sign in as it, and only people have one. Administrators may.

    Raises `NotAllowed`, `InvalidName`, `InvalidPassword`, `InvalidSetting`, `AccountExists`.
    """
    check_may_administer(actor)
    name = parse_account_name(name)
    check_role(role, kind)
    if password is not None and kind != PERSON:
        raise InvalidPassword("Only people sign in with a password: leave it out, and make keys for a service account.")
    hashed = None if password is None else hash_password(parse_password(password))
    with db.write() as tx:
        now = clock.now()
        row = accounts.add(tx, name=name, kind=kind, role=role, password=hashed, at=now)
        details = {"kind": kind, "role": role, "has_password": hashed is not None}
        write_audit(tx, actor, ACTIONS[kind], feed=None, subject=row.name, at=now, details=details)
    return row


def check_role(role: str | None, kind: str) -> None:
    """Refuse a role on the server that there is not, or that no account of the kind has, with `InvalidSetting`."""
    if role is None:
        return
    if role != ADMINISTRATOR:
        raise InvalidSetting(f"There is no role {role[:100]!r} on the server: use {ADMINISTRATOR}, or none.")
    if kind == TEAM:
        raise InvalidSetting("A team is no administrator: give the role to its members.")
