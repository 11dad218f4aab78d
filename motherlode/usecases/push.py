"""Push: accept one package, whole or not at all.

The order is what keeps an acknowledged package safe: the blob is durable under a name of its own before any row names
it, and rows, audit line and catalog event come into being in one transaction. Right and existence are looked at before
the blob is put, so that most refusals store nothing, and again inside the transaction, where the index decides races.
The feed's strictness must be known before its row is looked at; that it still is the same is looked at in there, too.
An id that is new on its feed belongs from then on to the account that pushed it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from motherlode.domain.facts import READING, facts_of
from motherlode.domain.feeds import FeedPolicy, parse_feed_policy
from motherlode.domain.nupkg import Limits, Nupkg, Strictness, read_nupkg
from motherlode.domain.package import Identity
from motherlode.domain.policy import Actor, check_may_push, expiry_warning
from motherlode.domain.refusals import AlreadyExists, Busy, KeyRefused, NoSuchFeed, NotAllowed, PackageTooLarge, Refusal
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import catalog, contents, entries, feeds, owners
from motherlode.store.blobs.base import Blobs, Spool
from motherlode.store.db import Database, Tx
from motherlode.store.entries import Place
from motherlode.usecases.auditing import write_audit
from motherlode.usecases.identify import identify_now

MAX_BLOB_AGE: Final = timedelta(hours=1)
"""A blob older than this is not named any more: whoever collects unnamed blobs may be after it (at 24 hours)."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was stored, and what its publisher should be told: a key that ends, what to mend in the next version."""

    identity: Identity
    warnings: tuple[str, ...] = ()


def push(
    spool: Spool,
    actor: Actor,
    *,
    feed: str,
    db: Database,
    blobs: Blobs,
    clock: Clock,
    limits: Limits,
    strictness: Strictness | None = None,
) -> Pushed:
    """Accept the .nupkg in `spool`, which is finished. `strictness` is the feed's where the caller knows it; None: it
    is looked up. Raises `InvalidPackage`, `PackageTooLarge`, `NotAllowed`, `KeyRefused`, `AlreadyExists`, `NoSuchFeed`,
    `Busy`; whatever is raised, nothing is stored."""
    judged = strictness or find_strictness(db, feed)
    upload = _Upload(spool, read_nupkg(spool.file, limits, clock.now(), judged), feed, judged)
    try:
        return _store(upload, actor, db=db, blobs=blobs, clock=clock)
    except (KeyRefused, NotAllowed) as refusal:
        refusal.subject = str(upload.identity)
        raise


@dataclass(frozen=True, slots=True)
class _Upload:
    """What is being pushed: a package that was read and found sound, as the feed judged at that moment."""

    spool: Spool
    nupkg: Nupkg
    feed: str
    judged: Strictness

    @property
    def identity(self) -> Identity:
        return self.nupkg.package.identity


def _store(upload: _Upload, actor: Actor, *, db: Database, blobs: Blobs, clock: Clock) -> Pushed:
    with db.read() as tx:
        _check(tx, upload, actor)
    put_at = clock.now()
    blob = blobs.put(upload.spool)
    try:
        crash_point("push-blob-put")
        kept = _commit(upload, actor, blob, put_at, db=db, clock=clock)
    except BaseException:
        _take_back(blob, db, blobs)
        raise
    crash_point("push-committed")
    if kept != blob:
        blobs.delete(blob)
    blobs.settle(blob)
    expiry = expiry_warning(actor, clock.now())
    told = (fault.message for fault in upload.nupkg.warnings)
    return Pushed(upload.identity, (*([expiry] if expiry else []), *told))


def find_strictness(db: Database, feed: str) -> Strictness:
    """How the feed judges at this moment. Raises `NoSuchFeed`."""
    with db.read() as tx:
        return parse_feed_policy(feeds.get(tx, feed).settings).strictness


def get_place(tx: Tx, actor: Actor, feed: str, identity: Identity) -> Place:
    """The place that this version would have. Raises `NoSuchFeed`, and `NotAllowed` where the actor may not push it."""
    place = entries.find_place(tx, feed, identity.id.key, identity.version.key, actor.account_ids)
    if place is None:
        raise NoSuchFeed(feed)
    check_may_push(actor, feed, identity.id, place.ownership)
    return place


def find_obstacles(place: Place, policy: FeedPolicy, identity: Identity, size_bytes: int) -> Iterator[Refusal]:
    """Why a sound package of that size cannot have the place, in the order in which a push tells it."""
    if size_bytes > policy.max_package_bytes:
        yield PackageTooLarge(policy.max_package_bytes)
    if place.is_taken:
        yield AlreadyExists(str(identity))


def _check(tx: Tx, upload: _Upload, actor: Actor) -> Place:
    """Refuse what may not be pushed; returns the place it may have."""
    place = get_place(tx, actor, upload.feed, upload.identity)
    policy = parse_feed_policy(place.settings)
    for refusal in find_obstacles(place, policy, upload.identity, upload.spool.size):
        raise refusal
    if policy.strictness is not upload.judged:
        raise Busy  # it was changed a moment ago: the next try is judged by what holds now
    return place


def _check_again(tx: Tx, upload: _Upload, actor: Actor, now: datetime) -> tuple[Actor, Place]:
    """The same once more, now that nobody else changes anything: for the actor as he is at this moment, for a body may
    have been days on its way."""
    place = _check(tx, upload, actor)
    if actor.access in {None, place.access}:
        return actor, place
    actor = identify_now(tx, actor, now)
    return actor, _check(tx, upload, actor)


def _commit(upload: _Upload, actor: Actor, blob: str, put_at: datetime, *, db: Database, clock: Clock) -> str:
    """Write all rows in one transaction; returns the blob they name, another one if the bytes were there before."""
    spool, package = upload.spool, upload.nupkg.package
    with db.write() as tx:
        now = clock.now()
        actor, place = _check_again(tx, upload, actor, now)
        if now - put_at > MAX_BLOB_AGE:
            raise Busy
        content = contents.add(
            tx,
            sha256=spool.sha256,
            sha512=spool.sha512,
            size=spool.size,
            blob=blob,
            nuspec=upload.nupkg.nuspec,
            facts=facts_of(package),
            reading=READING,
            at=now,
        )
        entry = entries.add(tx, place.feed_id, package.identity, content, is_semver2=package.is_semver2, at=now)
        if actor.holder is not None and not place.ownership.is_id_known:
            owners.add_first(tx, place.feed_id, package.identity.id.key, actor.holder.id, now)
        details = {"sha256": spool.sha256.hex(), "bytes": spool.size, "new_id": not place.ownership.is_id_known}
        write_audit(tx, actor, "push", feed=upload.feed, subject=str(package.identity), at=now, details=details)
        crash_point("push-rows-written")
        catalog.append(tx, place.feed_id, "published", entry, at=now)
        crash_point("push-before-commit")
    return content.blob


def _take_back(blob: str, db: Database, blobs: Blobs) -> None:
    """Remove a blob whose push failed, unless the commit went through after all and a row names it."""
    with db.read() as tx:
        is_named = contents.is_named(tx, blob)
    if not is_named:
        blobs.delete(blob)
    blobs.settle(blob)
