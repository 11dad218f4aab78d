"""Feeds: create, change and delete them. New settings take effect with the next request, in every worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from motherlode.domain.feed_settings import (
    DEFAULT_FEED,
    FeedPolicy,
    describe_feed_policy,
    format_feed_policy,
    parse_feed_name,
    parse_feed_policy,
)
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import DefaultFeedKept, FeedNotEmpty
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.feeds import FeedRow
from motherlode.usecases._audit import write_audit


def create_feed(
    name: str, settings: Mapping[str, str], actor: Actor, *, defaults: FeedPolicy, db: Database, clock: Clock
) -> FeedRow:
    """Create a feed with the server's defaults and these settings. Administrators only.

    Raises `NotAllowed`, `InvalidSetting`, `FeedExists`.
    """
    check_may_administer(actor)
    policy = parse_feed_policy(settings, defaults)
    name = parse_feed_name(name)
    with db.write() as tx:
        now = clock.now()
        row = feeds.add(tx, name, format_feed_policy(policy), now)
        write_audit(tx, actor, "create-feed", feed=name, subject=name, at=now, details=describe_feed_policy(policy))
    return row


def change_feed(name: str, settings: Mapping[str, str], actor: Actor, *, db: Database, clock: Clock) -> FeedRow:
    """Change these settings and keep the others. Administrators only.

    Raises `NotAllowed`, `InvalidSetting`, `NoSuchFeed`; then nothing is changed.
    """
    check_may_administer(actor)
    with db.write() as tx:
        row = feeds.get(tx, name)
        before = parse_feed_policy(row.settings)
        after = parse_feed_policy(settings, before)
        changed = feeds.change(tx, name, format_feed_policy(after))
        details = _describe_change(before, after)
        write_audit(tx, actor, "change-feed", feed=name, subject=name, at=clock.now(), details=details)
    return changed


def _describe_change(before: FeedPolicy, after: FeedPolicy) -> dict[str, dict[str, str]]:
    """Return the old and new value of each changed setting, as shown to users."""
    old, new = describe_feed_policy(before), describe_feed_policy(after)
    values = format_feed_policy(before)
    return {
        key: {"from": old[key], "to": new[key]}
        for key, value in format_feed_policy(after).items()
        if values[key] != value
    }


@dataclass(frozen=True, slots=True)
class DeletedFeed:
    """What was deleted with a feed: the number of versions, and the ids of revoked keys, which were for it only."""

    versions: int
    revoked_keys: tuple[str, ...]


def delete_feed(name: str, actor: Actor, *, with_packages: bool, db: Database, clock: Clock) -> DeletedFeed:
    """Delete the feed with its versions, owners, roles, downloads and events. Its id and event numbers are not reused.

    A new feed of the same name starts empty, and keys that named the deleted feed do not work there. Administrators
    only. Raises `NotAllowed`, `NoSuchFeed`, `DefaultFeedKept`, and `FeedNotEmpty` if the feed has versions and
    `with_packages` is False; then nothing is changed.
    """
    check_may_administer(actor)
    with db.write() as tx:
        feed = feeds.get(tx, name)
        if feed.name == DEFAULT_FEED:
            raise DefaultFeedKept(name)
        versions = feeds.count_versions(tx, feed.id)
        if versions and not with_packages:
            raise FeedNotEmpty(name, versions)
        now = clock.now()
        revoked = _take_from_keys(tx, name, now)
        feeds.remove(tx, feed, now)
        details = {"feed_id": feed.id, "last_event": feed.head, "versions": versions, "revoked_keys": list(revoked)}
        write_audit(tx, actor, "delete-feed", feed=name, subject=name, at=now, details=details)
        crash_point("feed-delete-before-commit")
    crash_point("feed-delete-committed")
    return DeletedFeed(versions, revoked)


def _take_from_keys(tx: Tx, name: str, at: datetime) -> tuple[str, ...]:
    """Remove the feed from all keys and revoke keys that were for this feed only. Returns the ids of revoked keys."""
    revoked = []
    for key in api_keys.read_all(tx, (api_keys.API, api_keys.VERIFICATION)):
        if key.feeds is None or name not in key.feeds:
            continue
        left = tuple(feed for feed in key.feeds if feed != name)
        api_keys.set_feeds(tx, key.id, left)
        if not left and key.revoked_at is None:
            api_keys.revoke(tx, key.id, at)
            revoked.append(key.id)
    return tuple(revoked)
