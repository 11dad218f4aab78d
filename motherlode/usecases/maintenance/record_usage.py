"""Record downloads: write down what was counted in memory, many at once."""

from motherlode.store.database.sqlite import Database
from motherlode.store.packages import downloads
from motherlode.usage.downloads import DownloadTally


def record_downloads(tally: DownloadTally, *, db: Database) -> None:
    """Write all counts in one transaction; counts that could not be written are kept for the next time."""
    counted = tally.take()
    if not counted.versions:
        return
    try:
        with db.write() as tx:
            downloads.add(tx, counted.versions, counted.clients)
    except BaseException:
        tally.put_back(counted)
        raise
