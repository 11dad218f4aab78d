"""New history: say that the database as it is now is the one that is meant, though the packages beside it know a newer
one. What it does not name any more is kept in quarantine from then on, as if it had never been noted before."""

from collections.abc import Callable

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.observe.crash import crash_point
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.maintenance.history import replace_history


def begin_history(actor: Actor, *, db: Database, blobs: Blobs, clock: Clock, drop_index: Callable[[], None]) -> str:
    """Begin a new history, drop the search index of the former one, and let the packages belong to the new one; returns
    its id. Administrators may, while no server runs. Cut off anywhere, it is to be repeated: the packages belong to
    the former history until the last step. Raises `NotAllowed`, `Busy`, `StorageFull`."""
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
