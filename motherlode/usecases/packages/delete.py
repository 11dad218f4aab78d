"""Delete a version in the way that its feed is set to, and report what happened.

    delete = unlist   hidden; clients that use it can still restore it
    delete = soft     gone for clients; the version number stays reserved, and an administrator can restore the version
                      for a limited time
    delete = hard     gone for good, and the version number is free again; the file is removed once no feed uses it

The setting is read in the same transaction as the deletion, so a change of the setting takes effect at once.
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
    """Delete a version. Returns sentences for the caller: what happened, then other warnings.

    `reason` is kept in the audit log; a feed may require one for a hard delete. Raises `NoSuchFeed`, `NoSuchVersion`,
    `NotAllowed`, `IdLocked`, `ReasonMissing`.
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
    """Return the version if the actor may delete it, and the reason is given if the feed requires one."""
    target = get_changeable(tx, identity, actor, feed, _check_of)
    policy = target.policy
    if policy.delete is Deletion.HARD and policy.is_delete_reason_required and reason is None:
        raise ReasonMissing
    return target


def _check_of(policy: FeedPolicy) -> Check:
    return check_may_unlist if policy.delete is Deletion.UNLIST else check_may_delete


def _describe(policy: FeedPolicy, clock: Clock) -> str:
    """Describe what happened to the deleted version, as the end of a sentence that begins with its name."""
    if policy.delete is Deletion.UNLIST:
        return "is unlisted. Clients that use it can still restore it."
    if policy.delete is Deletion.HARD:
        return "was deleted permanently. Clients can no longer restore it, and its version number is free again."
    until = clock.now() + timedelta(seconds=policy.soft_delete_keep_s)
    return (
        "was deleted. Clients can no longer restore it, and its version number stays reserved. "
        f"An administrator can bring it back until {until:%Y-%m-%d} ('motherlode restore-version')."
    )
