"""Unlist and relist a version: hide it from search and pages, or show it again.

Clients can still restore unlisted versions. Relisting keeps the publish date.
"""

from datetime import datetime
from typing import Final

from motherlode.domain.permissions import Actor, check_covers, check_may_ever_unlist, check_may_unlist, expiry_warning
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import Version
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import versions
from motherlode.store.packages.catalog import Kind
from motherlode.store.packages.versions import Entry
from motherlode.usecases.packages._change import get_changeable, log_change

_NAMES: Final[dict[bool, tuple[str, Kind]]] = {True: ("relist", "relisted"), False: ("unlist", "unlisted")}


def set_listed(
    identity: Identity, actor: Actor, *, listed: bool, feed: str, db: Database, clock: Clock
) -> tuple[str, ...]:
    """List or unlist a version. Does nothing if it is in that state already. Returns warnings for the caller.

    Ids that the actor's key does not cover are refused without a lookup. Raises `NoSuchFeed`, `NoSuchVersion`,
    `NotAllowed`, `IdLocked`.
    """
    check_may_ever_unlist(actor, feed)
    check_covers(actor, identity.id)
    with db.read() as tx:
        entry = _get(tx, identity, actor, feed)
    if entry.listed != listed:
        with db.write() as tx:
            change_listed(tx, _get(tx, identity, actor, feed), actor, listed=listed, feed=feed, at=clock.now())
        action, _ = _NAMES[listed]
        crash_point(f"{action}-committed")
    warning = expiry_warning(actor, clock.now())
    return () if warning is None else (warning,)


def change_listed(
    tx: Tx, entry: Entry, actor: Actor, *, listed: bool, feed: str, at: datetime, reason: str | None = None
) -> None:
    """List or unlist the entry, unless it is in that state already. Call it as the last step of a unit of work."""
    if entry.listed == listed:
        return
    action, event = _NAMES[listed]
    changed = versions.set_listed(tx, entry, listed=listed, at=at)
    log_change(tx, changed, actor, action, event, feed=feed, at=at, reason=reason)


def _get(tx: Tx, identity: Identity, actor: Actor, feed: str) -> Entry:
    return get_changeable(tx, identity, actor, feed, lambda _policy: check_may_unlist).entry


def unlist(
    package_id: PackageId, version: Version, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> tuple[str, ...]:
    """Unlist a version. Does nothing if it is unlisted already. Returns warnings for the caller.

    Raises `NoSuchFeed`, `NoSuchVersion`, `NotAllowed`, `IdLocked`.
    """
    return set_listed(Identity(package_id, version), actor, listed=False, feed=feed, db=db, clock=clock)


def relist(
    package_id: PackageId, version: Version, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> tuple[str, ...]:
    """Relist a version. Does nothing if it is listed already. Returns warnings for the caller.

    Raises `NoSuchFeed`, `NoSuchVersion`, `NotAllowed`, `IdLocked`.
    """
    return set_listed(Identity(package_id, version), actor, listed=True, feed=feed, db=db, clock=clock)
