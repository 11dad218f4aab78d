"""Make the first administrator: on a server where no person can sign in, whoever holds an administrator's key becomes
one, by name and password.

Invariant: as soon as any person has a password there is no first one any more; of two that come at once, one does.
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

TOO_LATE: Final = "There is a user already: sign in as one, or have an administrator make one ('user add')."


def is_first_use(*, db: Database) -> bool:
    """Whether no person can sign in, because none ever had a password."""
    with db.read() as tx:
        return not accounts.has_person(tx)


def make_first_administrator(
    name: str, password: str, actor: Actor, *, lifetime: timedelta, db: Database, clock: Clock
) -> NewSession:
    """Make a person who is an administrator, and sign him in; the actor is the key that he has proved to hold.

    Raises `NotAllowed` when the key is no administrator's, or when there is a person; `KeyRefused`, `InvalidName`,
    `InvalidPassword`, `AccountExists`.
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
