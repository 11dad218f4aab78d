"""Who did what, when and from where: one line for each change, in its unit of work; never changed, never removed.

Lines are numbered 1, 2, 3… without gaps, and each carries a hash that covers the one of the line before (`chain`). So
whoever changed a line would have to change all later hashes, the last one included: who noted the last number and hash
down finds out. `first_fault` finds what was not done that carefully.
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
"""How many characters of each text are kept."""
BATCH: Final = 1000
"""So many lines are in memory at once while all are looked at."""

_L = schema.audit.c
_ADD = insert(schema.audit)
_HASH = cast(_L.hash, LargeBinary).label("hash")
"""The bytes of a line's hash, whatever somebody has put there."""
_TAIL = select(_L.id, _HASH).order_by(_L.id.desc()).limit(1)
TAIL_COLUMNS = (
    select(_L.id).order_by(_L.id.desc()).limit(1).scalar_subquery(),
    select(_HASH).order_by(_L.id.desc()).limit(1).scalar_subquery(),
)
"""The same, for statements that bring it along; `as_tail` reads them."""
_STORED = select(*(type_coerce(column, NullType()).label(column.name) for column in schema.audit.columns))
"""Lines as they lie in the table, whatever somebody has put there."""

Tail = tuple[int, bytes]
"""Number and hash of the last line."""
FaultKind = Literal["changed", "missing", "unhashed"]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line; `feed` is a name, None for what is the whole server's; `key_id` None where no key was used."""

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
    """What is wrong with the line of that number: it was `changed` (or put in, or moved), it is `missing`, or it is
    `unhashed`, so that nothing can be said of it."""

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
    """Add a line; texts longer than `MOST` are cut, and what is not printable in them is replaced. `after` is the tail,
    where the unit of work, which must be one that writes, has read it already."""
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
    """The row as it will lie in the table."""
    details = row["details"]
    moment = schema.Moment().process_bind_param(row["at"], tx.dialect)
    return {**row, "at": moment, "details": None if details is None else encode_json(details)}


def as_tail(number: int | None, line_hash: bytes | None) -> Tail:
    """The tail that `TAIL_COLUMNS` have brought."""
    return number or 0, line_hash or FIRST


def tail(tx: Tx) -> Tail:
    """Number and hash of the last line: what to note down elsewhere. 0 and 32 zero bytes before the first."""
    row = tx.execute(_TAIL).first()
    return as_tail(*(row or (None, None)))


def hash_of(tx: Tx, line_id: int) -> bytes | None:
    """The hash of that line, whatever else it says by now; None where it is gone, or its hash is."""
    return tx.execute(select(_HASH).where(_L.id == line_id)).scalar()


def since(tx: Tx, line_id: int, limit: int) -> list[AuditLine]:
    """At most `limit` lines after that one, oldest first."""
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
    """At most `limit` lines that meet all conditions, oldest first: the next ones after the line `after_id`, or, where
    that is not given, the newest.

    `actor` and `subject` in any casing (of ASCII), `*` in `subject` stands for anything; `since` is included, `until`
    is not.
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
    """What LIKE takes for a glob in which only `*` is special."""
    for special in "\\%_":
        glob = glob.replace(special, "\\" + special)
    return glob.replace("*", "%")


def first_fault(tx: Tx, *, progress: Callable[[int], None] | None = None) -> AuditFault | None:
    """The first line that is not what it was, None when all are; `progress` is told how many more were looked at.

    Lines that were cut off at the end leave nothing to be found: compare `tail` with what was noted down.
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
