"""Create the first administrator, on a server where no user has ever had a password.

The caller sends an administrator's key and chooses a user name and a password.

Invariant: this is refused once any user has a password, and stays refused after that user is disabled or deleted. Of
two simultaneous attempts, one succeeds.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from motherlode.domain.accounts import ADMINISTRATOR, PERSON, parse_account_name
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import NotAllowed
from motherlode.identity.passwords import hash_password, parse_password
from motherlode.identity.sessions import NewSession
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.accounts.accounts import ACTIONS
from motherlode.usecases.sign_in.identify import identify_now
from motherlode.usecases.sign_in.sessions import add_session

TOO_LATE: Final = "This server already has a user. Sign in, or ask an administrator for an account ('user add')."


def is_first_use(*, db: Database) -> bool:
    """Whether no user has ever had a password, including disabled and deleted users."""
    with db.read() as tx:
        return not accounts.has_person(tx)


def make_first_administrator(
    name: str, password: str, actor: Actor, *, lifetime: timedelta, db: Database, clock: Clock
) -> NewSession:
    """Create a user with the role of administrator, and start a session. The actor is that of the key that was sent.

    Raises `NotAllowed` if the key is not an administrator's or any user has ever had a password; `KeyRefused`,
    `InvalidName`, `InvalidPassword`, `AccountExists`.
    """
    check_may_administer(actor)
    name = parse_account_name(name)
    hashed = hash_password(parse_password(password))
    with db.write() as tx:
        now = clock.now()
        check_may_administer(identify_now(tx, actor, now))
        if accounts.has_person(tx):
            raise NotAllowed(TOO_LATE)
        row = accounts.add(tx, name=name, kind=PERSON, role=ADMINISTRATOR, password=hashed, at=now)
        details = {"kind": PERSON, "role": ADMINISTRATOR, "has_password": True}
        write_audit(tx, actor, ACTIONS[PERSON], feed=None, subject=row.name, at=now, details=details)
        person = replace(actor, name=row.name, key_id=None)
        return add_session(tx, row.id, person, lifetime=lifetime, replaced=None, clock=clock)
