"""Enable an account that was disabled: its password, keys, roles and teams count again as they were."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def enable_account(name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Enable an account, also an enabled one. Administrators may. Raises `NotAllowed`, `NoSuchAccount`."""
    check_may_administer(actor)
    with db.write() as tx:
        account = accounts.get(tx, name)
        if account.disabled_at is None:
            return
        accounts.set_disabled(tx, account.id, None)
        write_audit(tx, actor, "enable-account", feed=None, subject=account.name, at=clock.now())
