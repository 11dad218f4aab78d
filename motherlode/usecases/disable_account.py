"""Disable an account: its password, its keys and its sessions are refused from the next request on, and a team counts
for nothing."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, sessions
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def disable_account(name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Disable an account, also a disabled one. Administrators may. Raises `NotAllowed`, `NoSuchAccount`."""
    check_may_administer(actor)
    with db.write() as tx:
        account = accounts.get(tx, name)
        if account.disabled_at is not None:
            return
        now = clock.now()
        accounts.set_disabled(tx, account.id, now)
        sessions.end_all_of(tx, account.id)
        write_audit(tx, actor, "disable-account", feed=None, subject=account.name, at=now)
