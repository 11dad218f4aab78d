"""Create a feed: a source of its own, with its own packages and settings."""

from collections.abc import Mapping

from motherlode.domain.feed_settings import (
    FeedPolicy,
    describe_feed_policy,
    format_feed_policy,
    parse_feed_name,
    parse_feed_policy,
)
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.database.sqlite import Database
from motherlode.store.feeds import FeedRow
from motherlode.usecases._audit import write_audit


def create_feed(
    name: str, settings: Mapping[str, str], actor: Actor, *, defaults: FeedPolicy, db: Database, clock: Clock
) -> FeedRow:
    """Make a feed with the server's defaults and these settings. Administrators may. Raises `NotAllowed`,
    `InvalidSetting`, `FeedExists`."""
    check_may_administer(actor)
    policy = parse_feed_policy(settings, defaults)
    name = parse_feed_name(name)
    with db.write() as tx:
        now = clock.now()
        row = feeds.add(tx, name, format_feed_policy(policy), now)
        write_audit(tx, actor, "create-feed", feed=name, subject=name, at=now, details=describe_feed_policy(policy))
    return row
