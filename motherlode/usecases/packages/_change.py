"""What all changes of a version share: the permission check before it, and the audit line and event that end it.

A refusal discloses nothing: on a feed that the actor may not read, a version of another owner is reported as not found.
A locked id is locked for everyone, administrators included, until an administrator unlocks it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from motherlode.domain.feed_settings import FeedPolicy, parse_feed_policy
from motherlode.domain.permissions import Actor, Ownership
from motherlode.domain.refusals import IdLocked, NoSuchFeed, NoSuchVersion
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.observe.crash import crash_point
from motherlode.store.audit.log import Tail
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages import catalog, versions
from motherlode.store.packages.catalog import Kind
from motherlode.store.packages.versions import Entry, PublishTarget
from motherlode.usecases._audit import write_audit
from motherlode.usecases._visibility import hidden, owners_named

Check = Callable[[Actor, str, PackageId, Ownership], None]
"""Raises `NotAllowed` if the actor may not change the id on the feed: one of the checks in `domain.permissions`."""


@dataclass(frozen=True, slots=True)
class Changeable:
    """A version that the actor may change, and its feed's policy."""

    entry: Entry
    policy: FeedPolicy


def get_place(tx: Tx, identity: Identity, actor: Actor, feed: str) -> PublishTarget:
    """Return the place of the version on the feed, taken or free, as the actor sees it. Raises `NoSuchFeed`."""
    place = versions.find_place(tx, feed, identity.id.key, identity.version.key, actor.account_ids)
    if place is None:
        raise NoSuchFeed(feed)
    return place


def get_changeable(
    tx: Tx, identity: Identity, actor: Actor, feed: str, check_of: Callable[[FeedPolicy], Check]
) -> Changeable:
    """Return the version if the actor passes the check that `check_of` selects for the feed's policy.

    Raises `NoSuchFeed`, `NoSuchVersion`, `NotAllowed`, `IdLocked`.
    """
    place = get_place(tx, identity, actor, feed)
    absent = NoSuchVersion(str(identity))
    entry = versions.find(tx, place.feed_id, identity.id.key, identity.version.key)
    if entry is None:
        raise absent
    policy = parse_feed_policy(place.settings)
    with (
        hidden(actor, feed, place.settings, absent),
        owners_named(tx, identity.id, actor, feed_id=place.feed_id, feed=feed, settings=place.settings),
    ):
        check_of(policy)(actor, feed, identity.id, place.ownership)
    check_unlocked(place, identity.id)
    return Changeable(entry, policy)


def check_unlocked(place: PublishTarget, package_id: PackageId) -> None:
    """Raise `IdLocked` if the id is locked."""
    if place.is_locked:
        raise IdLocked(str(package_id))


def log_change(
    tx: Tx,
    entry: Entry,
    actor: Actor,
    action: str,
    kind: Kind,
    *,
    feed: str,
    at: datetime,
    details: Mapping[str, Any] | None = None,
    reason: str | None = None,
    more: Mapping[str, Any] | None = None,
    after: Tail | None = None,
) -> None:
    """Write the action's audit line, with `details`, and the feed's event, with `more`.

    Call it as the last step of a unit of work. `after` is the audit log's tail if the unit of work has already read it.
    """
    subject = str(entry.identity)
    write_audit(tx, actor, action, feed=feed, subject=subject, at=at, details=details, reason=reason, after=after)
    crash_point(f"{action}-rows-written")
    catalog.append(tx, entry.feed_id, kind, entry, at=at, more=more)
    crash_point(f"{action}-before-commit")
