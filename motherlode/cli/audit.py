"""`motherlode audit`: print who did what, when and from where; with --follow, new lines as well."""

import json
import threading
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from motherlode.cli.options import ConfigOption, DataOption, opened_database
from motherlode.cli.output import put, put_json_line
from motherlode.domain.units import DURATION_ALLOWED, parse_duration
from motherlode.observe.clock import SystemClock

if TYPE_CHECKING:
    from motherlode.store.audit.log import AuditLine
    from motherlode.store.database.sqlite import Database

_POLL_INTERVAL_S: Final = 0.5
_PAGE: Final = 500
_TIME_ALLOWED: Final = f"{DURATION_ALLOWED}, or a time such as 2025-01-31 or 2025-01-31T12:00:00Z"


def _check_time(text: str | None) -> str | None:
    if text is not None and _parse_time(text, datetime.now(UTC)) is None:
        raise typer.BadParameter(f"{text!r} is not a time; allowed: {_TIME_ALLOWED}")
    return text


def audit(
    *,
    actor: Annotated[
        str | None, typer.Option(metavar="A", help="Only actions by this user or key, or by 'console'.")
    ] = None,
    action: Annotated[
        str | None, typer.Option(metavar="A", help="Only this action, such as push or create-key.")
    ] = None,
    feed: Annotated[str | None, typer.Option(metavar="F", help="Only actions on this feed.")] = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="S", help="Only actions on this subject; * matches anything, as in 'Contoso.*'."),
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="ID", help="Only actions made with this key.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="2d|TIME", callback=_check_time, help="Only lines from this time on; 2d is two days ago."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="2d|TIME", callback=_check_time, help="Only lines before this time.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="Print at most N lines, the newest ones.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", help="Also print new lines, until Ctrl+C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object on each line.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Print the audit log, newest last."""
    from motherlode.store.audit import log as lines

    with suppress(KeyboardInterrupt) if follow else nullcontext(), opened_database(data, config) as db:
        now = SystemClock().now()
        filters: dict[str, Any] = {"actor": actor, "action": action, "feed": feed, "subject": subject, "key_id": key}
        filters |= {"since": since and _parse_time(since, now), "until": until and _parse_time(until, now)}
        with db.read() as tx:
            last_id, _ = lines.tail(tx)
            found = lines.find(tx, **filters, limit=limit)
        _put_lines(found, as_json=as_json)
        if follow:
            _follow(db, filters, last_id, as_json=as_json)


def _follow(db: "Database", filters: dict[str, Any], last_id: int, *, as_json: bool) -> NoReturn:
    """Print lines after `last_id` as they are written, until Ctrl+C."""
    timer, seen = threading.Event(), -1
    while True:
        head = db.head_check()
        if head != seen:
            last_id = _put_new_lines(db, filters, last_id, as_json=as_json)
            seen = head
        timer.wait(_POLL_INTERVAL_S)


def _put_new_lines(db: "Database", filters: dict[str, Any], last_id: int, *, as_json: bool) -> int:
    """Print the lines after `last_id`; returns the id of the newest line in the log."""
    from motherlode.store.audit import log as lines

    while True:
        with db.read() as tx:
            tail_id, _ = lines.tail(tx)
            found = lines.find(tx, **filters, after_id=last_id, limit=_PAGE)
        _put_lines(found, as_json=as_json)
        if len(found) < _PAGE:
            return tail_id
        last_id = found[-1].id


def _put_lines(found: "list[AuditLine]", *, as_json: bool) -> None:
    for line in found:
        if as_json:
            put_json_line(_describe(line))
        else:
            put(_format_line(line))


def _describe(line: "AuditLine") -> dict[str, Any]:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "actor": line.actor,
        "action": line.action,
        "feed": line.feed,
        "subject": line.subject,
        "details": line.details,
        "reason": line.reason,
        "key": line.key_id,
        "address": line.address,
        "client": line.client,
        "request_id": line.request_id,
        "hash": None if line.hash is None else line.hash.hex(),
    }


def _format_line(line: "AuditLine") -> str:
    """Return the line as text for people: without empty fields, the hash and the request id, which --json prints."""
    fields = (
        ("on", line.feed),
        ("key", line.key_id),
        ("from", line.address),
        ("using", line.client),
        ("because", line.reason),
        ("with", None if not line.details else json.dumps(line.details, ensure_ascii=False)),
    )
    shown = "  ".join(f"{name} {value}" for name, value in fields if value)
    start = f"{line.at.isoformat(timespec='seconds')}  {line.actor}  {line.action}  {line.subject}"
    return f"{start}  {shown}".rstrip()


def _parse_time(text: str, now: datetime) -> datetime | None:
    """Parse a duration before `now`, or a time (UTC if it has no offset). Returns None if `text` is neither."""
    try:
        return now - timedelta(seconds=parse_duration(text))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
