"""Unlist: hide a version from search and pages, on a feed of any kind; those who use it still restore it."""

from motherlode.domain.permissions import Actor
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import Version
from motherlode.observe.clock import Clock
from motherlode.store.database.sqlite import Database
from motherlode.usecases.packages.listing import set_listed


def unlist(
    package_id: PackageId, version: Version, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> tuple[str, ...]:
    """Unlist a version, also one that is unlisted already. Returns what the caller should be warned of.

    Raises `NoSuchFeed`, `NoSuchVersion`, `NotAllowed`, `IdLocked`.
    """
    return set_listed(Identity(package_id, version), actor, listed=False, feed=feed, db=db, clock=clock)
