"""Members of teams: add and remove them.

While they are members, members have the team's permissions and own the packages that the team owns.
"""

from motherlode.domain.accounts import PERSON, SERVICE, TEAM
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import NotAMember
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def add_member(team: str, name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Add a user or service account to a team. Does nothing if it is a member already. Administrators only.

    Raises `NotAllowed`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        team_row = accounts.get(tx, team, TEAM)
        account = accounts.get(tx, name, PERSON, SERVICE)
        if accounts.add_member(tx, team_row.id, account.id):
            details = {"team": team_row.name}
            write_audit(tx, actor, "add-member", feed=None, subject=account.name, at=clock.now(), details=details)


def remove_member(team: str, name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Remove an account from a team. Administrators only. Raises `NotAllowed`, `NoSuchAccount`, `NotAMember`."""
    check_may_administer(actor)
    with db.write() as tx:
        team_row = accounts.get(tx, team, TEAM)
        account = accounts.get(tx, name)
        if not accounts.remove_member(tx, team_row.id, account.id):
            raise NotAMember(account.name, team_row.name)
        details = {"team": team_row.name}
        write_audit(tx, actor, "remove-member", feed=None, subject=account.name, at=clock.now(), details=details)
