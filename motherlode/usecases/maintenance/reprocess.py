"""Rederive: read stored packages again from their bytes, so that documents say what today's reader reads.

Each content is one unit of work: facts, nuspec and entries become others together with an event on every feed that
holds it, so that documents and searches follow at the next request, and with what was said before in the event, so that
history keeps it. The comparison is made again inside, on rows that nobody else writes meanwhile: no push, unlist or
relist is lost. What comes out the same writes nothing but the number of the reader, by which a second run finds where
the first one was stopped.

Nothing is ever lost by reading: what can no longer be read, and what reads as another id or version, stays as it was
and is reported, at each run anew.
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
"""So many packages at most are read once more after a run was killed."""


@dataclass(frozen=True, slots=True)
class Rederived:
    """How many packages were read, how many of them say something else now, and how many had to stay as they were."""

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
    """Read again all packages of those feeds (of all feeds, if there are none) that an older reader has read; with
    `is_again` all of them. Administrators may. `report` is told a sentence for each that stays as it was, `advance` how
    many are read and how many there are. Raises `NotAllowed`, `NoSuchFeed`, `Busy`, `StorageFull`; what was done until
    then stays done."""
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
            except _Left as reason:
                left += 1
                report(f"{name_of(content, db)}: {reason}")
            advance(packages, max(packages, total))
        run.mark_read(same)
    run.end()
    return Rederived(packages, run.changed, left)


class _Left(Exception):
    """A package stays as it was: `str()` says why, in words that follow its name."""


def _pages(db: Database, feed_ids: Sequence[int]) -> Iterator[Iterator[ContentRow]]:
    """The contents to be read, in the order of their ids; each is looked up when its turn comes."""
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
    """One run: `changes` counts the versions that say something else now, by their feeds' names."""

    actor: Actor
    db: Database
    blobs: Blobs
    clock: Clock
    limits: Limits
    total: int
    changed: int = 0
    changes: Counter[str] = field(default_factory=Counter)

    def reread(self, content: ContentRow) -> bool:
        """Read a package and write down what differs; whether nothing does. Raises _Left."""
        nupkg = self._read(content)
        with self.db.read() as tx:
            if _is_same(tx, content, nupkg):
                return True
        difference = find_difference(content, self.blobs, lambda _count: None)
        if difference is not None:
            raise _Left(difference)
        self._change(content.id, nupkg)
        crash_point("rederive-committed")
        return False

    def mark_read(self, content_ids: Sequence[int]) -> None:
        """Note that these came out the same."""
        if content_ids:
            with self.db.write() as tx:
                contents.mark_read(tx, content_ids, EXTRACTOR_VERSION)
            crash_point("rederive-marked")

    def end(self) -> None:
        """Write down for each feed how many of its versions were changed."""
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
            raise _Left(reason or f"its blob {content.blob} could not be read ({error.strerror})") from error
        if verdict.nupkg is not None:
            return verdict.nupkg
        reason = find_difference(content, self.blobs, lambda _count: None)
        if reason is not None or verdict.read is None:
            raise _Left(reason or str(InvalidPackage(verdict.faults)))
        # It was taken before there were the rules that it breaks, and is served: say what is read of it today.
        return verdict.read

    def _change(self, content_id: int, nupkg: Nupkg) -> None:
        """Write down what was read, in one unit of work, unless it is written already."""
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
        """The feeds' names of these entries; the first time that any of a feed is changed, that is written down with
        it: who did it is known also when the run is killed."""
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
    """Whether everything that is stored is what was read."""
    package = nupkg.package
    return (
        content.facts == facts_of(package)
        and contents.find_nuspec(tx, content.id) == nupkg.nuspec
        and not versions.is_derived_otherwise(tx, content.id, package.identity, is_semver2=package.is_semver2)
    )


def _before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of the package until now, where that is something else; None for what was not said."""
    return {name: old.get(name) for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)}


def _check_identity(held: Sequence[Entry], identity: Identity) -> None:
    """Refuse what reads as another id or version than it was published as."""
    if any((entry.id_key, entry.version_key) != (identity.id.key, identity.version.key) for entry in held):
        raise _Left(f"it reads as {identity} now; an id and version never change, so it stays as it was")
