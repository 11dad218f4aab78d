"""Remembers what is not on a feed, so that repeated requests for it need no database query.

Two things are kept: the names of documents that were not found, bounded in bytes; and for each feed a set of hashes of
all ids that it ever had. An id whose hash is not in that set is not on the feed, even if it was never requested before.
If two ids share a hash, the only cost is a database query.

Invariant, as for `Documents`: nothing here is older than the follower's head. A name is noted as of a number of its
feed's catalog and dropped with the next event of its id; ids are added to the set with their events.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final

_NAME_BYTES: Final = 300
"""Memory overhead of a name beside its characters; an id without names costs about as much."""


class Absences:
    """The known absences of one worker; safe to call from any thread."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._names: OrderedDict[tuple[int, str], set[str]] = OrderedDict()
        self._bytes = 0
        self._ids: dict[int, _IdSet] = {}
        self._heads: dict[int, int] = {}
        self._lock = Lock()

    def has(self, feed_id: int, id_key: str, name: str) -> bool:
        """Whether the document of that name is known to be absent. Never blocks for long."""
        ids = self._ids.get(feed_id)
        if ids is not None and id_key not in ids:
            return True
        names = self._names.get((feed_id, id_key))
        return names is not None and name in names

    def knows_ids(self, feed_id: int) -> bool:
        """Whether the ids of the feed are known."""
        return feed_id in self._ids

    def note(self, feed_id: int, id_key: str, name: str, as_of: int) -> None:
        """Remember that the document was absent as of that catalog number, unless the follower has passed it."""
        with self._lock:
            if as_of >= self._heads.get(feed_id, 0):
                self._add((feed_id, id_key), name)

    def note_ids(self, feed_id: int, id_keys: Iterable[str], as_of: int) -> None:
        """Remember all ids that the feed ever had as of that catalog number, unless the follower has passed it."""
        ids = _IdSet(id_keys)
        with self._lock:
            if as_of >= self._heads.get(feed_id, 0):
                self._ids[feed_id] = ids

    def advance(self, feed_id: int, head: int, changed: set[str] | None) -> None:
        """Follow a feed to `head`: forget the absences of the changed ids (folded), or of all ids if None."""
        with self._lock:
            self._heads[feed_id] = head
            if changed is None:
                self._drop_feed(feed_id)
                return
            for id_key in changed:
                if feed_id in self._ids:
                    self._ids[feed_id].add(id_key)
                self._drop((feed_id, id_key))

    def forget(self, feed_id: int) -> None:
        """Forget everything about a deleted feed."""
        with self._lock:
            self._drop_feed(feed_id)

    @property
    def bytes_kept(self) -> int:
        """Memory used by the names, at most the bound."""
        return self._bytes

    def _add(self, package: tuple[int, str], name: str) -> None:
        names = self._names.setdefault(package, set())
        if name in names:
            return
        names.add(name)
        self._bytes += _cost(package[1], name)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._names)))

    def _drop_feed(self, feed_id: int) -> None:
        self._ids.pop(feed_id, None)
        for package in [package for package in self._names if package[0] == feed_id]:
            self._drop(package)

    def _drop(self, package: tuple[int, str]) -> None:
        names = self._names.pop(package, ())
        self._bytes -= sum(_cost(package[1], name) for name in names)


class _IdSet:
    """Hashes of ids: of the initial ones, 8 bytes each, and of those added later.

    Python salts string hashes in each process, so an attacker cannot choose ids that share a hash.
    """

    def __init__(self, id_keys: Iterable[str]) -> None:
        self._first = array("q", sorted(array("q", map(hash, id_keys))))
        self._later: set[int] = set()

    def add(self, id_key: str) -> None:
        """Add an id."""
        if id_key not in self:
            self._later.add(hash(id_key))

    def __contains__(self, id_key: str) -> bool:
        wanted = hash(id_key)
        at = bisect_left(self._first, wanted)
        return (at < len(self._first) and self._first[at] == wanted) or wanted in self._later


def _cost(id_key: str, name: str) -> int:
    return _NAME_BYTES + 2 * (len(id_key) + len(name))
