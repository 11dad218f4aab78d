"""The database file: units of work, the head check, the upgrade, and whatever differs between dialects.

Durable and in order: SQLite in WAL mode with synchronous=FULL, so a commit that returned survives a loss of power. A
unit of work that writes begins with BEGIN IMMEDIATE: it waits for the write lock at its start and can never fail later
because someone else wrote in between. The write lock of a process goes round among its threads by a lock of its own,
for SQLite's way of waiting (asking again after a sleep) lets one thread overtake another for as long as it likes.

A `Database` is safe in a process that was forked only when it was opened after the fork.
"""

import errno
import json
import sqlite3
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Connection, Table, create_engine, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from motherlode import os_files
from motherlode.domain.refusals import (
    Busy,
    DatabaseClosed,
    DatabaseUnusable,
    NewerData,
    NoData,
    Refusal,
    StorageFull,
)
from motherlode.observe.crash import crash_point
from motherlode.store.database import schema

S = TypeVar("S")
Tx = Connection
"""A unit of work, from `Database.read` or `Database.write`: what every function of this room takes first."""

BUSY_TIMEOUT_S: Final = 30.0
THREADS: Final = 40
encode_json: Final[Callable[[Any], str]] = json.JSONEncoder(separators=(",", ":")).encode
"""The text that a column of JSON holds for a value."""
_ALEMBIC: Final = threading.Lock()
"""Alembic keeps the migration under way in its modules: one at a time in a process."""
Age = Literal["empty", "older", "current"]
"""How old the tables are: not there yet, of an older version of the program, or of this one."""
_ROWS_READ: Final = 100
"""So many rows are in memory at once while all are read."""
_SUFFIXES: Final = ("", "-wal", "-shm")
"""A database is this file, and those beside it while it is open, or was not closed."""
_COLUMNS: Final = text(
    "SELECT tables.name, columns.name FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns "
    "WHERE tables.type = 'table'"
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR})
_CLOSED: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})


