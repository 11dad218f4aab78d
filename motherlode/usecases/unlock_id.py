"""Unlock an id: it can be changed again by those who may."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import locks
from motherlode.usecases._audit import write_audit
from motherlode.usecases.packages.owners import get_known


def unlock_id(package_id: PackageId, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Unlock it; nothing happens to one that is not locked. Raises `NoSuchFeed`, `NoSuchId`, `NotAllowed`."""
    check_may_administer(actor)
    with db.write() as tx:
        known = get_known(tx, package_id, actor, feed)
        if locks.remove(tx, known.feed.id, package_id.key):
            write_audit(tx, actor, "unlock", feed=feed, subject=str(package_id), at=clock.now())
