"""Accept an invitation: whoever was asked owns the id from now on."""

from motherlode.domain.permissions import Actor
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.accounts import owners
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.answering import take_invitation


def accept_invitation(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Make the invited account an owner. It may, a member of the team that it is, and administrators.

    Raises `NoSuchFeed`, `NoSuchAccount`, `NotAllowed`, `NoSuchRole`.
    """
    with db.write() as tx:
        row, account = take_invitation(tx, package_id, name, actor, feed)
        now = clock.now()
        owners.add(tx, row.id, package_id.key, account.id, now)
        details = {"owner": account.name}
        write_audit(tx, actor, "accept-invitation", feed=feed, subject=str(package_id), at=now, details=details)
