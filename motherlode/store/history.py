"""How far a database has come: its history, and the last line of its audit log. It can be read of older tables too."""

from dataclasses import dataclass

from sqlalchemy import text

from motherlode.store.database.sqlite import Tx


@dataclass(frozen=True, slots=True)
class Position:
    """The random id of the database's `history`, and the number of the last `line` of its audit log, 0 before the
    first; `has_held_packages` where any feed ever held one."""

    history: str
    line: int
    has_held_packages: bool


def read_position(tx: Tx) -> Position | None:
    """How far the database has come; None where it does not say which history it has."""
    history = tx.execute(text("SELECT value FROM meta WHERE name = 'history'")).scalar()
    line = tx.execute(text("SELECT MAX(id) FROM audit")).scalar()
    held = tx.execute(text("SELECT EXISTS (SELECT 1 FROM contents) OR EXISTS (SELECT 1 FROM events)")).scalar()
    return None if history is None else Position(str(history), int(line or 0), bool(held))


def read_line_hash(tx: Tx, line: int) -> str | None:
    """The hash of that line of the audit log, hexadecimal; None where the line or its hash is not there."""
    columns = set(tx.execute(text("SELECT name FROM pragma_table_info('audit')")).scalars())
    if "hash" not in columns:
        return None
    stored = tx.execute(text("SELECT CAST(hash AS BLOB) FROM audit WHERE id = :line"), {"line": line}).scalar()
    return stored.hex() if isinstance(stored, bytes) else None
