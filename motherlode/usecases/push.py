"""Push: accept one package, whole or not at all; where the feed lets it, in place of the one that is there.

The order is what keeps an acknowledged package safe: the blob is durable under a name of its own before any row names
it, and rows, audit line and catalog event come into being in one transaction. Right and existence are looked at before
the blob is put, so that most refusals store nothing, and again inside the transaction, where the index decides races.
An id that is new on its feed belongs from then on to the account that pushed it.

A replacement is one change of one row: readers see the old package with its documents, or the new one with its own.
The old bytes lie where they lay, until the collector finds that nothing names them and that their readers are through.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.facts import facts_of
from motherlode.domain.feeds import parse_feed_policy
from motherlode.domain.nupkg import Limits, Nupkg, read_nupkg
from motherlode.domain.package import Identity, Package
from motherlode.domain.policy import Actor, check_may_push, expiry_warning
from motherlode.domain.refusals import AlreadyExists, Busy, PackageTooLarge, WasDeleted
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import contents, entries, owners
from motherlode.store.blobs.base import Blobs, Spool
from motherlode.store.contents import ContentRow
from motherlode.store.db import Database, Tx
from motherlode.store.entries import Entry, Place
from motherlode.usecases.changing import check_unlocked, get_place, log_change

MAX_BLOB_AGE: Final = timedelta(hours=1)
"""A blob older than this is not named any more: whoever collects unnamed blobs may be after it (at 24 hours)."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was stored, and what its publisher should be told: what to mend in the next version, what was replaced, or a
    key that ends."""

    identity: Identity
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Spot:
    """The place that a push may have, and the entry that it replaces there."""

    place: Place
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a push did: "push", "replace", or "keep" where the same bytes were there; `blob` is the one they lie in."""

    action: str
    blob: str
    listed: bool = True


def push(spool: Spool, actor: Actor, *, feed: str, db: Database, blobs: Blobs, clock: Clock, limits: Limits) -> Pushed:
    """Accept the .nupkg in `spool`, which is finished. The bytes that are there already change nothing, where others
    would replace them. Raises `InvalidPackage`, `PackageTooLarge`, `NotAllowed`, `IdLocked`, `AlreadyExists`,
    `WasDeleted`, `NoSuchFeed`, `Busy`; whatever is raised, nothing is stored."""
    nupkg = read_nupkg(spool.file, limits, clock.now())
    package = nupkg.package
    with db.read() as tx:
        outcome = _find_kept(_check(tx, spool, actor, feed, package), spool)
    if outcome is None:
        outcome = _store(spool, actor, nupkg, feed=feed, db=db, blobs=blobs, clock=clock)
    return Pushed(package.identity, _warnings(package, outcome, actor, clock.now()))


def _check(tx: Tx, spool: Spool, actor: Actor, feed: str, package: Package) -> _Spot:
    """Refuse what may not be pushed."""
    identity = package.identity
    place = get_place(tx, identity, actor, feed)
    check_may_push(actor, feed, identity.id, place.ownership)
    check_unlocked(place, identity.id)
    policy = parse_feed_policy(place.settings)
    if spool.size > policy.max_package_bytes:
        raise PackageTooLarge(policy.max_package_bytes)
    if place.was_deleted:
        raise WasDeleted(str(identity))
    if not place.is_taken:
        return _Spot(place, None)
    if not policy.may_replace(identity.version):
        raise AlreadyExists(str(identity))
    return _Spot(place, entries.find(tx, place.feed_id, identity.id.key, identity.version.key))


def _find_kept(spot: _Spot, spool: Spool) -> _Outcome | None:
    """What comes of bytes that lie in their place already: nothing."""
    entry = spot.entry
    if entry is None or entry.sha256 != spool.sha256:
        return None
    return _Outcome("keep", entry.blob, entry.listed)


