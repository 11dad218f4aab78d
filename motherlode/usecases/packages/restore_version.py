"""Restore a soft-deleted version, exactly as it was."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import NoSuchVersion, NotFound
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import Version
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import deletions
from motherlode.store.packages.versions import Entry
from motherlode.usecases.packages._change import check_unlocked, get_place, log_change


def restore_version(
    package_id: PackageId, version: Version, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> Entry:
    """Restore the version with its listed state and publish date unchanged. Administrators only.

    This works while its file exists: for `soft_delete_keep`, and then until the next garbage collection. Raises
    `NoSuchFeed`, `NoSuchVersion`, `NotFound`, `NotAllowed`, `IdLocked`.
    """
    check_may_administer(actor)
    identity = Identity(package_id, version)
    with db.write() as tx:
        place = get_place(tx, identity, actor, feed)
        deleted = deletions.find(tx, place.feed_id, package_id.key, version.key)
        if deleted is None:
            raise NoSuchVersion(f"A soft-deleted version {identity}")
        if deleted.content_id is None:
            raise NotFound(
                f"{identity} can no longer be restored: its file was removed after soft_delete_keep. "
                "Push a new version instead."
            )
        check_unlocked(place, package_id)
        now = clock.now()
        entry = deletions.bring_back(tx, deleted, deleted.content_id, at=now)
        details = {"deleted_at": deleted.deleted_at.isoformat(), "sha256": entry.sha256.hex()}
        log_change(tx, entry, actor, "restore-version", "restored", feed=feed, at=now, details=details)
    crash_point("restore-version-committed")
    return entry
