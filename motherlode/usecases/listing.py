"""What unlist and relist share: a version's listed state, changed once and told to all who follow the catalog."""

from typing import Final

from motherlode.domain.ids import PackageId
from motherlode.domain.policy import Actor, check_may_unlist
from motherlode.domain.refusals import NoSuchVersion
from motherlode.domain.versions import Version
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import catalog, entries, feeds
from motherlode.store.catalog import Kind
from motherlode.store.db import Database, Tx
from motherlode.store.entries import Entry
from motherlode.usecases.auditing import write_audit

_NAMES: Final[dict[bool, tuple[str, Kind]]] = {True: ("relist", "relisted"), False: ("unlist", "unlisted")}


def set_listed(
    package_id: PackageId, version: Version, actor: Actor, *, listed: bool, feed: str, db: Database, clock: Clock
) -> None:
    """Make a version listed or not; nothing happens to one that is so already. Raises `NoSuchVersion`, `NotAllowed`."""
    with db.read() as tx:
        entry = _get(tx, package_id, version, feed)
    check_may_unlist(actor, feed, package_id)
    if entry.listed == listed:
        return
    action, event = _NAMES[listed]
    with db.write() as tx:
        entry = _get(tx, package_id, version, feed)
        if entry.listed == listed:
            return
        now = clock.now()
        changed = entries.set_listed(tx, entry, listed=listed, at=now)
        write_audit(tx, actor, action, feed=feed, subject=f"{entry.id_written} {version.normalized}", at=now)
        crash_point(f"{action}-rows-written")
        catalog.append(tx, entry.feed_id, event, changed, at=now)
        crash_point(f"{action}-before-commit")
    crash_point(f"{action}-committed")


def _get(tx: Tx, package_id: PackageId, version: Version, feed: str) -> Entry:
    entry = entries.find(tx, feeds.get(tx, feed).id, package_id.key, version.key)
    if entry is None:
        raise NoSuchVersion(f"{package_id} {version.normalized}")
    return entry
