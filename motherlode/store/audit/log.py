"""The audit log: one line for each change, written in its unit of work. Lines are never changed or removed.

Lines are numbered 1, 2, 3… without gaps, and each has a hash that covers the hash of the previous line (`hash_chain`).
To tamper with a line unnoticed, all later hashes must be changed, including the last one; a note of the last number and
hash, kept elsewhere, reveals that. `first_fault` finds less careful tampering.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, LargeBinary, Select, cast, func, insert, select, type_coerce
from sqlalchemy.types import NullType

from motherlode.store.audit.hash_chain import FIRST, hash_line
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Tx, any_text, encode_json
from motherlode.store.sanitize import sanitize

MOST: Final[Mapping[str, int]] = {
    "actor": 100,
    "action": 50,
    "feed": 100,
    "subject": 300,
    "address": 64,
    "request_id": 100,
    "key_id": 100,
    "client": 200,
    "reason": 500,
}
"""Max characters of each text that are stored."""
BATCH: Final = 1000
"""Max lines in memory while the whole log is read."""

_L = schema.audit.c
_ADD = insert(schema.audit)
_HASH = cast(_L.hash, LargeBinary).label("hash")
"""The hash of a line as bytes, even if someone has stored another type there."""
_TAIL = select(_L.id, _HASH).order_by(_L.id.desc()).limit(1)
TAIL_COLUMNS = (
    select(_L.id).order_by(_L.id.desc()).limit(1).scalar_subquery(),
    select(_HASH).order_by(_L.id.desc()).limit(1).scalar_subquery(),
)
"""Number and hash of the last line, for statements that include them; `as_tail` converts them."""
_STORED = select(*(type_coerce(column, NullType()).label(column.name) for column in schema.audit.columns))
"""Lines with their raw values, even if someone has stored other types there."""

Tail = tuple[int, bytes]
"""Number and hash of the last line."""
FaultKind = Literal["changed", "missing", "unhashed"]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. `feed` is a name, or None for an action on the whole server. `key_id` is None if no key was used."""

    id: int
    at: datetime
    actor: str
    action: str
    feed: str | None
    subject: str
    address: str | None
    request_id: str | None
    details: dict[str, Any] | None
    key_id: str | None
    client: str | None
    reason: str | None
    hash: bytes | None


@dataclass(frozen=True, slots=True)
class AuditFault:
    """What is wrong with the line of that number: it was `changed` (or inserted or moved), it is `missing`, or it is
    `unhashed`, so that it cannot be checked."""

    line_id: int
    kind: FaultKind


def append(
    tx: Tx,
    *,
    at: datetime,
    actor: str,
    action: str,
    feed: str | None,
    subject: str,
    address: str | None = None,
    request_id: str | None = None,
    details: Mapping[str, Any] | None = None,
    key_id: str | None = None,
    client: str | None = None,
    reason: str | None = None,
    after: Tail | None = None,
) -> None:
    """Add a line. Texts longer than `MOST` are cut, and characters that are not printable are replaced.

    `after` is the tail if the caller has already read it in the same unit of work, which must be one that writes."""
    last_id, last_hash = after or tail(tx)
    texts = {
        "actor": actor,
        "action": action,
        "feed": feed,
        "subject": subject,
        "address": address,
        "request_id": request_id,
        "key_id": key_id,
        "client": client,
        "reason": reason,
    }
    row = {"id": last_id + 1, "at": at, "details": None if details is None else dict(details)}
    row |= {name: sanitize(text, MOST[name]) for name, text in texts.items()}
    tx.execute(_ADD, row | {"hash": hash_line(last_hash, _stored(tx, row))})