def open_database(path: Path, *, create: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
    """Open the database file at `path`; an empty one is made when it is not there and `create` says so.

    Raises NoData when it is not there, DatabaseUnusable when it is no database or cannot be opened. The tables are
    there once `upgrade` was called.
    """
    if not _is_file_there(path):
        if not create:
            raise NoData(str(path.parent))
        _create_file(path)
    return Database(path, busy_timeout_s)


def find_current_database(path: Path) -> "Database | None":
    """Open a database file that has this program's tables, all of them; None for anything else, whatever is wrong."""
    with suppress(Refusal):
        db = open_database(path)
        with suppress(Refusal):
            if db.age() == "current":
                db.check_tables()
                return db
        db.close()
    return None


def is_filled(path: Path) -> bool:
    """Whether there is a database file with anything in it. Raises DatabaseUnusable when something else is there."""
    return _is_file_there(path) and path.stat().st_size > 0


def remove_database(path: Path) -> None:
    """Remove a database that nobody has open, with what lies beside it."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def replace_database(path: Path, draft: Path, at: datetime) -> Path | None:
    """Let a database that nobody has open take the place of another; returns where that one was set aside, if there is
    one. Its write-ahead log goes after it and before the new one comes: it must never lie beside that."""
    set_aside = path.with_name(f"{path.name}.{at:%Y%m%dT%H%M%S}")
    is_there = path.exists() or path.is_symlink()
    for suffix in _SUFFIXES:
        beside = path.with_name(path.name + suffix)
        if beside.exists() or beside.is_symlink():
            beside.rename(set_aside.with_name(set_aside.name + suffix))
    os_files.sync_folder(path.parent)
    crash_point("rebuild-set-aside")
    draft.rename(path)
    os_files.sync_folder(path.parent)
    crash_point("rebuild-placed")
    return set_aside if is_there else None


def _is_file_there(path: Path) -> bool:
    mode = _read_mode(path)
    if mode is None:
        if path.is_symlink():
            raise DatabaseUnusable(str(path), f"is a link to {path.readlink()}, which is not there")
        return False
    if not stat.S_ISREG(mode):
        raise DatabaseUnusable(str(path), "is a folder" if stat.S_ISDIR(mode) else "is no file")
    return True


def _read_mode(path: Path) -> int | None:
    """What kind of file is there, looked at once: another process may create it meanwhile."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise


def _create_file(path: Path) -> None:
    """An empty database already in WAL mode: two processes that switch it at once would refuse each other."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    os_files.open_new(draft).close()
    try:
        connection = sqlite3.connect(draft)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        with draft.open("r+b") as file:
            os_files.sync_file(file)
        with suppress(FileExistsError):
            os_files.place(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    os_files.sync_folder(path.parent)


class Database:
    """One database file, opened; made by `open_database`."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._writing = threading.Lock()
        self._history: str | None = None
        self._engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=THREADS,
            max_overflow=-1,
            pool_use_lifo=True,
            json_serializer=encode_json,
            json_deserializer=self._decode_json,
        )
        self._watcher = self._connect()

    def _connect(self) -> sqlite3.Connection:
        """A new connection, in autocommit: transactions are begun by name. Never makes the file."""
        with self._refusals():
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=self._busy_timeout_s,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            try:
                for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "foreign_keys = ON"):
                    connection.execute(f"PRAGMA {pragma}")
            except BaseException:
                connection.close()
                raise
        return connection

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A unit of work that sees one moment: the one of its first statement. What it writes is dropped."""
        with self._refusals(), self._engine.connect() as tx:
            _begin(tx, "BEGIN")
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A unit of work that nobody else writes beside; durable on leaving, undone by any exception.

        Raises Busy when the write lock is not to be had in time, StorageFull when the disk is full; nothing is
        stored then. Not to be nested.
        """
        if not self._writing.acquire(timeout=self._busy_timeout_s):
            raise Busy
        try:
            with self._refusals(), self._engine.begin() as tx:
                _begin(tx, "BEGIN IMMEDIATE")
                yield tx
        finally:
            self._writing.release()

    def head_check(self) -> int:
        """A number that differs from the last one when anyone else committed anything since (microseconds).

        It runs on a connection that never writes, hence sees the commits of this process too. One thread at a time.
        """
        try:
            version: int = self._watcher.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise self._refusal_of(error) or error from error
        return version

    @property
    def history(self) -> str:
        """The random id of this database's history: part of every ETag and cache key."""
        if self._history is None:
            with self.read() as tx:
                history = tx.execute(select(schema.meta.c.value).filter_by(name="history")).scalar()
            if history is None:
                raise self.damage("is damaged: it does not say which history it has")
            self._history = history
        return self._history

    def renew_history(self, tx: Tx) -> str:
        """Begin a new history, and return its id; `history` says it once the unit of work is committed."""
        history = uuid.uuid4().hex
        tx.execute(schema.meta.update().filter_by(name="history").values(value=history))
        self._history = None
        return history

    def is_current(self) -> bool:
        """Whether the tables are the ones that this program knows."""
        with self.read() as tx:
            return "alembic_version" in self._tables(tx) and self._revisions(tx) == [schema.REVISION]

    def age(self) -> Age:
        """How old the tables are. Raises NewerData when a newer program made them, DatabaseUnusable when they are not
        what any version of the program made."""
        with self.read() as tx:
            return self._age(tx)

    def check_tables(self) -> None:
        """Whether every table and column is there that this program knows. Raises DatabaseUnusable."""
        with self.read() as tx:
            there = {tuple(row) for row in tx.execute(_COLUMNS)}
        for table in schema.metadata.sorted_tables:
            for column in table.columns:
                if (table.name, column.name) not in there:
                    raise self.damage(f"is damaged: it has no {table.name}.{column.name}")

    def _age(self, tx: Tx) -> Age:
        tables = self._tables(tx)
        if not tables:
            return "empty"
        if "alembic_version" not in tables:
            raise self.damage(
                f"is none of Motherlode's, or damaged: it has tables ({', '.join(sorted(tables)[:3])}…), "
                "and does not say of which version they are"
            )
        match self._revisions(tx):
            case [schema.REVISION]:
                return "current"
            case [str(revision)] if revision.isdecimal() and len(revision) == len(schema.REVISION):
                if revision > schema.REVISION:
                    raise NewerData
                return "older"
        raise self.damage("is damaged: it does not say of which version its tables are")

    def _tables(self, tx: Tx) -> set[str]:
        names = set(tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
        return names - {"sqlite_sequence"}

    def _revisions(self, tx: Tx) -> list[Any]:
        return list(tx.execute(text("SELECT version_num FROM alembic_version")).scalars())

    def upgrade(self) -> None:
        """Bring the tables to what this program knows, all or nothing; a second process waits, then finds it done.

        Raises NewerData when a newer program wrote the database, DatabaseUnusable when it cannot be upgraded.
        """
        if self.age() == "current":
            return
        with self.write() as tx:
            self._migrate(tx)
            values = {"history": uuid.uuid4().hex, "created": datetime.now(UTC).isoformat()}
            rows = [{"name": name, "value": value} for name, value in values.items()]
            tx.execute(upsert(tx, schema.meta).on_conflict_do_nothing(), rows)

    def _migrate(self, tx: Tx) -> None:
        from alembic import command  # noqa: PLC0415 a quarter of a second that no worker should pay
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations").replace("%", "%%"))
        config.attributes["connection"] = tx
        try:
            with _ALEMBIC:
                command.upgrade(config, "head")
        except (CommandError, SQLAlchemyError) as error:
            if self._refusal_of(_cause_of(error)) is not None:
                raise
            raise self.damage(f"cannot be upgraded, for its tables are damaged ({_first_line(error)})") from error

    def is_sound(self) -> bool:
        """Whether all pages of the file, all tables and all that is in them can be read; takes as long as it is large.
        Raises NewerData, DatabaseUnusable."""
        tables: list[Table] = []
        if self.age() == "current":
            self.check_tables()
            tables = schema.metadata.sorted_tables
        with self.read() as tx:
            for table in tables:
                for _ in tx.execute(select(table)).yield_per(_ROWS_READ):
                    pass
            return tx.execute(text("PRAGMA quick_check(1)")).scalar() == "ok"

    def damage(self, reason: str) -> DatabaseUnusable:
        """What to raise where the database turns out to be damaged; `reason` follows "The database FILE"."""
        return DatabaseUnusable(str(self.path), reason)

    def find_damage(self, error: BaseException) -> DatabaseUnusable | None:
        """The damage of the database that explains an error nobody foresaw; None where it has none. May take long."""
        if isinstance(error, SQLAlchemyError | sqlite3.Error):
            return self.damage(f"is damaged ({_first_line(error)})")
        try:
            return None if self.is_sound() else self.damage("is damaged")
        except DatabaseUnusable as damage:
            return damage

    @staticmethod
    def _decode_json(stored: Any) -> Any:
        try:
            return json.loads(stored)
        except (ValueError, TypeError) as error:
            raise schema.UnreadableValue("what should be JSON in it is none") from error

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except schema.UnreadableValue as value:
            raise self.damage(f"is damaged: {value}") from value
        except (DBAPIError, sqlite3.Error) as error:
            raise self._refusal_of(_cause_of(error)) or error from error

    def _refusal_of(self, error: Any) -> Refusal | None:
        """The refusal that a failure of SQLite means, if any; extended codes keep the plain one in their low byte."""
        code = getattr(error, "sqlite_errorcode", None) or 0
        plain = code & 0xFF
        if plain in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}:
            return Busy()
        if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}:
            return StorageFull()
        if plain in _CLOSED:
            return DatabaseClosed(str(self.path), f"cannot be opened or written ({error})")
        if plain in _DAMAGED or "Could not decode to UTF-8" in str(error):
            return self.damage(f"is damaged or cannot be read ({error})")
        return None

    def close(self) -> None:
        """Close all connections; the last one of all processes folds the write-ahead log into the file."""
        self._engine.dispose()
        self._watcher.close()