def _store(
    spool: Spool, actor: Actor, nupkg: Nupkg, *, feed: str, db: Database, blobs: Blobs, clock: Clock
) -> _Outcome:
    """Put the blob, then have it named; what is not named in the end goes again."""
    put_at = clock.now()
    blob = blobs.put(spool)
    try:
        crash_point("push-blob-put")
        outcome = _commit(spool, actor, nupkg, blob, put_at, feed=feed, db=db, clock=clock)
    except BaseException:
        _take_back(blob, db, blobs)
        raise
    crash_point(f"{outcome.action}-committed")
    if outcome.blob != blob:
        blobs.delete(blob)
    blobs.settle(blob)
    return outcome


def _commit(
    spool: Spool, actor: Actor, nupkg: Nupkg, blob: str, put_at: datetime, *, feed: str, db: Database, clock: Clock
) -> _Outcome:
    """Write all rows in one transaction; they name another blob if the bytes were there before."""
    with db.write() as tx:
        spot = _check(tx, spool, actor, feed, nupkg.package)
        kept = _find_kept(spot, spool)
        if kept is not None:
            return kept
        now = clock.now()
        if now - put_at > MAX_BLOB_AGE:
            raise Busy
        content = contents.add(
            tx,
            sha256=spool.sha256,
            sha512=spool.sha512,
            size=spool.size,
            blob=blob,
            nuspec=nupkg.nuspec,
            facts=facts_of(nupkg.package),
            at=now,
        )
        if spot.entry is None:
            return _publish(tx, spot.place, nupkg.package, content, actor, feed=feed, at=now)
        return _replace(tx, spot.entry, nupkg.package, content, actor, feed=feed, at=now)


def _publish(
    tx: Tx, place: Place, package: Package, content: ContentRow, actor: Actor, *, feed: str, at: datetime
) -> _Outcome:
    entry = entries.add(tx, place.feed_id, package.identity, content, is_semver2=package.is_semver2, at=at)
    is_new = not place.ownership.is_id_known
    if actor.holder is not None and is_new:
        owners.add_first(tx, place.feed_id, package.identity.id.key, actor.holder.id, at)
    details = {"sha256": content.sha256.hex(), "bytes": content.size, "new_id": is_new}
    log_change(tx, entry, actor, "push", "published", feed=feed, at=at, details=details)
    return _Outcome("push", content.blob)


def _replace(
    tx: Tx, old: Entry, package: Package, content: ContentRow, actor: Actor, *, feed: str, at: datetime
) -> _Outcome:
    entry = entries.set_content(tx, old, package.identity, content, is_semver2=package.is_semver2, at=at)
    details = {"sha256": content.sha256.hex(), "bytes": content.size, "replaced": old.sha256.hex()}
    log_change(tx, entry, actor, "replace", "replaced", feed=feed, at=at, details=details)
    return _Outcome("replace", content.blob, entry.listed)


def _take_back(blob: str, db: Database, blobs: Blobs) -> None:
    """Remove a blob whose push failed, unless the commit went through after all and a row names it."""
    with db.read() as tx:
        is_named = contents.is_named(tx, blob)
    if not is_named:
        blobs.delete(blob)
    blobs.settle(blob)


def _warnings(package: Package, outcome: _Outcome, actor: Actor, now: datetime) -> tuple[str, ...]:
    warnings = (
        None if package.authors else "The package names no authors: say in <authors> who made it.",
        _describe(package.identity, outcome),
        expiry_warning(actor, now),
    )
    return tuple(warning for warning in warnings if warning)


def _describe(identity: Identity, outcome: _Outcome) -> str | None:
    """What its publisher did not see coming."""
    if outcome.action == "push":
        return None
    if outcome.action == "keep":
        return f"{identity} was there already with the same bytes: nothing has changed."
    unlisted = "" if outcome.listed else " It stays unlisted."
    return (
        f"{identity} was replaced: clients that have the old package keep it, and lock files with its hash refuse the "
        f"new one.{unlisted}"
    )
