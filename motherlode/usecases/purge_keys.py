"""Purge keys: forget the verification keys that ended without having been used."""

from motherlode.observe.clock import Clock
from motherlode.store import keys
from motherlode.store.db import Database


def purge_keys(*, db: Database, clock: Clock) -> int:
    """Forget them; returns how many those were."""
    with db.write() as tx:
        return keys.purge_verification(tx, clock.now())
