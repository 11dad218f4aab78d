"""Replays a feed's events and compares the result with the feed's rows.

The events are complete: the last event of a version contains everything that its entry contains. So entries, deletions,
packages and the head must be exactly what the events add up to. The caller reads everything in one transaction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import InvalidVersion, parse_version
from motherlode.store.database.sqlite import Tx
from motherlode.store.feeds import FeedRow
from motherlode.store.packages import scan
from motherlode.store.packages.catalog import Event
from motherlode.store.packages.scan import ScannedEntry

Report = Callable[[str], None]
Key = tuple[str, str]
"""Id key and version key."""

_FIELDS = ("id", "version", "sha256", "listed", "pushed_at", "is_semver2")


@dataclass(frozen=True, slots=True)
class _Last:
    """The last event of a version; `said` are the entry's values according to it, in the order of `_FIELDS`."""

    number: int
    at: datetime
    is_deleted: bool
    is_kept: bool
    said: tuple[Any, ...]


@dataclass(slots=True)
class _Log:
    """The result of replaying the events of a feed."""

    number: int = 0
    at: datetime | None = None
    last: dict[Key, _Last] = field(default_factory=dict)
    packages: dict[str, tuple[int, datetime]] = field(default_factory=dict)


def verify_log(tx: Tx, feed: FeedRow, report: Report) -> int:
    """Report a sentence for each difference between the feed's events and its rows. Returns the number of events."""
    log = _Log()
    for sentence in _find_differences(tx, feed, log):
        report(f"{feed.name}: {sentence}")
    return log.number


def _find_differences(tx: Tx, feed: FeedRow, log: _Log) -> Iterator[str]:
    yield from _replay(tx, feed, log)
    yield from _compare_entries(tx, feed, log)
    yield from _compare_deletions(tx, feed, log)
    yield from _compare_packages(tx, feed, log)
    yield from _compare_head(feed, log)


def _replay(tx: Tx, feed: FeedRow, log: _Log) -> Iterator[str]:
    for event in scan.events(tx, feed.id):
        if event.number != log.number + 1:
            yield f"{_range(log.number + 1, event.number - 1)} missing"
        if log.at is not None and event.at < log.at:
            yield f"event {event.number} is dated before the previous event"
        log.number, log.at = event.number, max(event.at, log.at or event.at)
        log.last[event.id_key, event.version_key] = _last_of(event)
        log.packages[event.id_key] = (event.number, event.at)


def _range(first: int, last: int) -> str:
    return f"event {first} is" if first == last else f"events {first} to {last} are"


def _last_of(event: Event) -> _Last:
    is_deleted = event.kind == "deleted"
    said = tuple(event.details.get(name) for name in _FIELDS)
    return _Last(event.number, event.at, is_deleted, is_deleted and event.details.get("mode") == "soft", said)


def _compare_entries(tx: Tx, feed: FeedRow, log: _Log) -> Iterator[str]:
    left = {key for key, last in log.last.items() if not last.is_deleted}
    for entry in scan.entries(tx, feed.id):
        key = entry.id_key, entry.version_key
        name = f"{entry.id_written} {entry.version_written}"
        left.discard(key)
        last = log.last.get(key)
        if last is None or last.is_deleted:
            what = "no event mentions it" if last is None else f"event {last.number} deleted it"
            yield f"{name} exists, but {what}"
            continue
        for field_name, found, said in _unlike(entry, last):
            yield f"{name} has {field_name} {found}, but event {last.number} says {said}"
        yield from (f"{name} has a {wrong} that does not match its id and version" for wrong in _find_wrong_keys(entry))
    for id_key, version_key in sorted(left):
        number = log.last[id_key, version_key].number
        yield f"{id_key} {version_key} is missing, but event {number} says that it exists"


def _unlike(entry: ScannedEntry, last: _Last) -> Iterator[tuple[str, Any, Any]]:
    """Yield the differences between an entry and its last event: the name, the value found, the event's value."""
    found: tuple[Any, ...] = (
        entry.id_written,
        entry.version_written,
        entry.sha256.hex(),
        entry.listed,
        entry.pushed_at.isoformat(),
        entry.is_semver2,
    )
    names = (*_FIELDS, "revision", "changed_at")
    is_so = (*found, entry.revision, entry.changed_at.isoformat())
    said = (*last.said, last.number, last.at.isoformat())
    return (each for each in zip(names, is_so, said, strict=True) if each[1] != each[2])


def _find_wrong_keys(entry: ScannedEntry) -> Iterator[str]:
    """Yield the columns that are derived from id and version, and do not match them."""
    try:
        version = parse_version(entry.version_written)
    except InvalidVersion:
        yield "version"
        return
    follows = {
        "id_key": PackageId(entry.id_written).key,
        "version_key": version.key,
        "sort_key": version.sort_key,
        "is_prerelease": version.is_prerelease,
    }
    yield from (name for name, value in follows.items() if getattr(entry, name) != value)


def _compare_deletions(tx: Tx, feed: FeedRow, log: _Log) -> Iterator[str]:
    left = {key for key, last in log.last.items() if last.is_kept}
    for deletion in scan.deletions(tx, feed.id):
        key = deletion.id_key, deletion.version_key
        last = log.last.get(key)
        if last is None or not last.is_kept:
            yield f"{' '.join(key)} has a deletion record, but no event says that it was soft-deleted"
        elif deletion.sha256 is not None and deletion.sha256.hex() != last.said[_FIELDS.index("sha256")]:
            yield f"{' '.join(key)} was soft-deleted, but the content kept for it has another sha256"
        left.discard(key)
    for key in sorted(left):
        yield f"{' '.join(key)} was soft-deleted, but its deletion record is missing"


def _compare_packages(tx: Tx, feed: FeedRow, log: _Log) -> Iterator[str]:
    left = dict(log.packages)
    for package in scan.packages(tx, feed.id):
        said = left.pop(package.id_key, None)
        if said is None:
            yield f"the id {package.id_key} exists, but no event mentions it"
        elif (package.revision, package.changed_at) != said:
            yield f"the id {package.id_key} has revision {package.revision}, but its last event is {said[0]}"
    for id_key in sorted(left):
        yield f"the id {id_key} is missing, but event {left[id_key][0]} mentions it"


def _compare_head(feed: FeedRow, log: _Log) -> Iterator[str]:
    if feed.head != log.number:
        yield f"the head is {feed.head}, but the last event is {log.number}"
    elif log.at is not None and feed.head_at != log.at:
        yield f"the head is dated {feed.head_at.isoformat()}, but the last event {log.at.isoformat()}"
