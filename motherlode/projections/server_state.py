"""Reads the server's state for a metrics scrape."""

import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from motherlode.domain.feed_settings import parse_feed_policy
from motherlode.observe.certificates import find_end
from motherlode.observe.clock import Clock
from motherlode.observe.processes import read_processes
from motherlode.observe.server_state import PRIVATE_FEEDS, ServerState
from motherlode.projections.search.service import SearchService
from motherlode.store import feeds, jobs
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import sizes

_BUILD: Final = {
    "version": version_of("motherlode"),
    "python": ".".join(map(str, sys.version_info[:3])),
    "engine": f"granian {version_of('granian')}",
    "database": "sqlite",
}


class ServerStateReader:
    """Reads the state of one server; safe to call from any thread. `tls` are the files of certificate and key."""

    def __init__(
        self, *, db: Database, searching: SearchService, clock: Clock, data: Path, tls: tuple[Path, Path] | None
    ) -> None:
        self._db = db
        self._searching = searching
        self._clock = clock
        self._data = data
        self._tls = tls
        self._started_at = clock.now()
        self._counted: tuple[object, Mapping[int, tuple[int, int]]] = (None, {})

    def read(self) -> ServerState:
        """Read the current state. Raises what the database and the disk raise."""
        disk = shutil.disk_usage(self._data)
        with self._db.read() as tx:
            packages, versions = self._count(tx)
            job_states = jobs.count_states(tx, self._clock.now())
        return ServerState(
            build=_BUILD,
            started_at=self._started_at,
            processes=read_processes(),
            disk_free_bytes=disk.free,
            disk_total_bytes=disk.total,
            packages=packages,
            versions=versions,
            jobs=job_states,
            index_lag=self._searching.lag(),
            certificate_ends_at=None if self._tls is None else find_end(*self._tls),
        )

    def _count(self, tx: Tx) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Count packages and versions by label; the rows are counted again only after a feed has changed."""
        rows = feeds.read_all(tx)
        heads = tuple((row.id, row.head) for row in rows)
        if self._counted[0] != heads:
            self._counted = heads, sizes.count_packages(tx)
        packages: Counter[str] = Counter()
        versions: Counter[str] = Counter()
        for row in rows:
            label = PRIVATE_FEEDS if parse_feed_policy(row.settings).is_private else row.name
            ids, of_ids = self._counted[1].get(row.id, (0, 0))
            packages[label] += ids
            versions[label] += of_ids
        return packages, versions
