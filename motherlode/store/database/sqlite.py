"""The database file: units of work, the head check, the upgrade, and everything that differs between SQL dialects.

Commits are durable and ordered: SQLite runs in WAL mode with synchronous=FULL, so a commit that returned survives a
power loss. A unit of work that writes begins with BEGIN IMMEDIATE: it waits for the write lock at its start, so it
never fails later because another writer committed in between. The threads of one process take turns by a separate lock:
SQLite waits by polling, so that one thread could overtake another again and again.

In a forked process, use only a `Database` that was opened after the fork.
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
"""A unit of work from `Database.read` or `Database.write`. Every function of the store takes it as first parameter."""

BUSY_TIMEOUT_S: Final = 30.0
THREADS: Final = 40
encode_json: Final[Callable[[Any], str]] = json.JSONEncoder(separators=(",", ":")).encode
"""Encodes a value as the text of a JSON column."""
_ALEMBIC: Final = threading.Lock()
"""Held during a migration: Alembic keeps its state in module globals, so a process can run only one at a time."""
Age = Literal["empty", "older", "current"]
"""The age of the tables: not created yet, made by an older version of the program, or by this version."""
_ROWS_READ: Final = 100
"""Max rows in memory while all rows of a table are read."""
_SUFFIXES: Final = ("", "-wal", "-shm")
"""The suffixes of a database's files. The last two exist while it is open, or if it was not closed properly."""
_COLUMNS: Final = text(
    "SELECT tables.name, columns.name FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns "
    "WHERE tables.type = 'table'"
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR})
_CLOSED: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})


