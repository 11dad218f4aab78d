"""Relist: show a version again that was unlisted; its time of publication is what it was before."""

from motherlode.domain.permissions import Actor
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import Version
from motherlode.observe.clock import Clock
from motherlode.store.database.sqlite import Database
from motherlode.usecases.packages.listing import set_listed


def relist(
    package_id: PackageId, version: Version, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> tuple[str, ...]:
    """Relist a version, also one that is listed already. Returns what the caller should be warned of.

    Raises `NoSuchFeed`, `NoSuchVersion`, `NotAllowed`, `IdLocked`.
    """
    return set_listed(Identity(package_id, version), actor, listed=True, feed=feed, db=db, clock=clock)
