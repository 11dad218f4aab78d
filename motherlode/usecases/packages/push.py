"""Push: accept one package, completely or not at all. If the feed allows it, replace the existing package.

The order of the steps keeps an acknowledged package safe: the blob is durable under a unique name before any row names
it, and rows, audit line and catalog event are written in one transaction. Permission and existence are checked before
the blob is stored, so most refusals store nothing, and again inside the transaction, where the unique index decides
races. The package is validated with the feed's strictness before the transaction; the transaction checks that the
strictness is still the same. An id that is new on its feed then belongs to the account that pushed it.

A replacement changes one row: readers see the old package with its documents, or the new one with its own. The old
bytes stay until the garbage collector finds that no row names them and that no download can still be reading them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from motherlode.domain.feed_settings import FeedPolicy, parse_feed_policy
from motherlode.domain.permissions import Actor, check_may_push, expiry_warning
from motherlode.domain.refusals import (
    AlreadyExists,
    Busy,
    InvalidPackage,
    KeyRefused,
    NotAllowed,
    PackageTooLarge,
    Refusal,
    WasDeleted,
)
from motherlode.nuget.faults import FaultyPackage
from motherlode.nuget.nupkg import Limits, Nupkg, Strictness, read_nupkg
from motherlode.nuget.package import Identity
from motherlode.nuget.package_json import EXTRACTOR_VERSION, facts_of
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.accounts import owners
from motherlode.store.blobs.protocol import Blobs, Spool
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import contents, versions
from motherlode.store.packages.contents import ContentRow
from motherlode.store.packages.versions import Entry, PublishTarget
from motherlode.usecases._visibility import owners_named
from motherlode.usecases.packages._change import check_unlocked, get_place, log_change
from motherlode.usecases.packages.validation_turns import validation_turn
from motherlode.usecases.sign_in.identify import identify_now

MAX_BLOB_AGE: Final = timedelta(hours=1)
"""A push fails if its blob is older than this: the garbage collector may soon remove it (it waits 24 hours)."""


_RESULTS: Final[dict[str, Literal["pushed", "replaced", "unchanged"]]] = {
    "push": "pushed",
    "replace": "replaced",
    "keep": "unchanged",
}


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was stored, with warnings for the publisher: the key expires soon, a package was replaced, what to improve
    in the next version. `result` is "unchanged" if the same bytes were there already."""

    identity: Identity
    warnings: tuple[str, ...] = ()
    result: Literal["pushed", "replaced", "unchanged"] = "pushed"


@dataclass(frozen=True, slots=True)
class _Upload:
    """A package that is being pushed, already validated; `strictness` is the level it was validated at."""

    spool: Spool
    nupkg: Nupkg
    feed: str
    strictness: Strictness

    @property
    def identity(self) -> Identity:
        return self.nupkg.package.identity


@dataclass(frozen=True, slots=True)
class _Spot:
    """The place that the actor may push to, and the entry that it replaces, if any."""

    place: PublishTarget
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a push did: "push", "replace", or "keep" if the same bytes were there already; `blob` holds the bytes."""

    action: str
    blob: str
    listed: bool = True


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
    """Accept the .nupkg in `spool`, which is finished. `strictness` is the feed's, None to look it up.

    If the feed allows replacing and the same bytes are there already, nothing changes.

    Raises `InvalidPackage`, `PackageTooLarge`, `NotAllowed`, `IdLocked`, `KeyRefused`, `AlreadyExists`, `WasDeleted`,
    `NoSuchFeed`, `Busy`. If anything is raised, nothing is stored."""
    strictness = strictness or find_strictness(db, feed)
    upload = _Upload(spool, _read_nupkg(spool, limits, clock.now(), strictness), feed, strictness)
    try:
        with db.read() as tx:
            outcome = _find_kept(_check(tx, upload, actor), upload)
        outcome = outcome or _store(upload, actor, db=db, blobs=blobs, clock=clock)
    except (KeyRefused, NotAllowed) as refusal:
        refusal.subject = str(upload.identity)
        raise
    return Pushed(upload.identity, _warnings(upload, outcome, actor, clock.now()), _RESULTS[outcome.action])


def _read_nupkg(spool: Spool, limits: Limits, now: datetime, strictness: Strictness) -> Nupkg:
    try:
        with validation_turn(spool.size):
            return read_nupkg(spool.file, limits, now, strictness)
    except FaultyPackage as faulty:
        raise InvalidPackage(faulty.faults) from faulty


def find_strictness(db: Database, feed: str) -> Strictness:
    """Return the feed's current strictness. Raises `NoSuchFeed`."""
    with db.read() as tx:
        return parse_feed_policy(feeds.get(tx, feed).settings).strictness


def get_free_place(tx: Tx, actor: Actor, feed: str, identity: Identity) -> PublishTarget:
    """Return the place of this version on the feed if the actor may push it.

    Raises `NoSuchFeed`, `NotAllowed`, `IdLocked`.
    """
    place = get_place(tx, identity, actor, feed)
    with owners_named(tx, identity.id, actor, feed_id=place.feed_id, feed=feed, settings=place.settings):
        check_may_push(actor, feed, identity.id, place.ownership)
    check_unlocked(place, identity.id)
    return place


def find_obstacles(place: PublishTarget, policy: FeedPolicy, identity: Identity, size_bytes: int) -> Iterator[Refusal]:
    """Yield why a valid package of that size cannot be stored there, in the order in which a push reports it."""
    if size_bytes > policy.max_package_bytes:
        yield PackageTooLarge(policy.max_package_bytes)
    if place.was_deleted:
        yield WasDeleted(str(identity))
    if place.is_taken and not policy.may_replace(identity.version):
        yield AlreadyExists(str(identity))


