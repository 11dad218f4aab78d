"""New history: accept the current database although the packages beside it belong to a newer one.

Blobs that this database does not name then start their quarantine anew.
"""

from collections.abc import Callable

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.maintenance.history import replace_history


def begin_history(actor: Actor, *, db: Database, blobs: Blobs, clock: Clock, drop_index: Callable[[], None]) -> str:
    """Begin a new history, drop the search index of the former one, and assign the packages to the new one.

    Returns the id of the new history. Administrators only, and only while no server runs. If it is interrupted, run it
    again: the packages belong to the former history until the last step. Raises `NotAllowed`, `Busy`, `StorageFull`.
    """
    check_may_administer(actor)
    former = db.history
    with db.write() as tx:
        new = db.renew_history(tx)
        write_audit(tx, actor, "new-history", feed=None, subject=new, at=clock.now(), details={"former": former})
        crash_point("new-history-before-commit")
    crash_point("new-history-committed")
    drop_index()
    crash_point("new-history-index-dropped")
    replace_history(db=db, blobs=blobs, clock=clock)
    return new
