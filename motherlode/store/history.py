"""The position of a database: its history and the last line of its audit log. Works with older tables too."""

from dataclasses import dataclass

from sqlalchemy import text

from motherlode.store.database.sqlite import Tx


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a database. `history` is its random id, `line` the number of its last audit line (0 if there is
    none). `has_held_packages` says whether any feed ever contained a package."""

    history: str
    line: int
    has_held_packages: bool


def read_position(tx: Tx) -> Position | None:
    """The position of the database, or None if it has no history id."""
    history = tx.execute(text("SELECT value FROM meta WHERE name = 'history'")).scalar()
    line = tx.execute(text("SELECT MAX(id) FROM audit")).scalar()
    held = tx.execute(text("SELECT EXISTS (SELECT 1 FROM contents) OR EXISTS (SELECT 1 FROM events)")).scalar()
    return None if history is None else Position(str(history), int(line or 0), bool(held))


def read_line_hash(tx: Tx, line: int) -> str | None:
    """The hash of that audit line, hexadecimal, or None if the line or its hash does not exist."""
    columns = set(tx.execute(text("SELECT name FROM pragma_table_info('audit')")).scalars())
    if "hash" not in columns:
        return None
    stored = tx.execute(text("SELECT CAST(hash AS BLOB) FROM audit WHERE id = :line"), {"line": line}).scalar()
    return stored.hex() if isinstance(stored, bytes) else None
