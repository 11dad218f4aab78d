"""What a server holds at a moment, looked at from outside: rows, files, memory."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import Server

_TABLES = ("contents", "entries", "events", "packages")


@dataclass(frozen=True)
class Held:
    """Rows by table, and the files of packages and of uploads."""

    rows: dict[str, int]
    blobs: frozenset[str]
    spooled: frozenset[str]


def held_by(server: Server) -> Held:
    """Everything a push could leave behind; `history.json` is the server's own, and comes when it likes."""
    with closing(sqlite3.connect(f"file:{server.data / 'motherlode.db'}?mode=ro", uri=True)) as database:
        rows = {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _TABLES}
    uploads = {path.name for path in files_below(server.data / "spool") if path.name != "lock"}
    blobs = {path.name for path in files_below(server.data / "blobs") if path.name != "history.json"}
    return Held(rows, frozenset(blobs), frozenset(uploads))


def files_below(folder: Path) -> list[Path]:
    """All files in a folder and the folders in it."""
    return [path for path in folder.rglob("*") if path.is_file()]


def resident_bytes(server: Server) -> int:
    """What the server's processes hold in memory now."""
    return sum(_status(process, "VmRSS") for process in _processes(server.process.pid))


def peak_bytes(server: Server) -> int:
    """The most that each of the server's processes ever held, summed up."""
    return sum(_status(process, "VmHWM") for process in _processes(server.process.pid))


def _processes(pid: int) -> list[int]:
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [pid, *(each for children in lists for child in children for each in _processes(int(child)))]


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
