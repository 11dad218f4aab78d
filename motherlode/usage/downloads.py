"""Downloads are counted in memory and handed over in batches: no read of a package writes anything."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from motherlode.store.packages.downloads import ClientCounted, Counted


@dataclass(frozen=True, slots=True)
class Downloads:
    """The same downloads twice: by version and day, and by client and day."""

    versions: Mapping[Counted, int]
    clients: Mapping[ClientCounted, int]


class DownloadTally:
    """The downloads of one worker that are not written down yet; safe to call from any thread."""

    def __init__(self) -> None:
        self._versions: Counter[Counted] = Counter()
        self._clients: Counter[ClientCounted] = Counter()
        self._lock = Lock()

    def count(self, key: Counted, client: str) -> None:
        """Count one download with a client of that name."""
        feed_id, _, _, day = key
        with self._lock:
            self._versions[key] += 1
            self._clients[feed_id, day, client] += 1

    def take(self) -> Downloads:
        """Hand over all counts, and begin at nothing."""
        with self._lock:
            taken = Downloads(self._versions, self._clients)
            self._versions, self._clients = Counter(), Counter()
            return taken

    def put_back(self, counted: Downloads) -> None:
        """Take back counts that could not be written down."""
        with self._lock:
            self._versions.update(counted.versions)
            self._clients.update(counted.clients)
