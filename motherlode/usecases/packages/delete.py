"""Delete: take a version away as its feed wants it, and say what happened.

    delete = unlist   hidden; whoever uses it still restores it
    delete = soft     gone for readers; its number stays taken, and an administrator can bring it back for a while
    delete = hard     gone, and its number is free; the bytes go once no feed holds them

The way is looked up where the change is made: a feed that was changed a moment ago deletes nothing that it now keeps.
"""

from datetime import timedelta

from motherlode.domain.feed_settings import Deletion, FeedPolicy
from motherlode.domain.permissions import (
    Actor,
    check_covers,
    check_may_delete,
    check_may_ever_take_away,
    check_may_unlist,
    expiry_warning,
)
from motherlode.domain.refusals import ReasonMissing
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import Version
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import deletions, versions
from motherlode.store.packages.versions import Entry
from motherlode.usecases._audit import tidy_reason
from motherlode.usecases.packages._change import Changeable, Check, get_changeable, log_change
from motherlode.usecases.packages.listing import change_listed


def delete(
    package_id: PackageId,
    version: Version,
    actor: Actor,
    *,
    feed: str,
    db: Database,
    clock: Clock,
    reason: str | None = None,
) -> tuple[str, ...]:
    """Take a version away. Returns sentences for the caller: what happened, and what else he should be warned of.

    `reason` is kept in the audit log; a feed may demand one before it deletes for good. Raises `NoSuchFeed`,
    `NoSuchVersion`, `NotAllowed`, `IdLocked`, `ReasonMissing`.
    """
    check_may_ever_take_away(actor, feed)
    check_covers(actor, package_id)
    identity = Identity(package_id, version)
    reason = tidy_reason(reason)
    with db.read() as tx:
        target = _get(tx, identity, actor, feed, reason)
    if target.policy.delete is not Deletion.UNLIST or target.entry.listed:
        target = _take_away(identity, actor, reason, feed=feed, db=db, clock=clock)
    said = f"{target.entry.identity} {_describe(target.policy, clock)}"
    warning = expiry_warning(actor, clock.now())
    return (said,) if warning is None else (said, warning)


def _take_away(
    identity: Identity, actor: Actor, reason: str | None, *, feed: str, db: Database, clock: Clock
) -> Changeable:
    with db.write() as tx:
        target = _get(tx, identity, actor, feed, reason)
        if target.policy.delete is Deletion.UNLIST:
            action = "unlist"
            change_listed(tx, target.entry, actor, listed=False, feed=feed, at=clock.now(), reason=reason)
        else:
            action = "delete"
            _remove(tx, target.entry, actor, target.policy.delete, reason, feed=feed, clock=clock)
    crash_point(f"{action}-committed")
    return target


def _remove(tx: Tx, entry: Entry, actor: Actor, mode: Deletion, reason: str | None, *, feed: str, clock: Clock) -> None:
    now = clock.now()
    if mode is Deletion.SOFT:
        deletions.add(tx, entry, at=now, by=actor.name, reason=reason)
    else:
        versions.remove(tx, entry)
    details = {"mode": mode.value, "sha256": entry.sha256.hex()}
    more = {"mode": mode.value, "reason": reason}
    log_change(tx, entry, actor, "delete", "deleted", feed=feed, at=now, details=details, reason=reason, more=more)


def _get(tx: Tx, identity: Identity, actor: Actor, feed: str, reason: str | None) -> Changeable:
    """The version, once it is sure that the actor may take it away for that reason."""
    target = get_changeable(tx, identity, actor, feed, _check_of)
    policy = target.policy
    if policy.delete is Deletion.HARD and policy.is_delete_reason_required and reason is None:
        raise ReasonMissing
    return target


def _check_of(policy: FeedPolicy) -> Check:
    return check_may_unlist if policy.delete is Deletion.UNLIST else check_may_delete


def _describe(policy: FeedPolicy, clock: Clock) -> str:
    """What became of a version just taken away, to go on after its name."""
    if policy.delete is Deletion.UNLIST:
        return "is unlisted; those who use it can still restore it."
    if policy.delete is Deletion.HARD:
        return "was deleted for good: nobody can restore it any more, and its number is free again."
    until = clock.now() + timedelta(seconds=policy.soft_delete_keep_s)
    return (
        "was deleted: nobody can restore it any more, and its number stays taken; "
        f"an administrator can bring it back until {until:%Y-%m-%d} ('motherlode restore-version')."
    )
