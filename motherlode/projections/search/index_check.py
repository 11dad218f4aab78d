"""Compares the search index with the database, package by package, while both keep changing.

Packages that seem to differ are compared again after catching up: only lasting differences are reported.
"""

from collections.abc import Callable
from typing import Final

from motherlode.projections.latest_versions import read_subjects
from motherlode.projections.search.index_follower import IndexFollower
from motherlode.search.index import UnusableIndex
from motherlode.store import feeds
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import catalog

_PAGE: Final = 250
_LOOKS: Final = 3
_REMEDY: Final = "run 'motherlode reindex'"


def check_index(db: Database, follower: IndexFollower, report: Callable[[str], None]) -> None:
    """Report a sentence for each package that is wrong in the index. Raises Busy."""
    try:
        follower.catch_up(lambda: False)
        with db.read() as tx:
            rows = feeds.read_all(tx)
        for feed in rows:
            _check_feed(db, follower, feed.id, feed.name, report)
    except UnusableIndex as fault:
        report(f"search index: {fault}: {_REMEDY}")
    except OSError as error:
        report(f"search index: cannot be brought up to date ({error})")


def _check_feed(
    db: Database, follower: IndexFollower, feed_id: int, feed_name: str, report: Callable[[str], None]
) -> None:
    after = ""
    while True:
        with db.read() as tx:
            id_keys = catalog.package_keys(tx, feed_id, after, _PAGE)
        if not id_keys:
            return
        for id_key in _find_wrong(db, follower, feed_id, id_keys):
            report(f"search index: {id_key} on {feed_name} does not match the listed versions: {_REMEDY}")
        after = id_keys[-1]


def _find_wrong(db: Database, follower: IndexFollower, feed_id: int, id_keys: list[str]) -> list[str]:
    for look in range(_LOOKS):
        if look:
            follower.catch_up(lambda: False)
        opened = follower.open()
        with db.read() as tx:
            subjects = read_subjects(tx, feed_id, id_keys)
        id_keys = [subject.id_key for subject in subjects if not opened.index.shows(subject)]
        if not id_keys:
            break
    return id_keys
