"""The database file: units of work, the head check, the upgrade, and whatever differs between dialects.

Durable and in order: SQLite in WAL mode with synchronous=FULL, so a commit that returned survives a loss of power. A
unit of work that writes begins with BEGIN IMMEDIATE: it waits for the write lock at its start and can never fail later
because someone else wrote in between. The write lock of a process goes round among its threads by a lock of its own,
for SQLite's way of waiting (asking again after a sleep) lets one thread overtake another for as long as it likes.

A `Database` is safe in a process that was forked only when it was opened after the fork.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table, create_engine, inspect, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from motherlode import posix
from motherlode.domain.refusals import Busy, NewerData, NoData, OlderData, Refusal, StorageFull
from motherlode.store import schema

S = TypeVar("S")
Tx = Connection
"""A unit of work, from `Database.read` or `Database.write`: what every function of this room takes first."""

BUSY_TIMEOUT_S: Final = 30.0
THREADS: Final = 40
encode_json: Final[Callable[[Any], str]] = json.JSONEncoder(separators=(",", ":")).encode
"""The text that a column of JSON holds for a value."""
_ALEMBIC: Final = threading.Lock()
"""Alembic keeps the migration under way in its modules: one at a time in a process."""


def open_database(path: Path, *, create: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
    """Open the database file at `path`; an empty one is made when it is not there and `create` says so.

    Raises NoData when it is not there, or when it is no database. The tables are there once `upgrade` was called.
    """
    if create and not path.exists():
        _create_file(path)
    if not path.is_file():
        raise NoData(str(path.parent))
    return Database(path, busy_timeout_s)


def open_current_database(path: Path) -> "Database":
    """Open a database file that this program's tables are in.

    Raises NoData when it is not there, or when it is no database, and OlderData when it is to be upgraded first.
    """
    db = open_database(path)
    try:
        is_current = db.is_current()
    except BaseException:
        db.close()
        raise
    if not is_current:
        db.close()
        raise OlderData(str(path.parent))
    return db


def _create_file(path: Path) -> None:
    """An empty database already in WAL mode: two processes that switch it at once would refuse each other."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    posix.open_new(draft).close()
    try:
        connection = sqlite3.connect(draft)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        with draft.open("r+b") as file:
            posix.sync_file(file)
        with suppress(FileExistsError):
            posix.place(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    posix.sync_folder(path.parent)


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
        )
        self._watcher = self._connect()

    def _connect(self) -> sqlite3.Connection:
        """A new connection, in autocommit: transactions are begun by name. Never makes the file."""
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
        except sqlite3.DatabaseError as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise NoData(str(self.path.parent)) from error
            raise _refusal_of(error) or error from error
        return connection

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A unit of work that sees one moment: the one of its first statement. What it writes is dropped."""
        with _refusals(), self._engine.connect() as tx:
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
            with _refusals(), self._engine.begin() as tx:
                _begin(tx, "BEGIN IMMEDIATE")
                yield tx
        finally:
            self._writing.release()

    def head_check(self) -> int:
        """A number that differs from the last one when anyone else committed anything since (microseconds).

        It runs on a connection that never writes, hence sees the commits of this process too. One thread at a time.
        """
        version: int = self._watcher.execute("PRAGMA data_version").fetchone()[0]
        return version

    @property
    def history(self) -> str:
        """The random id of this database's history: part of every ETag and cache key."""
        if self._history is None:
            with self.read() as tx:
                self._history = tx.execute(select(schema.meta.c.value).filter_by(name="history")).scalar_one()
        return self._history

    def is_current(self) -> bool:
        """Whether the tables are the ones that this program knows."""
        with self.read() as tx:
            return self._revision(tx) == schema.REVISION

    def _revision(self, tx: Tx) -> str | None:
        if not inspect(tx).has_table("alembic_version"):
            return None
        return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def upgrade(self) -> None:
        """Bring the tables to what this program knows, all or nothing; a second process waits, then finds it done.

        Raises NewerData when a newer program wrote the database.
        """
        if self.is_current():
            return
        with self.write() as tx:
            _migrate(tx)
            values = {"history": uuid.uuid4().hex, "created": datetime.now(UTC).isoformat()}
            rows = [{"name": name, "value": value} for name, value in values.items()]
            tx.execute(upsert(tx, schema.meta).on_conflict_do_nothing(), rows)

    def close(self) -> None:
        """Close all connections; the last one of all processes folds the write-ahead log into the file."""
        self._engine.dispose()
        self._watcher.close()


def upsert(tx: Tx, table: Table) -> sqlite.Insert:  # noqa: ARG001 the dialect is the connection's
    """INSERT with `on_conflict_do_…`, which each dialect has under the same names in a class of its own."""
    return sqlite.insert(table)


def once_for_each_dialect(make: Callable[[Tx], S]) -> Callable[[Tx], S]:
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


def _migrate(tx: Tx) -> None:
    from alembic import command  # noqa: PLC0415 a quarter of a second that no worker should pay
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = tx
    try:
        with _ALEMBIC:
            command.upgrade(config, "head")
    except CommandError as error:
        raise NewerData from error


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _refusal_of(cause) or error from error


def _refusal_of(error: Any) -> Refusal | None:
    """The refusal that a failure of SQLite means, if any; extended codes keep the plain one in their low byte."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Busy()
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}:
        return StorageFull()
    return None
