"""Change a feed's settings: they bind the next request on every worker."""

from collections.abc import Mapping

from motherlode.domain.feeds import format_feed_policy, parse_feed_policy
from motherlode.domain.policy import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.db import Database
from motherlode.store.feeds import FeedRow
from motherlode.usecases.auditing import write_audit


def change_feed(name: str, settings: Mapping[str, str], actor: Actor, *, db: Database, clock: Clock) -> FeedRow:
    """Set these settings and leave the others. Administrators may. Raises `NotAllowed`, `InvalidSetting`, `NoSuchFeed`;
    then nothing is changed."""
    check_may_administer(actor)
    with db.write() as tx:
        row = feeds.get(tx, name)
        policy = parse_feed_policy(settings, parse_feed_policy(row.settings))
        before, after = format_feed_policy(parse_feed_policy(row.settings)), format_feed_policy(policy)
        changed = feeds.change(tx, name, after)
        details = {key: {"from": before[key], "to": value} for key, value in after.items() if before[key] != value}
        write_audit(tx, actor, "change-feed", feed=name, subject=name, at=clock.now(), details=details)
    return changed
