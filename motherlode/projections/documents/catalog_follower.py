"""Follows the catalog heads, so that what is in memory is never older than what was acknowledged.

Every request first asks `is_current`: a cheap check whether anything was committed since the last look, made after the
request arrived. Only if so, `catch_up` reads the heads of all feeds and drops the documents of what changed.
Feeds and their settings are read with it, so that a change binds the next request; so is the number of the last change
of who may do what, by which whatever was found out about a caller is known to be of yesterday.
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
"""Behind by more events than this, a feed's documents are all dropped instead of one by one."""


@dataclass(frozen=True, slots=True)
class FeedBranding:
    """How a feed introduces itself: settings of the feed. `title` is its name where none is set, `about` plain text or
    "", `logo` the media type of its logo, None where it has none."""

    name: str
    title: str
    about: str
    logo: str | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as of its last event, and of its last batch of download counts; `settings` are the texts that `policy` and
    `face` were read from. `access` is the number of the last change of who may do what, which is also the last one of
    who owns what."""

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
    """How things stood at one `catch_up`: the feeds by name, and the number of the last change of who may do what."""

    feeds: Mapping[str, Feed]
    access: int

    @cached_property
    def has_private_feeds(self) -> bool:
        """Whether any feed is not for everybody: then one that is not there must look like one."""
        return any(feed.policy.is_private for feed in self.feeds.values())

    @cached_property
    def max_package_bytes(self) -> int:
        """The largest package that any feed takes, 0 where there is none."""
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
        """Look at every feed anew; those who wait for it together share one look."""
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
        """How things stood at the last `catch_up`."""
        return self._standing

    def _check(self) -> int:
        with self._checking:
            return self._db.head_check()

    def _follow(self, tx: Tx, row: FeedRow) -> Feed:
        known = self._standing.feeds.get(row.name)
        if known is not None and known.id != row.id:
            known = None  # one that was deleted meanwhile had the name
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
