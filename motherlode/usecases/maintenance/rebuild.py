"""Rebuild: create a database from the stored packages when the original database is lost.

Everything that packages do not contain is lost: owners, users, keys, feeds and their settings, deletions, unlistings,
downloads and the audit log. The new feed requires sign-in, so that no one sees more than before. Every file is read and
hashed, newest first; of several packages with the same id and version, the newest is used. Then they are published in
the order in which they were pushed, dated with the times when their files were written.

A file must match the hash in its name, but is not validated again: it was accepted by the rules of its time.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.domain.permissions import Actor
from motherlode.nuget.nupkg import Limits, Nupkg, Strictness, validate_nupkg
from motherlode.nuget.package import Identity
from motherlode.nuget.package_json import EXTRACTOR_VERSION, facts_of
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.blobs.protocol import Blobs, StoredBlob
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import contents, versions
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.maintenance.batches import batches
from motherlode.usecases.packages._change import log_change

SETTINGS: Final = {"read": "authenticated"}
"""Settings of the new feed: the former permissions are lost, so it requires sign-in."""
_BATCH: Final = 50
_PIECE_BYTES: Final = 1 << 20
_REASON: Final = "rebuilt from the stored file after the database was lost"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The number of packages on the new feed, and of skipped files: `older` ones of the same id and version, and
    `unreadable` ones."""

    packages: int
    older: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read and is a package."""

    blob: StoredBlob
    nupkg: Nupkg
    sha256: bytes
    sha512: bytes

    @property
    def identity(self) -> Identity:
        return self.nupkg.package.identity


@dataclass(frozen=True, slots=True)
class _Taken:
    """A package whose content is in the database, and that is to be published."""

    blob: StoredBlob
    identity: Identity
    content_id: int
    is_semver2: bool


class _Unreadable(Exception):
    """A file is not a package, or was changed: `str()` says why, to be put after its name."""


def rebuild(
    feed: str,
    actor: Actor,
    *,
    db: Database,
    blobs: Blobs,
    clock: Clock,
    limits: Limits,
    defaults: FeedPolicy,
    report: Callable[[str], None],
    advance: Callable[[int, int], None],
) -> Rebuilt:
    """Publish all stored packages on a new feed of that name, in a database without packages.

    Calls `report` with a sentence for each skipped file, and `advance` with the number of files read and the total.

    Raises `NotAllowed`, `InvalidSetting`, `FeedExists`, OSError, `StorageFull`; the database is then incomplete and
    must not be used.
    """
    create_feed(feed, SETTINGS, actor, defaults=defaults, db=db, clock=clock)
    newest_first = sorted(blobs.walk(), key=lambda blob: (blob.put_at, blob.name), reverse=True)
    taken: dict[tuple[str, str], _Taken] = {}
    older = unreadable = 0
    for batch in batches(newest_first, _BATCH):
        readable = [read for blob in batch if (read := _read_or_tell(blob, blobs, clock, limits, report))]
        unreadable += len(batch) - len(readable)
        with db.write() as tx:
            for read in readable:
                key = read.identity.id.key, read.identity.version.key
                if key in taken:
                    older += 1
                    report(f"{read.blob.name}: skipped, because {taken[key].blob.name} is a newer {read.identity}")
                else:
                    taken[key] = _take(tx, read)
        advance(len(taken) + older + unreadable, len(newest_first))
    crash_point("rebuild-read")
    _publish(list(taken.values())[::-1], feed, actor, db)
    return Rebuilt(len(taken), older, unreadable)


def _read_or_tell(
    blob: StoredBlob, blobs: Blobs, clock: Clock, limits: Limits, report: Callable[[str], None]
) -> _Read | None:
    try:
        return _read(blob, blobs, clock, limits)
    except _Unreadable as reason:
        report(f"{blob.name}: skipped, because {reason}")
        return None


def _read(blob: StoredBlob, blobs: Blobs, clock: Clock, limits: Limits) -> _Read:
    try:
        with blobs.open(blob.name) as file:
            sha256, sha512 = hashlib.sha256(), hashlib.sha512()
            while piece := file.read(_PIECE_BYTES):
                sha256.update(piece)
                sha512.update(piece)
            if not blob.name.startswith(sha256.hexdigest()):
                raise _Unreadable("its content does not match the hash in its name")
            file.seek(0)
            verdict = validate_nupkg(file, limits, clock.now(), Strictness.LENIENT)
    except OSError as error:
        raise _Unreadable(f"it cannot be read ({error.strerror or error})") from error
    if verdict.readable is None:
        raise _Unreadable(f"it is not a readable package ({verdict.faults[0].message.rstrip('.')})")
    return _Read(blob, verdict.readable, sha256.digest(), sha512.digest())


def _take(tx: Tx, read: _Read) -> _Taken:
    package = read.nupkg.package
    content = contents.add(
        tx,
        sha256=read.sha256,
        sha512=read.sha512,
        size=read.blob.size,
        blob=read.blob.name,
        nuspec=read.nupkg.nuspec,
        facts=facts_of(package),
        reading=EXTRACTOR_VERSION,
        at=read.blob.put_at,
    )
    return _Taken(read.blob, package.identity, content.id, package.is_semver2)


def _publish(oldest_first: Sequence[_Taken], feed: str, actor: Actor, db: Database) -> None:
    seen: set[str] = set()
    for batch in batches(oldest_first, _BATCH):
        with db.write() as tx:
            feed_id = feeds.get(tx, feed).id
            for taken in batch:
                content, at, id_key = contents.get(tx, taken.content_id), taken.blob.put_at, taken.identity.id.key
                entry = versions.add(tx, feed_id, taken.identity, content, is_semver2=taken.is_semver2, at=at)
                details = {"sha256": content.sha256.hex(), "bytes": content.size, "new_id": id_key not in seen}
                log_change(tx, entry, actor, "push", "published", feed=feed, at=at, details=details, reason=_REASON)
                seen.add(id_key)
        crash_point("rebuild-published")
