"""What all changes of a version share: who may make one, and the audit line and the event that end it.

Whoever may not change a version learns nothing from the refusal: on a feed that he may not read, another's version is
none. A locked id is locked for everybody, administrators included, until one of them unlocks it.
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
"""Refuses an actor who may not change an id on a feed: one of `domain.policy`."""


@dataclass(frozen=True, slots=True)
class Changeable:
    """A version that the actor may change, and how its feed treats it."""

    entry: Entry
    policy: FeedPolicy


def get_place(tx: Tx, identity: Identity, actor: Actor, feed: str) -> PublishTarget:
    """Where the version lies or would lie, as the actor sees it. Raises `NoSuchFeed`."""
    place = versions.find_place(tx, feed, identity.id.key, identity.version.key, actor.account_ids)
    if place is None:
        raise NoSuchFeed(feed)
    return place


def get_changeable(
    tx: Tx, identity: Identity, actor: Actor, feed: str, check_of: Callable[[FeedPolicy], Check]
) -> Changeable:
    """The version, once it is sure that the actor passes the check that is the feed's.

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
    """Refuse to change what is locked. Raises `IdLocked`."""
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
    """Write the action's audit line, with `details`, and the feed's event, with `more`: a unit of work's last step.
    `after` is the audit log's tail, where the unit of work has read it already."""
    subject = str(entry.identity)
    write_audit(tx, actor, action, feed=feed, subject=subject, at=at, details=details, reason=reason, after=after)
    crash_point(f"{action}-rows-written")
    catalog.append(tx, entry.feed_id, kind, entry, at=at, more=more)
    crash_point(f"{action}-before-commit")
