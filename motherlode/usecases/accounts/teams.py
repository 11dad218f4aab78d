"""Add a member to a team: it may from now on what the team may, and owns what the team owns."""

from motherlode.domain.accounts import PERSON, SERVICE, TEAM
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def add_member(team: str, name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Put a person or a service account into a team, also one that is there already. Administrators may.

    Raises `NotAllowed`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        team_row = accounts.get(tx, team, TEAM)
        account = accounts.get(tx, name, PERSON, SERVICE)
        if accounts.add_member(tx, team_row.id, account.id):
            details = {"team": team_row.name}
            write_audit(tx, actor, "add-member", feed=None, subject=account.name, at=clock.now(), details=details)
