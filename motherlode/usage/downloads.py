"""Counts downloads in memory. They are written in batches, so that a download writes nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from motherlode.store.packages.downloads import ClientCounted, Counted


@dataclass(frozen=True, slots=True)
class Downloads:
    """The same downloads in two groupings: by version and day, and by client and day."""

    versions: Mapping[Counted, int]
    clients: Mapping[ClientCounted, int]


class DownloadTally:
    """The downloads of one worker that are not written yet. Safe to call from any thread."""

    def __init__(self) -> None:
        self._versions: Counter[Counted] = Counter()
        self._clients: Counter[ClientCounted] = Counter()
        self._lock = Lock()

    def count(self, key: Counted, client: str) -> None:
        """Count one download by the client with this name."""
        feed_id, _, _, day = key
        with self._lock:
            self._versions[key] += 1
            self._clients[feed_id, day, client] += 1

    def take(self) -> Downloads:
        """Return all counts and clear them."""
        with self._lock:
            taken = Downloads(self._versions, self._clients)
            self._versions, self._clients = Counter(), Counter()
            return taken

    def put_back(self, counted: Downloads) -> None:
        """Put back counts that could not be written."""
        with self._lock:
            self._versions.update(counted.versions)
            self._clients.update(counted.clients)