def upsert(tx: Tx, table: Table) -> sqlite.Insert:  # noqa: ARG001 the dialect is the connection's
    """INSERT with `on_conflict_do_…`, which each dialect has under the same names in a class of its own."""
    return sqlite.insert(table)


def cached_per_dialect(make: Callable[[Tx], S]) -> Callable[[Tx], S]:
    """A statement that is made at its first use, for each dialect, and kept: to make it takes longer than to run it."""
    made: dict[str, S] = {}

    def statement(tx: Tx) -> S:
        dialect = tx.dialect.name
        if dialect not in made:
            made[dialect] = make(tx)
        return made[dialect]

    return statement


@contextmanager
def any_text(tx: Tx) -> Iterator[None]:
    """Inside, text that is no UTF-8 is read too, its odd bytes as lone surrogates: who tampers may have put it in."""
    connection: Any = tx.connection.driver_connection
    connection.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str


def _begin(tx: Tx, statement: str) -> None:
    """Begin by name, on the driver's own connection: a listener of SQLAlchemy would slow down every other statement."""
    connection: Any = tx.connection.driver_connection
    connection.execute(statement)


def _cause_of(error: BaseException) -> BaseException | None:
    """The driver's own error."""
    return error.orig if isinstance(error, DBAPIError) else error


def _first_line(error: BaseException) -> str:
    return str(_cause_of(error)).partition("\n")[0]
