"""Rederive: extract the metadata of stored packages again from their bytes, after an upgrade that reads more of it.

Each content is one unit of work. It changes facts, nuspec and entries together, and adds an event to every feed that
has the content, so documents and searches follow at the next request. The event contains the old values, so history
keeps them. The comparison is repeated inside the transaction, so no push, unlist or relist is lost. If nothing differs,
only the extractor version is written; by it a second run continues where the first one stopped.

Nothing is lost: a package that can no longer be read, or that reads as another id or version, is left unchanged and
reported by each run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import InvalidPackage
from motherlode.nuget.nupkg import Limits, Nupkg, Strictness, validate_nupkg
from motherlode.nuget.package import Identity
from motherlode.nuget.package_json import EXTRACTOR_VERSION, facts_of
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store import feeds
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import catalog, contents, versions
from motherlode.store.packages.contents import ContentRow
from motherlode.store.packages.versions import Entry
from motherlode.usecases._audit import write_audit
from motherlode.usecases.maintenance.verify import find_difference, name_of

_PAGE: Final = 50
"""Packages per batch: at most this number is read again after a run was killed."""


@dataclass(frozen=True, slots=True)
class Rederived:
    """The number of packages that were read, of those that changed, and of those that had to be left unchanged."""

    packages: int
    changed: int
    left: int


def rederive(
    actor: Actor,
    *,
    feed_names: Sequence[str] = (),
    is_again: bool = False,
    db: Database,
    blobs: Blobs,
    clock: Clock,
    limits: Limits,
    report: Callable[[str], None],
    advance: Callable[[int, int], None],
) -> Rederived:
    """Read again the packages of these feeds, or of all feeds if `feed_names` is empty. Administrators only.

    Reads packages that an older extractor version has read; with `is_again`, all packages. Calls `report` with a
    sentence for each package that is left unchanged, and `advance` with the number of packages read and the total.
    Raises `NotAllowed`, `NoSuchFeed`, `Busy`, `StorageFull`; packages that were already changed stay changed.
    """
    check_may_administer(actor)
    with db.read() as tx:
        feed_ids = [feeds.get(tx, name).id for name in feed_names]
    if is_again:
        with db.write() as tx:
            contents.forget_readings(tx, feed_ids)
    with db.read() as tx:
        total = contents.count_unread(tx, EXTRACTOR_VERSION, feed_ids)
    run = _Run(actor, db, blobs, clock, limits, total)
    packages = left = 0
    for page in _pages(db, feed_ids):
        same = []
        for content in page:
            packages += 1
            try:
                if run.reread(content):
                    same.append(content.id)
            except _Unchanged as reason:
                left += 1
                report(f"{name_of(content, db)}: {reason}")
            advance(packages, max(packages, total))
        run.mark_read(same)
    run.end()
    return Rederived(packages, run.changed, left)


class _Unchanged(Exception):
    """A package is left unchanged: `str()` says why, to be put after its name."""


def _pages(db: Database, feed_ids: Sequence[int]) -> Iterator[Iterator[ContentRow]]:
    """Yield pages of the contents to read, in the order of their ids; each content is looked up when it is reached."""
    last_id = 0
    while True:
        with db.read() as tx:
            ids = contents.unread(tx, EXTRACTOR_VERSION, feed_ids, after=last_id, limit=_PAGE)
        if not ids:
            return
        yield _each(db, ids)
        last_id = ids[-1]


def _each(db: Database, content_ids: Sequence[int]) -> Iterator[ContentRow]:
    for content_id in content_ids:
        with db.read() as tx:
            content = contents.find(tx, content_id)
        if content is not None:
            yield content


@dataclass
class _Run:
    """One run: `changed` counts changed packages, `changes` counts changed versions by feed name."""

    actor: Actor
    db: Database
    blobs: Blobs
    clock: Clock
    limits: Limits
    total: int
    changed: int = 0
    changes: Counter[str] = field(default_factory=Counter)

    def reread(self, content: ContentRow) -> bool:
        """Read a package and store what differs. Returns whether nothing differs. Raises _Unchanged."""
        nupkg = self._read(content)
        with self.db.read() as tx:
            if _is_same(tx, content, nupkg):
                return True
        difference = find_difference(content, self.blobs, lambda _count: None)
        if difference is not None:
            raise _Unchanged(difference)
        self._change(content.id, nupkg)
        crash_point("rederive-committed")
        return False

    def mark_read(self, content_ids: Sequence[int]) -> None:
        """Store that this extractor version has read these contents, which did not change."""
        if content_ids:
            with self.db.write() as tx:
                contents.mark_read(tx, content_ids, EXTRACTOR_VERSION)
            crash_point("rederive-marked")

    def end(self) -> None:
        """Write to the audit log, for each changed feed, how many of its versions were changed."""
        if not self.changes:
            return
        with self.db.write() as tx:
            for feed, changed in sorted(self.changes.items()):
                self._audit(tx, feed, {"changed": changed}, self.clock.now())

    def _read(self, content: ContentRow) -> Nupkg:
        try:
            with self.blobs.open(content.blob) as file:
                verdict = validate_nupkg(file, self.limits, self.clock.now(), Strictness.LENIENT)
        except OSError as error:
            reason = find_difference(content, self.blobs, lambda _count: None)
            raise _Unchanged(reason or f"its blob {content.blob} could not be read ({error.strerror})") from error
        if verdict.nupkg is not None:
            return verdict.nupkg
        reason = find_difference(content, self.blobs, lambda _count: None)
        if reason is not None or verdict.read is None:
            raise _Unchanged(reason or str(InvalidPackage(verdict.faults)))
        # The package was accepted before the rules that it breaks existed, and is served: use what can be read of it.
        return verdict.read

    def _change(self, content_id: int, nupkg: Nupkg) -> None:
        """Store what was read, in one unit of work, unless it is stored already."""
        package = nupkg.package
        with self.db.write() as tx:
            content = contents.find(tx, content_id)
            if content is None:
                return
            contents.mark_read(tx, [content_id], EXTRACTOR_VERSION)
            if _is_same(tx, content, nupkg):
                return
            now = self.clock.now()
            before = _before(content.facts, facts_of(package))
            contents.derive(tx, content_id, nuspec=nupkg.nuspec, facts=facts_of(package))
            versions.derive(tx, content_id, package.identity, is_semver2=package.is_semver2)
            changed = versions.of_content(tx, content_id)
            _check_identity(changed, package.identity)
            names = self._begin(tx, changed, now)
            crash_point("rederive-rows-written")
            for entry in changed:
                catalog.append(tx, entry.feed_id, "rederived", entry, at=now, more={"before": dict(before)})
            crash_point("rederive-before-commit")
        self.changed += 1
        self.changes.update(names)

    def _begin(self, tx: Tx, changed: Sequence[Entry], now: datetime) -> list[str]:
        """Return the names of the entries' feeds. The first change on a feed also writes an audit line in the same
        transaction, so the log names the actor even if the run is killed."""
        all_names = {row.id: row.name for row in feeds.read_all(tx)}
        names = [all_names[entry.feed_id] for entry in changed]
        for feed in dict.fromkeys(names):
            if feed not in self.changes:
                self._audit(tx, feed, {"packages": self.total}, now)
        return names

    def _audit(self, tx: Tx, feed: str, counts: Mapping[str, int], at: datetime) -> None:
        details = {"reading": EXTRACTOR_VERSION, **counts}
        write_audit(tx, self.actor, "rederive", feed=feed, subject=feed, at=at, details=details)


def _is_same(tx: Tx, content: ContentRow, nupkg: Nupkg) -> bool:
    """Whether everything that is stored equals what was read."""
    package = nupkg.package
    return (
        content.facts == facts_of(package)
        and contents.find_nuspec(tx, content.id) == nupkg.nuspec
        and not versions.is_derived_otherwise(tx, content.id, package.identity, is_semver2=package.is_semver2)
    )


def _before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the old values of the facts that differ; None for a fact that was not there."""
    return {name: old.get(name) for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)}


def _check_identity(held: Sequence[Entry], identity: Identity) -> None:
    """Raise `_Unchanged` if the package now reads as another id or version than it was published as."""
    if any((entry.id_key, entry.version_key) != (identity.id.key, identity.version.key) for entry in held):
        raise _Unchanged(
            f"it now reads as {identity}; a package never changes its id and version, so it was not updated"
        )