def _check(tx: Tx, upload: _Upload, actor: Actor) -> _Spot:
    """Return where the upload may be stored. Raises the refusal if the actor or the feed does not allow it."""
    identity = upload.identity
    place = get_free_place(tx, actor, upload.feed, identity)
    policy = parse_feed_policy(place.settings)
    for refusal in find_obstacles(place, policy, identity, upload.spool.size):
        raise refusal
    if policy.strictness is not upload.strictness:
        raise Busy  # the setting has just changed: a retry is validated with the current one
    entry = versions.find(tx, place.feed_id, identity.id.key, identity.version.key) if place.is_taken else None
    return _Spot(place, entry)


def _check_again(tx: Tx, upload: _Upload, actor: Actor, now: datetime) -> tuple[Actor, _Spot]:
    """Check the upload again inside the transaction, where nothing else can change.

    Uses the actor's current permissions: an upload may have taken days.
    """
    spot = _check(tx, upload, actor)
    if actor.access in {None, spot.place.access}:
        return actor, spot
    actor = identify_now(tx, actor, now)
    return actor, _check(tx, upload, actor)


def _find_kept(spot: _Spot, upload: _Upload) -> _Outcome | None:
    """Return the outcome "keep" if the same bytes are there already, or None."""
    entry = spot.entry
    if entry is None or entry.sha256 != upload.spool.sha256:
        return None
    return _Outcome("keep", entry.blob, entry.listed)


def _store(upload: _Upload, actor: Actor, *, db: Database, blobs: Blobs, clock: Clock) -> _Outcome:
    """Store the blob, then write the rows that name it. Deletes the blob if no row names it in the end."""
    put_at = clock.now()
    blob = blobs.put(upload.spool)
    try:
        crash_point("push-blob-put")
        outcome = _commit(upload, actor, blob, put_at, db=db, clock=clock)
    except BaseException:
        _take_back(blob, db, blobs)
        raise
    crash_point(f"{outcome.action}-committed")
    if outcome.blob != blob:
        blobs.delete(blob)
    blobs.confirm(blob)
    return outcome


def _commit(upload: _Upload, actor: Actor, blob: str, put_at: datetime, *, db: Database, clock: Clock) -> _Outcome:
    """Write all rows in one transaction. If the same bytes are stored already, the rows name the existing blob."""
    spool = upload.spool
    with db.write() as tx:
        now = clock.now()
        actor, spot = _check_again(tx, upload, actor, now)
        kept = _find_kept(spot, upload)
        if kept is not None:
            return kept
        if now - put_at > MAX_BLOB_AGE:
            raise Busy
        content = contents.add(
            tx,
            sha256=spool.sha256,
            sha512=spool.sha512,
            size=spool.size,
            blob=blob,
            nuspec=upload.nupkg.nuspec,
            facts=facts_of(upload.nupkg.package),
            reading=EXTRACTOR_VERSION,
            at=now,
        )
        if spot.entry is None:
            return _publish(tx, spot.place, upload, content, actor, at=now)
        return _replace(tx, spot.entry, upload, content, actor, at=now)


def _publish(
    tx: Tx, place: PublishTarget, upload: _Upload, content: ContentRow, actor: Actor, *, at: datetime
) -> _Outcome:
    package = upload.nupkg.package
    entry = versions.add(tx, place.feed_id, package.identity, content, is_semver2=package.is_semver2, at=at)
    is_new = not place.ownership.is_id_known
    if actor.holder is not None and is_new:
        owners.add_first(tx, place.feed_id, package.identity.id.key, actor.holder.id, at)
    details = {"sha256": content.sha256.hex(), "bytes": content.size, "new_id": is_new}
    after = place.audit_tail
    log_change(tx, entry, actor, "push", "published", feed=upload.feed, at=at, details=details, after=after)
    return _Outcome("push", content.blob)


def _replace(tx: Tx, old: Entry, upload: _Upload, content: ContentRow, actor: Actor, *, at: datetime) -> _Outcome:
    package = upload.nupkg.package
    entry = versions.set_content(tx, old, package.identity, content, is_semver2=package.is_semver2, at=at)
    details = {"sha256": content.sha256.hex(), "bytes": content.size, "replaced": old.sha256.hex()}
    log_change(tx, entry, actor, "replace", "replaced", feed=upload.feed, at=at, details=details)
    return _Outcome("replace", content.blob, entry.listed)


def _take_back(blob: str, db: Database, blobs: Blobs) -> None:
    """Delete the blob of a failed push, unless the commit succeeded after all and a row names it."""
    with db.read() as tx:
        is_named = contents.is_named(tx, blob)
    if not is_named:
        blobs.delete(blob)
    blobs.confirm(blob)


def _warnings(upload: _Upload, outcome: _Outcome, actor: Actor, now: datetime) -> tuple[str, ...]:
    first = (expiry_warning(actor, now), _describe(upload.identity, outcome))
    return (*(warning for warning in first if warning), *(fault.message for fault in upload.nupkg.warnings))


def _describe(identity: Identity, outcome: _Outcome) -> str | None:
    """Return what the publisher may not expect, or None."""
    if outcome.action == "push":
        return None
    if outcome.action == "keep":
        return f"{identity} already exists with the same content. Nothing was changed."
    unlisted = "" if outcome.listed else " It stays unlisted."
    return (
        f"{identity} was replaced. Clients that have cached the old package keep it, and lock files with its hash "
        f"reject the new one.{unlisted}"
    )
