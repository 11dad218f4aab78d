"""Invite an owner: somebody is asked to own an id, and owns it once he accepts."""

from motherlode.domain.permissions import Actor
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, owners
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.packages.owners import get_managed


def invite_owner(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> bool:
    """Ask an account to own the id; False when it was asked, or owns it, already. Owners and administrators may.

    Raises `NotAllowed`, `NoSuchFeed`, `NoSuchId`, `NoSuchAccount`.
    """
    with db.write() as tx:
        known = get_managed(tx, package_id, actor, feed)
        account = accounts.get(tx, name)
        now = clock.now()
        if account in owners.of_id(tx, known.feed.id, package_id.key):
            return False
        if not owners.invite(tx, known.feed.id, package_id.key, account.id, actor.name, now):
            return False
        details = {"owner": account.name}
        write_audit(tx, actor, "invite-owner", feed=feed, subject=str(package_id), at=now, details=details)
    return True
