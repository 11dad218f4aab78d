"""Set a password: the old one, and every browser signed in with it, is refused from the next request on."""

from motherlode.domain.accounts import PERSON
from motherlode.domain.permissions import Actor
from motherlode.identity.passwords import hash_password, parse_password
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, sessions
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases._authority import check_may_act_for


def set_password(name: str, password: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Give a person this password; administrators may, and the person. Raises `NoSuchAccount`, `NotAllowed`,
    `InvalidPassword`."""
    with db.read() as tx:
        check_may_act_for(actor, accounts.get(tx, name, PERSON).id)
    hashed = hash_password(parse_password(password))
    with db.write() as tx:
        account = accounts.get(tx, name, PERSON)
        accounts.set_password(tx, account.id, hashed)
        sessions.end_all_of(tx, account.id)
        write_audit(tx, actor, "set-password", feed=None, subject=account.name, at=clock.now())