def open_database(path: Path, *, create: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
    """Open the database file at `path`. With `create`, an empty database is created if the file does not exist.

    Raises NoData if the file does not exist, DatabaseUnusable if it is not a database or cannot be opened. Call
    `upgrade` to create the tables.
    """
    if not _is_file_there(path):
        if not create:
            raise NoData(str(path.parent))
        _create_file(path)
    return Database(path, busy_timeout_s)


def find_current_database(path: Path) -> "Database | None":
    """Open a database file if it has all tables of this version; returns None in every other case."""
    with suppress(Refusal):
        db = open_database(path)
        with suppress(Refusal):
            if db.age() == "current":
                db.check_tables()
                return db
        db.close()
    return None


def is_filled(path: Path) -> bool:
    """Whether there is a non-empty database file. Raises DatabaseUnusable if the path is not a regular file."""
    return _is_file_there(path) and path.stat().st_size > 0


def remove_database(path: Path) -> None:
    """Remove a database and the files beside it. No process may have it open."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def replace_database(path: Path, draft: Path, at: datetime) -> Path | None:
    """Move the database `draft` to `path`. No process may have either of them open.

    Returns the path to which an existing database was moved, or None if there was none. Its write-ahead log is moved
    after it and before the new database is put in place, because it must never be beside the new one."""
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
            raise DatabaseUnusable(str(path), f"is a link to {path.readlink()}, which does not exist")
        return False
    if not stat.S_ISREG(mode):
        raise DatabaseUnusable(str(path), "is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
    return True


def _read_mode(path: Path) -> int | None:
    """The mode of the file, or None if it does not exist; read once, as another process may create it meanwhile."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise


def _create_file(path: Path) -> None:
    """Create an empty database in WAL mode. If two processes switched to WAL at the same time, one would fail."""
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
    """An open database file. Create it with `open_database`."""

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
        """Open a connection in autocommit mode; transactions are begun explicitly. Never creates the file."""
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
        """A unit of work that sees the data as of its first statement. Its writes are rolled back."""
        with self._refusals(), self._engine.connect() as tx:
            _begin(tx, "BEGIN")
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """An exclusive unit of work for writing: it is committed durably at the end, or rolled back by an exception.

        Raises Busy if the write lock is not available in time, StorageFull if the disk is full; then nothing is
        stored. Units of work must not be nested.
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
        """A number that changes when any process, including this one, commits. Reading it takes microseconds.

        It is read on a connection that never writes, which is why commits of this process count too. Only one thread
        may call this at a time.
        """
        try:
            version: int = self._watcher.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise self._refusal_of(error) or error from error
        return version

    @property
    def history(self) -> str:
        """The random id of this database's history. It is part of every ETag and cache key."""
        if self._history is None:
            with self.read() as tx:
                history = tx.execute(select(schema.meta.c.value).filter_by(name="history")).scalar()
            if history is None:
                raise self.damage("is damaged: it has no history id")
            self._history = history
        return self._history

    def renew_history(self, tx: Tx) -> str:
        """Start a new history and return its id. `history` returns it once the unit of work is committed."""
        history = uuid.uuid4().hex
        tx.execute(schema.meta.update().filter_by(name="history").values(value=history))
        self._history = None
        return history

    def is_current(self) -> bool:
        """Whether the tables have the version of this program."""
        with self.read() as tx:
            return "alembic_version" in self._tables(tx) and self._revisions(tx) == [schema.REVISION]

    def age(self) -> Age:
        """The age of the tables.

        Raises NewerData if a newer version of the program made them, DatabaseUnusable if no version did."""
        with self.read() as tx:
            return self._age(tx)

    def check_tables(self) -> None:
        """Raise DatabaseUnusable if a table or column of this version is missing."""
        with self.read() as tx:
            there = {tuple(row) for row in tx.execute(_COLUMNS)}
        for table in schema.metadata.sorted_tables:
            for column in table.columns:
                if (table.name, column.name) not in there:
                    raise self.damage(f"is damaged: the column {table.name}.{column.name} is missing")

    def _age(self, tx: Tx) -> Age:
        tables = self._tables(tx)
        if not tables:
            return "empty"
        if "alembic_version" not in tables:
            raise self.damage(
                f"is not a Motherlode database, or is damaged: it has tables ({', '.join(sorted(tables)[:3])}…) "
                "but no schema version"
            )
        match self._revisions(tx):
            case [schema.REVISION]:
                return "current"
            case [str(revision)] if revision.isdecimal() and len(revision) == len(schema.REVISION):
                if revision > schema.REVISION:
                    raise NewerData
                return "older"
        raise self.damage("is damaged: its schema version is missing or invalid")

    def _tables(self, tx: Tx) -> set[str]:
        names = set(tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
        return names - {"sqlite_sequence"}

    def _revisions(self, tx: Tx) -> list[Any]:
        return list(tx.execute(text("SELECT version_num FROM alembic_version")).scalars())

    def upgrade(self) -> None:
        """Upgrade the tables to this version, all or nothing. A second process waits and then has nothing to do.

        Raises NewerData if a newer version of the program made the tables, DatabaseUnusable if the upgrade fails.
        """
        if self.age() == "current":
            return
        with self.write() as tx:
            self._migrate(tx)
            values = {"history": uuid.uuid4().hex, "created": datetime.now(UTC).isoformat()}
            rows = [{"name": name, "value": value} for name, value in values.items()]
            tx.execute(upsert(tx, schema.meta).on_conflict_do_nothing(), rows)

    def _migrate(self, tx: Tx) -> None:
        # importing Alembic takes a quarter of a second, which only an upgrade should cost
        from alembic import command  # noqa: PLC0415
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
            raise self.damage(f"cannot be upgraded because its tables are damaged ({_first_line(error)})") from error

    def is_sound(self) -> bool:
        """Whether all pages, tables and rows can be read. The time grows with the size of the database.

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
        """The refusal to raise for a damaged database. `reason` continues a sentence: "The database FILE …"."""
        return DatabaseUnusable(str(self.path), reason)

    def find_damage(self, error: BaseException) -> DatabaseUnusable | None:
        """The damage that explains an unexpected error, or None if the database is sound. May take long."""
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
            raise schema.UnreadableValue("it contains invalid JSON") from error

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except schema.UnreadableValue as value:
            raise self.damage(f"is damaged: {value}") from value
        except (DBAPIError, sqlite3.Error) as error:
            raise self._refusal_of(_cause_of(error)) or error from error

    def _refusal_of(self, error: Any) -> Refusal | None:
        """The refusal for an error of SQLite, or None. The low byte of an extended error code is the primary code."""
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
        """Close all connections. The last connection of all processes merges the write-ahead log into the file."""
        self._engine.dispose()
        self._watcher.close()


def upsert(tx: Tx, table: Table) -> sqlite.Insert:  # noqa: ARG001
    """An INSERT statement with `on_conflict_do_…`, for the dialect of the connection `tx`.

    Each dialect has its own class with these methods."""
    return sqlite.insert(table)


def cached_per_dialect(make: Callable[[Tx], S]) -> Callable[[Tx], S]:
    """Build a statement once per dialect, at its first use, and cache it: building takes longer than running it."""
    made: dict[str, S] = {}

    def statement(tx: Tx) -> S:
        dialect = tx.dialect.name
        if dialect not in made:
            made[dialect] = make(tx)
        return made[dialect]

    return statement


@contextmanager
def any_text(tx: Tx) -> Iterator[None]:
    """A block in which text that is not UTF-8 can be read; its invalid bytes become lone surrogates.

    Someone who tampers with the database may have written such text."""
    connection: Any = tx.connection.driver_connection
    connection.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str


def _begin(tx: Tx, statement: str) -> None:
    """Begin a transaction on the driver's connection. A SQLAlchemy listener for this would slow down all statements."""
    connection: Any = tx.connection.driver_connection
    connection.execute(statement)


def _cause_of(error: BaseException) -> BaseException | None:
    """The error of the database driver."""
    return error.orig if isinstance(error, DBAPIError) else error


def _first_line(error: BaseException) -> str:
    return str(_cause_of(error)).partition("\n")[0]
