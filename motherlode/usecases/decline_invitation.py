"""Decline an invitation: whoever was asked to own the id does not."""

from motherlode.domain.permissions import Actor
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.answering import take_invitation


def decline_invitation(
    package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> None:
    """Drop the invitation. The invited account may, a member of the team that it is, and administrators.

    Raises `NoSuchFeed`, `NoSuchAccount`, `NotAllowed`, `NoSuchRole`.
    """
    with db.write() as tx:
        _, account = take_invitation(tx, package_id, name, actor, feed)
        details = {"owner": account.name}
        write_audit(
            tx, actor, "decline-invitation", feed=feed, subject=str(package_id), at=clock.now(), details=details
        )
