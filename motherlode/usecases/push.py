"""Push: accept one package, whole or not at all.

The order is what keeps an acknowledged package safe: the blob is durable under a name of its own before any row names
it, and rows, audit line and catalog event come into being in one transaction. Right and existence are looked at before
the blob is put, so that most refusals store nothing, and again inside the transaction, where the index decides races.
An id that is new on its feed belongs from then on to the account that pushed it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.facts import facts_of
from motherlode.domain.feeds import parse_feed_policy
from motherlode.domain.nupkg import Limits, Nupkg, read_nupkg
from motherlode.domain.package import Identity, Package
from motherlode.domain.policy import Actor, check_may_push, expiry_warning
from motherlode.domain.refusals import AlreadyExists, Busy, KeyRefused, NoSuchFeed, NotAllowed, PackageTooLarge
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import catalog, contents, entries, owners
from motherlode.store.blobs.base import Blobs, Spool
from motherlode.store.db import Database, Tx
from motherlode.store.entries import Place
from motherlode.usecases.auditing import write_audit
from motherlode.usecases.identify import identify_now

MAX_BLOB_AGE: Final = timedelta(hours=1)
"""A blob older than this is not named any more: whoever collects unnamed blobs may be after it (at 24 hours)."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was stored, and what its publisher should be told: what to mend in the next version, or a key that ends."""

    identity: Identity
    warnings: tuple[str, ...] = ()


def push(spool: Spool, actor: Actor, *, feed: str, db: Database, blobs: Blobs, clock: Clock, limits: Limits) -> Pushed:
    """Accept the .nupkg in `spool`, which is finished. Raises `InvalidPackage`, `PackageTooLarge`, `NotAllowed`,
    `KeyRefused`, `AlreadyExists`, `NoSuchFeed`, `Busy`; whatever is raised, nothing is stored."""
    nupkg = read_nupkg(spool.file, limits, clock.now())
    try:
        return _store(spool, actor, nupkg, feed=feed, db=db, blobs=blobs, clock=clock)
    except (KeyRefused, NotAllowed) as refusal:
        refusal.subject = str(nupkg.package.identity)
        raise


def _store(spool: Spool, actor: Actor, nupkg: Nupkg, *, feed: str, db: Database, blobs: Blobs, clock: Clock) -> Pushed:
    package = nupkg.package
    with db.read() as tx:
        _check(tx, spool, actor, feed, package)
    put_at = clock.now()
    blob = blobs.put(spool)
    try:
        crash_point("push-blob-put")
        kept = _commit(spool, actor, nupkg, blob, put_at, feed=feed, db=db, clock=clock)
    except BaseException:
        _take_back(blob, db, blobs)
        raise
    crash_point("push-committed")
    if kept != blob:
        blobs.delete(blob)
    blobs.settle(blob)
    return Pushed(package.identity, _warnings(package, actor, clock.now()))


def _check(tx: Tx, spool: Spool, actor: Actor, feed: str, package: Package) -> Place:
    """Refuse what may not be pushed; returns the place it may have."""
    package_id, version = package.identity.id, package.identity.version
    place = entries.find_place(tx, feed, package_id.key, version.key, actor.account_ids)
    if place is None:
        raise NoSuchFeed(feed)
    check_may_push(actor, feed, package_id, place.ownership)
    max_bytes = parse_feed_policy(place.settings).max_package_bytes
    if spool.size > max_bytes:
        raise PackageTooLarge(max_bytes)
    if place.is_taken:
        raise AlreadyExists(str(package.identity))
    return place


def _commit(
    spool: Spool, actor: Actor, nupkg: Nupkg, blob: str, put_at: datetime, *, feed: str, db: Database, clock: Clock
) -> str:
    """Write all rows in one transaction; returns the blob they name, another one if the bytes were there before."""
    package = nupkg.package
    with db.write() as tx:
        now = clock.now()
        actor, place = _check_again(tx, spool, actor, feed, package, now)
        if now - put_at > MAX_BLOB_AGE:
            raise Busy
        content = contents.add(
            tx,
            sha256=spool.sha256,
            sha512=spool.sha512,
            size=spool.size,
            blob=blob,
            nuspec=nupkg.nuspec,
            facts=facts_of(package),
            at=now,
        )
        entry = entries.add(tx, place.feed_id, package.identity, content, is_semver2=package.is_semver2, at=now)
        if actor.holder is not None and not place.ownership.is_id_known:
            owners.add_first(tx, place.feed_id, package.identity.id.key, actor.holder.id, now)
        details = {"sha256": spool.sha256.hex(), "bytes": spool.size, "new_id": not place.ownership.is_id_known}
        write_audit(tx, actor, "push", feed=feed, subject=str(package.identity), at=now, details=details)
        crash_point("push-rows-written")
        catalog.append(tx, place.feed_id, "published", entry, at=now)
        crash_point("push-before-commit")
    return content.blob


def _check_again(tx: Tx, spool: Spool, actor: Actor, feed: str, package: Package, now: datetime) -> tuple[Actor, Place]:
    """The same once more, now that nobody else changes anything: for the actor as he is at this moment, for a body may
    have been days on its way."""
    place = _check(tx, spool, actor, feed, package)
    if actor.access in {None, place.access}:
        return actor, place
    actor = identify_now(tx, actor, now)
    return actor, _check(tx, spool, actor, feed, package)


def _take_back(blob: str, db: Database, blobs: Blobs) -> None:
    """Remove a blob whose push failed, unless the commit went through after all and a row names it."""
    with db.read() as tx:
        is_named = contents.is_named(tx, blob)
    if not is_named:
        blobs.delete(blob)
    blobs.settle(blob)


def _warnings(package: Package, actor: Actor, now: datetime) -> tuple[str, ...]:
    no_authors = None if package.authors else "The package names no authors: say in <authors> who made it."
    return tuple(warning for warning in (no_authors, expiry_warning(actor, now)) if warning)
