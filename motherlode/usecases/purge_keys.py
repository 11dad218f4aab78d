"""Purge keys: forget the verification keys that ended without having been used."""

from motherlode.observe.clock import Clock
from motherlode.store.accounts import api_keys
from motherlode.store.database.sqlite import Database


def purge_keys(*, db: Database, clock: Clock) -> int:
    """Forget them; returns how many those were."""
    with db.write() as tx:
        return api_keys.purge_verification(tx, clock.now())
