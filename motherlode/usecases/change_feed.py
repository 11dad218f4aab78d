"""Change a feed's settings: they bind the next request on every worker."""

from collections.abc import Mapping

from motherlode.domain.feed_settings import FeedPolicy, describe_feed_policy, format_feed_policy, parse_feed_policy
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.database.sqlite import Database
from motherlode.store.feeds import FeedRow
from motherlode.usecases._audit import write_audit


def change_feed(name: str, settings: Mapping[str, str], actor: Actor, *, db: Database, clock: Clock) -> FeedRow:
    """Set these settings and leave the others. Administrators may. Raises `NotAllowed`, `InvalidSetting`, `NoSuchFeed`;
    then nothing is changed."""
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
    """What was changed, and from what to what, as people are told it."""
    old, new = describe_feed_policy(before), describe_feed_policy(after)
    values = format_feed_policy(before)
    return {
        key: {"from": old[key], "to": new[key]}
        for key, value in format_feed_policy(after).items()
        if values[key] != value
    }