def _stored(tx: Tx, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its values as they will be stored."""
    details = row["details"]
    moment = schema.Moment().process_bind_param(row["at"], tx.dialect)
    return {**row, "at": moment, "details": None if details is None else encode_json(details)}


def as_tail(number: int | None, line_hash: bytes | None) -> Tail:
    """Convert the values of `TAIL_COLUMNS`."""
    return number or 0, line_hash or FIRST


def tail(tx: Tx) -> Tail:
    """Number and hash of the last line, to be noted elsewhere. 0 and 32 zero bytes if there are no lines."""
    row = tx.execute(_TAIL).first()
    return as_tail(*(row or (None, None)))


def hash_of(tx: Tx, line_id: int) -> bytes | None:
    """The stored hash of that line, or None if the line or its hash is missing."""
    return tx.execute(select(_HASH).where(_L.id == line_id)).scalar()


def since(tx: Tx, line_id: int, limit: int) -> list[AuditLine]:
    """At most `limit` lines after the line `line_id`, oldest first."""
    return _lines(tx, _later(select(schema.audit), line_id, limit))


def find(
    tx: Tx,
    *,
    actor: str | None = None,
    action: str | None = None,
    feed: str | None = None,
    subject: str | None = None,
    key_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after_id: int | None = None,
    limit: int = BATCH,
) -> list[AuditLine]:
    """At most `limit` lines that meet all conditions, oldest first.

    With `after_id`, these are the next lines after that line; without it, the newest lines. `actor` and `subject`
    ignore ASCII case, and `*` in `subject` matches any text. `since` is inclusive, `until` exclusive.
    """
    conditions: list[ColumnElement[bool] | None] = [
        None if actor is None else func.lower(_L.actor) == actor.lower(),
        None if action is None else _L.action == action,
        None if feed is None else _L.feed == feed,
        None if subject is None else _L.subject.ilike(_pattern(subject), escape="\\"),
        None if key_id is None else _L.key_id == key_id,
        None if since is None else _L.at >= since,
        None if until is None else _L.at < until,
    ]
    met = select(schema.audit).where(*(condition for condition in conditions if condition is not None))
    if after_id is not None:
        return _lines(tx, _later(met, after_id, limit))
    return _lines(tx, met.order_by(_L.id.desc()).limit(limit))[::-1]


def _pattern(glob: str) -> str:
    """The LIKE pattern for a glob in which only `*` is special."""
    for special in "\\%_":
        glob = glob.replace(special, "\\" + special)
    return glob.replace("*", "%")


def first_fault(tx: Tx, *, progress: Callable[[int], None] | None = None) -> AuditFault | None:
    """The first line that fails the check, or None. `progress` is called with the number of lines checked since.

    Lines removed at the end of the log leave no trace: compare `tail` with an earlier note to find that.
    """
    with any_text(tx):
        return _first_fault(tx, progress)


def _first_fault(tx: Tx, progress: Callable[[int], None] | None) -> AuditFault | None:
    last_id, last_hash = 0, FIRST
    for lines in _batches(tx):
        for line in lines:
            kind = _find_fault(last_id, last_hash, line)
            if kind is not None:
                return AuditFault(last_id + 1 if kind == "missing" else line["id"], kind)
            last_id, last_hash = line["id"], line["hash"]
        if progress is not None:
            progress(len(lines))
    return None


def _batches(tx: Tx) -> Iterator[list[dict[str, Any]]]:
    wanted = _STORED.order_by(_L.id).limit(BATCH)
    while lines := [dict(row) for row in tx.execute(wanted).mappings()]:
        yield lines
        wanted = _later(_STORED, lines[-1]["id"], BATCH)


def _find_fault(last_id: int, last_hash: bytes, line: Mapping[str, Any]) -> FaultKind | None:
    if line["id"] > last_id + 1:
        return "missing"
    if line["hash"] is None:
        return "unhashed"
    try:
        expected = hash_line(last_hash, line)
    except TypeError:
        return "changed"
    return None if line["id"] == last_id + 1 and line["hash"] == expected else "changed"


def _later(lines: Select[*tuple[Any, ...]], line_id: int, limit: int) -> Select[*tuple[Any, ...]]:
    return lines.where(_L.id > line_id).order_by(_L.id).limit(limit)


def _lines(tx: Tx, wanted: Select[*tuple[Any, ...]]) -> list[AuditLine]:
    return [AuditLine(*row) for row in tx.execute(wanted)]
