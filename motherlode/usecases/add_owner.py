"""Add an owner: somebody owns an id from now on, without being asked."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, owners
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.packages.owners import get_known


def add_owner(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Make an account an owner, also one that is one already; an invitation is answered by it. Administrators may.

    Raises `NotAllowed`, `NoSuchFeed`, `NoSuchId`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        known = get_known(tx, package_id, actor, feed)
        account = accounts.get(tx, name)
        now = clock.now()
        if owners.add(tx, known.feed.id, package_id.key, account.id, now):
            details = {"owner": account.name}
            write_audit(tx, actor, "add-owner", feed=feed, subject=str(package_id), at=now, details=details)
