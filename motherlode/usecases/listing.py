"""What unlist and relist share: a version's listed state, changed once and told to all who follow the catalog.

Whoever may not change a version learns nothing from the refusal: what his key does not cover is not looked for, and
on a feed that he may not read another's version is none.
"""

from typing import Final

from motherlode.domain.ids import PackageId
from motherlode.domain.policy import Actor, check_covers, check_may_ever_unlist, check_may_unlist, expiry_warning
from motherlode.domain.refusals import NoSuchFeed, NoSuchVersion
from motherlode.domain.versions import Version
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import catalog, entries
from motherlode.store.catalog import Kind
from motherlode.store.db import Database, Tx
from motherlode.store.entries import Entry
from motherlode.usecases.auditing import write_audit
from motherlode.usecases.hiding import hidden

_NAMES: Final[dict[bool, tuple[str, Kind]]] = {True: ("relist", "relisted"), False: ("unlist", "unlisted")}


def set_listed(
    package_id: PackageId, version: Version, actor: Actor, *, listed: bool, feed: str, db: Database, clock: Clock
) -> tuple[str, ...]:
    """Make a version listed or not; nothing happens to one that is so already. Returns what the caller should be warned
    of. Raises `NoSuchFeed`, `NoSuchVersion`, `NotAllowed`."""
    check_may_ever_unlist(actor, feed)
    check_covers(actor, package_id)
    with db.read() as tx:
        entry = _get(tx, package_id, version, actor, feed)
    if entry.listed != listed:
        _change(package_id, version, actor, listed=listed, feed=feed, db=db, clock=clock)
    warning = expiry_warning(actor, clock.now())
    return () if warning is None else (warning,)


def _change(
    package_id: PackageId, version: Version, actor: Actor, *, listed: bool, feed: str, db: Database, clock: Clock
) -> None:
    action, event = _NAMES[listed]
    with db.write() as tx:
        entry = _get(tx, package_id, version, actor, feed)
        if entry.listed == listed:
            return
        now = clock.now()
        changed = entries.set_listed(tx, entry, listed=listed, at=now)
        write_audit(tx, actor, action, feed=feed, subject=f"{entry.id_written} {version.normalized}", at=now)
        crash_point(f"{action}-rows-written")
        catalog.append(tx, entry.feed_id, event, changed, at=now)
        crash_point(f"{action}-before-commit")
    crash_point(f"{action}-committed")


def _get(tx: Tx, package_id: PackageId, version: Version, actor: Actor, feed: str) -> Entry:
    """The entry, once it is sure that the actor may change it."""
    place = entries.find_place(tx, feed, package_id.key, version.key, actor.account_ids)
    if place is None:
        raise NoSuchFeed(feed)
    absent = NoSuchVersion(f"{package_id} {version.normalized}")
    entry = entries.find(tx, place.feed_id, package_id.key, version.key)
    if entry is None:
        raise absent
    with hidden(actor, feed, place.settings, absent):
        check_may_unlist(actor, feed, package_id, place.ownership)
    return entry
