"""Set a role: make somebody an administrator of the server, or nobody special again."""

from motherlode.domain.accounts import PERSON, SERVICE
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.accounts.accounts import check_role


def set_role(name: str, role: str | None, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Give a person or a service account this role on the server, None for none. Administrators may.

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
