"""Record uses: when and from where keys were used last, many at once."""

from collections.abc import Mapping
from datetime import datetime

from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database


def record_uses(uses: Mapping[str, tuple[datetime, str]], *, db: Database) -> None:
    """Write down the last use of each key, time and address by the key's id, in one transaction."""
    if not uses:
        return
    with db.write() as tx:
        api_keys.record_uses(tx, uses)
