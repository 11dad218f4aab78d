"""Delete a feed for good, with all that belongs to it."""

from dataclasses import dataclass
from datetime import datetime

from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import DefaultFeedKept, FeedNotEmpty
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database, Tx
from motherlode.usecases._audit import write_audit


@dataclass(frozen=True, slots=True)
class DeletedFeed:
    """What went with a feed: how many versions, and the ids of keys that were for this feed alone."""

    versions: int
    revoked_keys: tuple[str, ...]


def delete_feed(name: str, actor: Actor, *, with_packages: bool, db: Database, clock: Clock) -> DeletedFeed:
    """Delete the feed, its versions, owners, roles, downloads and events. Its id and its event numbers never come back.

    A feed that is made later under the same name begins empty: keys that named the deleted one are no good there.
    Administrators may. Raises `NotAllowed`, `NoSuchFeed`, `DefaultFeedKept`, and `FeedNotEmpty` for a feed that has
    versions unless `with_packages`; then nothing is changed.
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
    """Take the feed out of every key; returns the ids of those that are revoked, because they were for it alone."""
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
