"""Keeps the search index up to date with the catalogs: a query first catches up.

A push never waits for the index, and a search never misses an acknowledged push: a query passes the feed's head, and is
answered from an index that contains all events up to it. If the index is behind, the first query applies the missing
events in one commit. Threads of one process wait for each other at a lock, processes at a file lock; a query that finds
the work done when it gets the lock just reads.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final, TypeVar

from motherlode.domain.refusals import Busy
from motherlode.projections.latest_versions import read_subjects
from motherlode.projections.search.index_builder import Stopped, apply_events
from motherlode.projections.search.index_folder import WRITE_TIMEOUT_S, IndexFolder, Opened
from motherlode.search.index import SearchIndex, UnusableIndex
from motherlode.store import feeds
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import catalog, downloads

T = TypeVar("T")

MAX_WAITED: Final = 5_000
"""Max events that a query waits for; if more are missing, the background thread catches up."""
_MAX_RANKED: Final = 500


class FarBehind(Exception):
    """The index lacks too many events for a query to wait for them."""


class IndexFollower:
    """The index of one process; safe to call from any thread."""

    def __init__(self, db: Database, folder: IndexFolder) -> None:
        self._db = db
        self._folder = folder
        self._opened: Opened | None = None
        self._unusable = (0, "")
        self._opening = Lock()
        self._turn = Lock()
        self._ranked: dict[int, int] = {}

    def open(self) -> Opened:
        """Return the index in use; opens it again after another one has replaced it. Raises UnusableIndex."""
        opened = self._opened
        if opened is not None and opened.stamp == self._folder.stamp():
            return opened
        with self._opening:
            stamp = self._folder.stamp()
            if self._opened is None or self._opened.stamp != stamp:
                self._opened = None
                self._opened = self._open(stamp)
            return self._opened

    @property
    def generation(self) -> str:
        """A text that changes whenever another state of the index is in use."""
        opened = self._opened
        return "" if opened is None else f"{opened.stamp}-{opened.index.loads}"

    def find(self, feed_id: int, head: int) -> SearchIndex | None:
        """Return the index in use if it is open and has every event of the feed up to `head`, or None.

        Takes microseconds.
        """
        opened = self._opened
        if opened is None or opened.stamp != self._folder.stamp() or _position(opened, feed_id) < head:
            return None
        return opened.index

    def ask(self, feed_id: int, head: int, question: Callable[[SearchIndex], T]) -> T:
        """Ask an index that has every event of the feed up to `head`, or all existing ones: the feed may have been
        deleted in the meantime.

        Raises UnusableIndex, FarBehind, Busy, OSError.
        """
        while True:
            with self._noticing_damage() as opened:
                if _position(opened, feed_id) >= head or self._has_all(opened, feed_id):
                    return question(opened.index)
                if _is_far_behind(opened, feed_id, head):
                    raise FarBehind
                self._catch_up(opened, feed_id, head, lambda: False)

    def catch_up(self, is_stopping: Callable[[], bool]) -> None:
        """Apply all missing events of all feeds. Raises UnusableIndex, Busy, OSError, Stopped."""
        opened = self.open()
        seen = dict(opened.index.positions())
        with self._db.read() as tx:
            heads = catalog.heads(tx)
            former = seen.keys() & feeds.former_ids(tx)
        if any(number > heads.get(feed_id, 0) for feed_id, number in seen.items() if feed_id not in former):
            self._drop(opened)
            raise UnusableIndex("the search index is ahead of the database")
        if former:
            self._forget(former)
        for feed_id, head in heads.items():
            with self._noticing_damage() as current:
                if _position(current, feed_id) < head:
                    self._catch_up(current, feed_id, head, is_stopping)

    def lag(self) -> int:
        """Return the number of events of all feeds that are not in the index yet. Raises UnusableIndex."""
        index = self.open().index
        index.reload()
        with self._db.read() as tx:
            heads = catalog.heads(tx)
        positions = index.positions()
        return sum(max(0, head - positions.get(feed_id, 0)) for feed_id, head in heads.items())

    def rank(self) -> None:
        """Update rankings with the downloads counted since the last call. Raises UnusableIndex, Busy, OSError."""
        with self._db.read() as tx:
            counted = {feed_id: downloads.counted(tx, feed_id) for feed_id in catalog.heads(tx)}
            changed = {
                feed_id: downloads.changed_since(tx, feed_id, self._ranked.get(feed_id, 0))
                for feed_id, batch in counted.items()
                if batch > self._ranked.get(feed_id, 0)
            }
        for feed_id, id_keys in changed.items():
            for start in range(0, len(id_keys), _MAX_RANKED):
                with self._noticing_damage() as opened:
                    self._rank(opened, feed_id, id_keys[start : start + _MAX_RANKED])
            self._ranked[feed_id] = counted[feed_id]

    def _has_all(self, opened: Opened, feed_id: int) -> bool:
        """Whether the index has all current events of the feed: the head that a query passes may be outdated."""
        with self._db.read() as tx:
            return _position(opened, feed_id) >= catalog.head(tx, feed_id)

    def _forget(self, feed_ids: Iterable[int]) -> None:
        """Remove deleted feeds from the index."""
        with self._noticing_damage() as opened, self._writing(opened, lambda: False) as is_mine:
            if is_mine:
                opened.index.forget(feed_ids)

    def _catch_up(self, opened: Opened, feed_id: int, head: int, is_stopping: Callable[[], bool]) -> None:
        """Apply events up to `head`, unless another thread or process does so, or replaces this index."""

        def is_done() -> bool:
            if _position(opened, feed_id) < head:
                opened.index.reload()
            return _position(opened, feed_id) >= head

        with self._writing(opened, is_done) as is_mine:
            while is_mine and apply_events(self._db, opened.index, feed_id):
                if is_stopping():
                    raise Stopped

    def _rank(self, opened: Opened, feed_id: int, id_keys: list[str]) -> None:
        with self._db.read() as tx:
            counts = downloads.totals(tx, feed_id, id_keys)
        sums = {id_key: sum(counts[id_key].values()) for id_key in id_keys}
        opened.index.reload()
        moved = opened.index.find_moved(feed_id, sums)
        if not moved:
            return
        with self._writing(opened, lambda: False) as is_mine:
            if is_mine:
                with self._db.read() as tx:
                    subjects = read_subjects(tx, feed_id, moved)
                opened.index.write(subjects, {})

    @contextmanager
    def _writing(self, opened: Opened, is_done: Callable[[], bool]) -> Iterator[bool]:
        """Hold both locks, and yield whether there is still anything to do with this index."""
        if not self._turn.acquire(timeout=WRITE_TIMEOUT_S):
            raise Busy
        try:
            lock = self._folder.wait_to_write(is_done)
            if lock is None:
                yield False
                return
            try:
                yield opened.stamp == self._folder.stamp() and not is_done()
            finally:
                try:
                    opened.index.tidy()
                finally:
                    lock.release()
        finally:
            self._turn.release()

    @contextmanager
    def _noticing_damage(self) -> Iterator[Opened]:
        """Yield the index in use. If it turns out to be unusable, the next use looks for another one."""
        opened = self.open()
        try:
            yield opened
        except UnusableIndex:
            self._drop(opened)

    def _open(self, stamp: int) -> Opened:
        """Open the index in use. One that could not be opened before is not tried again, since that reads all of it."""
        if stamp and stamp == self._unusable[0]:
            raise UnusableIndex(self._unusable[1])
        try:
            return self._folder.open_current()
        except UnusableIndex as fault:
            if stamp and stamp == self._folder.stamp():
                self._unusable = stamp, str(fault)
            raise

    def _drop(self, opened: Opened) -> None:
        with self._opening:
            if self._opened is opened:
                self._opened = None
                self._unusable = opened.stamp, "the search index is damaged"


def _position(opened: Opened, feed_id: int) -> int:
    return opened.index.positions().get(feed_id, 0)


def _is_far_behind(opened: Opened, feed_id: int, head: int) -> bool:
    if head - _position(opened, feed_id) <= MAX_WAITED:
        return False
    opened.index.reload()
    return head - _position(opened, feed_id) > MAX_WAITED
