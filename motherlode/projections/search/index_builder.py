"""Fills the search index from the database: applies missing events, or builds a whole index.

Invariant: the position that is committed with subjects is never beyond the state that these subjects were read from. A
package that changes while an index is filled is read again with its next event, so no change is lost.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from motherlode.observe.crash import crash_point
from motherlode.projections.latest_versions import read_subjects
from motherlode.projections.search.index_folder import IndexFolder, Opened
from motherlode.search.index import SearchIndex
from motherlode.search.subjects import Subject
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import catalog

Advance = Callable[[int, int], None]
"""Called with the number of packages read so far, and the total."""

_MAX_EVENTS: Final = 1_000
_PAGE_PACKAGES: Final = 250


class Stopped(Exception):
    """The work was interrupted because the service is stopping."""


def ignore_progress(done: int, total: int) -> None:
    """Ignore the progress."""
    del done, total


def apply_events(db: Database, index: SearchIndex, feed_id: int) -> bool:
    """Apply the next events of a feed in one commit. Returns whether there may be more.

    The caller holds the writer's lock.
    """
    position = index.positions().get(feed_id, 0)
    with db.read() as tx:
        last, id_keys = catalog.changed_since(tx, feed_id, position, _MAX_EVENTS)
        subjects = read_subjects(tx, feed_id, id_keys)
    if last == position:
        return False
    crash_point("search-before-commit")
    index.write(subjects, {feed_id: last})
    crash_point("search-committed")
    return last - position >= _MAX_EVENTS


def build_index(
    db: Database, folder: IndexFolder, *, advance: Advance = ignore_progress, is_stopping: Callable[[], bool]
) -> None:
    """Build a new index beside the current one, and replace the current one with it.

    The caller holds the builder's lock. Raises Stopped, Busy, and OSError if the index cannot be written.
    """
    folder.sweep()
    built = folder.create()
    try:
        with db.read() as tx:
            heads = catalog.heads(tx)
            total = catalog.count_packages(tx)
        subjects = _iter_subjects(db, heads, lambda done: advance(done, max(done, total)), is_stopping)
        built.index.write(subjects, heads)
        _catch_up(db, built.index)
        built.index.tidy()
        crash_point("search-built")
        _swap(db, folder, built)
    finally:
        folder.sweep()


def _swap(db: Database, folder: IndexFolder, built: Opened) -> None:
    lock = folder.wait_to_write()
    if lock is None:
        return
    try:
        _catch_up(db, built.index)
        built.index.tidy()
        folder.put_in_use(built)
    finally:
        lock.release()


def _catch_up(db: Database, index: SearchIndex) -> None:
    with db.read() as tx:
        heads = catalog.heads(tx)
    for feed_id in heads:
        while apply_events(db, index, feed_id):
            pass


def _iter_subjects(
    db: Database, feed_ids: Iterable[int], advance: Callable[[int], None], is_stopping: Callable[[], bool]
) -> Iterator[Subject]:
    """Yield every package of the feeds, page by page; each page is read in one transaction."""
    done = 0
    advance(done)
    for feed_id in feed_ids:
        after = ""
        while True:
            if is_stopping():
                raise Stopped
            with db.read() as tx:
                id_keys = catalog.package_keys(tx, feed_id, after, _PAGE_PACKAGES)
                subjects = read_subjects(tx, feed_id, id_keys)
            if not id_keys:
                break
            yield from subjects
            after = id_keys[-1]
            done += len(id_keys)
            advance(done)
