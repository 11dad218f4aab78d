"""Record downloads: write down what was counted in memory, many at once."""

from motherlode.projections.downloads import DownloadTally
from motherlode.store import downloads
from motherlode.store.db import Database


def record_downloads(tally: DownloadTally, *, db: Database) -> None:
    """Write all counts in one transaction; counts that could not be written are kept for the next time."""
    counts = tally.take()
    if not counts:
        return
    try:
        with db.write() as tx:
            downloads.add(tx, counts)
    except BaseException:
        tally.put_back(counts)
        raise
