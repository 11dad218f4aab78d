"""Write usage to the database in batches: download counts, and the last use of API keys."""

from collections.abc import Mapping
from datetime import datetime

from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import downloads
from motherlode.usage.downloads import DownloadTally


def record_downloads(tally: DownloadTally, *, db: Database) -> None:
    """Write all counts in one transaction. If this fails, the tally gets the counts back for the next attempt."""
    counted = tally.take()
    if not counted.versions:
        return
    try:
        with db.write() as tx:
            downloads.add(tx, counted.versions, counted.clients)
    except BaseException:
        tally.put_back(counted)
        raise


def record_uses(uses: Mapping[str, tuple[datetime, str]], *, db: Database) -> None:
    """Write the last use of each key, its time and address by key id, in one transaction."""
    if not uses:
        return
    with db.write() as tx:
        api_keys.record_uses(tx, uses)
