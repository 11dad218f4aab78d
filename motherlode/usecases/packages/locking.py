"""Lock a package id, which stops all changes to it for everyone, administrators included; and unlock it."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import locks
from motherlode.usecases._audit import tidy_reason, write_audit
from motherlode.usecases.packages.owners import get_known


def lock_id(
    package_id: PackageId, actor: Actor, *, feed: str, db: Database, clock: Clock, reason: str | None = None
) -> None:
    """Lock a package id. Does nothing if it is locked already. Raises `NoSuchFeed`, `NoSuchId`, `NotAllowed`."""
    check_may_administer(actor)
    reason = tidy_reason(reason)
    with db.write() as tx:
        known = get_known(tx, package_id, actor, feed)
        now = clock.now()
        if locks.add(tx, known.feed.id, package_id.key, at=now, reason=reason):
            write_audit(tx, actor, "lock", feed=feed, subject=str(package_id), at=now, reason=reason)


def unlock_id(package_id: PackageId, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Unlock a package id. Does nothing if it is not locked. Raises `NoSuchFeed`, `NoSuchId`, `NotAllowed`."""
    check_may_administer(actor)
    with db.write() as tx:
        known = get_known(tx, package_id, actor, feed)
        if locks.remove(tx, known.feed.id, package_id.key):
            write_audit(tx, actor, "unlock", feed=feed, subject=str(package_id), at=clock.now())
