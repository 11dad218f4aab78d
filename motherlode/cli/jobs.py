"""`motherlode jobs`: list background jobs and their results."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, opened_database
from motherlode.cli.output import as_time, put_all
from motherlode.observe.clock import SystemClock

if TYPE_CHECKING:
    from motherlode.store.jobs import JobRow

_COLUMNS: Final = ("id", "kind", "state", "due_at", "attempts", "worker", "done_at", "error")


def jobs(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List background jobs that are waiting or running, or that ended in the last week."""
    from motherlode.store.jobs import read_all

    with opened_database(data, config) as db, db.read() as tx:
        rows = read_all(tx)
    now = SystemClock().now()
    described = [_describe(row, now) for row in rows]
    if as_json:
        put_all(described, _COLUMNS, as_json=True)
    else:
        shown = [{**row, "id": str(row["id"]), "attempts": str(row["attempts"])} for row in described]
        put_all(shown, _COLUMNS, as_json=False)


def _describe(row: "JobRow", now: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "details": row.details,
        "state": row.state(now),
        "due_at": as_time(row.due_at),
        "created_at": as_time(row.created_at),
        "attempts": row.attempts,
        "worker": row.claimed_by,
        "claimed_until": as_time(row.claimed_until),
        "done_at": as_time(row.done_at),
        "error": row.error,
    }
