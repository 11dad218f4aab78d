"""What is known not to be on a feed, so that the next request for it needs no look at the database.

Two things are remembered: names of documents that were not there, bounded in bytes, and for each feed a set of hashes
of all ids that it ever held. An id whose hash is not in that set is not on the feed, whether it was asked for before or
not; a hash that two ids share costs a look at the database and nothing else.

The invariant is that of `Documents`: nothing here is older than the follower's head. A name is noted as of a number of
its feed's catalog and goes with the next event of its id; ids are added to the set with their events.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final

_NAME_BYTES: Final = 300
"""What a name costs in memory beside its characters, and an id with no names yet about as much."""


class Absences:
    """The absences that one worker knows; safe to call from any thread."""

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
        """Whether the ids of the feed were noted."""
        return feed_id in self._ids

    def note(self, feed_id: int, id_key: str, name: str, as_of: int) -> None:
        """Remember that the document was absent as of that number, unless the follower has moved on since."""
        with self._lock:
            if as_of >= self._heads.get(feed_id, 0):
                self._add((feed_id, id_key), name)

    def note_ids(self, feed_id: int, id_keys: Iterable[str], as_of: int) -> None:
        """Remember all ids that the feed ever held, as of that number, unless the follower has moved on since."""
        ids = _IdSet(id_keys)
        with self._lock:
            if as_of >= self._heads.get(feed_id, 0):
                self._ids[feed_id] = ids

    def advance(self, feed_id: int, head: int, changed: set[str] | None) -> None:
        """Follow a feed to `head`: forget what was absent of the changed ids (folded), or of all if None."""
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
        """Forget everything of a feed that is gone."""
        with self._lock:
            self._drop_feed(feed_id)

    @property
    def bytes_kept(self) -> int:
        """What the names take in memory, never more than the bound."""
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
    """Hashes of ids: of those that were there at first, 8 bytes each, and of those that came later.

    Python salts the hash of a text in each process, so that nobody can choose ids that share one.
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
