"""Follows the catalog heads, so that cached data is never older than an acknowledged change.

Every request first calls `is_current`: a cheap check, made after the request arrived, whether anything was committed
since the last `catch_up`. Only then does `catch_up` read the heads of all feeds and drop the changed documents. It also
reads the feeds and their settings, so that a change takes effect with the next request, and the version of the
permissions, which invalidates everything cached about callers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from typing import Final

from motherlode.domain.feed_settings import FeedPolicy, parse_feed_policy
from motherlode.projections.documents.cache import Documents
from motherlode.store import feeds
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.feeds import FeedRow
from motherlode.store.packages import catalog, downloads

_MAX_FOLLOWED: Final = 1_000
"""Max events that are followed one by one; if more are missing, all documents of the feed are dropped."""


@dataclass(frozen=True, slots=True)
class FeedBranding:
    """How a feed presents itself, from its settings: `title` is the feed's name if no title is set, `about` is plain
    text or "", `logo` is the media type of its logo, or None without a logo."""

    name: str
    title: str
    about: str
    logo: str | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as of its last event (number `head`) and its last batch of download counts (number `counted`).

    `policy` and `face` are parsed from the texts in `settings`. `access` is the number of the last change of
    permissions, which include ownership.
    """

    id: int
    name: str
    policy: FeedPolicy
    head: int
    counted: int
    created_at: datetime
    face: FeedBranding
    settings: Mapping[str, str] = field(compare=False, repr=False)
    access: int = 0


@dataclass(frozen=True)
class FeedsSnapshot:
    """All feeds by name as of one `catch_up`; `access` is the number of the last change of permissions."""

    feeds: Mapping[str, Feed]
    access: int

    @cached_property
    def has_private_feeds(self) -> bool:
        """Whether any feed is private. If so, a feed that does not exist must look like a private one."""
        return any(feed.policy.is_private for feed in self.feeds.values())

    @cached_property
    def max_package_bytes(self) -> int:
        """The largest package size that any feed accepts, in bytes; 0 without feeds."""
        return max((feed.policy.max_package_bytes for feed in self.feeds.values()), default=0)


class Follower:
    """The one follower of a worker; safe to call from any thread."""

    def __init__(self, db: Database, documents: Documents) -> None:
        self._db = db
        self._documents = documents
        self._lock = Lock()
        self._checking = Lock()
        self._seen: int | None = None
        self._standing = FeedsSnapshot(MappingProxyType({}), 0)

    def is_current(self) -> bool:
        """Whether nothing was committed since the last `catch_up`; takes microseconds and never blocks."""
        return self._check() == self._seen

    def catch_up(self) -> None:
        """Read all feeds again, and drop outdated documents. Concurrent callers share one reading."""
        with self._lock:
            seen = self._check()
            if seen == self._seen:
                return
            with self._db.read() as tx:
                rows = feeds.read_all(tx)
                followed = MappingProxyType({row.name: self._follow(tx, row) for row in rows})
            for gone in {feed.id for feed in self._standing.feeds.values()} - {row.id for row in rows}:
                self._documents.forget(gone)
            self._standing = FeedsSnapshot(followed, max((row.access for row in rows), default=0))
            self._seen = seen

    @property
    def snapshot(self) -> FeedsSnapshot:
        """The feeds as of the last `catch_up`."""
        return self._standing

    def _check(self) -> int:
        with self._checking:
            return self._db.head_check()

    def _follow(self, tx: Tx, row: FeedRow) -> Feed:
        known = self._standing.feeds.get(row.name)
        if known is not None and known.id != row.id:
            known = None  # a deleted feed had the same name
        if known is None or row.head != known.head:
            self._documents.advance(row.id, row.head, self._changed(tx, row, known))
        if known is None or row.counted != known.counted:
            self._documents.advance_counts(row.id, row.counted, self._counted(tx, row, known))
        if known is not None and known.settings == row.settings:
            return replace(known, head=row.head, counted=row.counted, access=row.access)
        policy = parse_feed_policy(row.settings)
        face = _face_of(row.name, policy)
        return Feed(row.id, row.name, policy, row.head, row.counted, row.created_at, face, row.settings, row.access)

    def _changed(self, tx: Tx, row: FeedRow, known: Feed | None) -> set[str] | None:
        if known is None or row.head - known.head > _MAX_FOLLOWED:
            return None
        if row.head == known.head + 1 and row.head_id_key is not None:
            return {row.head_id_key}
        return set(catalog.changed_since(tx, row.id, known.head, _MAX_FOLLOWED)[1])

    def _counted(self, tx: Tx, row: FeedRow, known: Feed | None) -> set[str] | None:
        if known is None:
            return None
        changed = downloads.changed_since(tx, row.id, known.counted, _MAX_FOLLOWED)
        return set(changed) if len(changed) < _MAX_FOLLOWED else None


def _face_of(name: str, policy: FeedPolicy) -> FeedBranding:
    logo = None if policy.logo is None else policy.logo.media_type
    return FeedBranding(name, policy.title or name, policy.about, logo)
