"""Downloads are counted in memory and handed over in batches: no read of a package writes anything."""

from collections import Counter
from threading import Lock

from motherlode.store.downloads import Counted


class DownloadTally:
    """The downloads of one worker that are not written down yet; safe to call from any thread."""

    def __init__(self) -> None:
        self._counts: Counter[Counted] = Counter()
        self._lock = Lock()

    def count(self, key: Counted) -> None:
        """Count one download."""
        with self._lock:
            self._counts[key] += 1

    def take(self) -> dict[Counted, int]:
        """Hand over all counts, and begin at nothing."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            return dict(counts)

    def put_back(self, counts: dict[Counted, int]) -> None:
        """Take back counts that could not be written down."""
        with self._lock:
            self._counts.update(counts)
