"""The only module that asks for what POSIX alone has: fsync of folders, file locks, mode bits, hard links.

Where the platform lacks one (Windows), each has a fall-back that keeps its promise as far as the platform can:

    folder entries      NTFS journals them itself; there is nothing to sync and no way to ask
    locks               SQLite's own locks on the lock file, which it has on every platform
    mode bits           the folder's own access list decides
    hard links          a rename, which Windows refuses over an existing file
    limit of open files none that matters here
    signal masks        none: a worker hears Ctrl+C as its parent does, and is ended from outside
    owners of files     nobody's: whoever may write may write
    turns               as long as the system gives (only Linux from 6.12 on can be asked for shorter ones)

Nothing here knows what the files are for.
"""

import contextlib
import ctypes
import errno
import os
import platform
import secrets
import signal
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, Final

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:
    fcntl = None
resource: ModuleType | None
try:
    import resource
except ImportError:
    resource = None

MOST_FILES: Final = 65_536
"""More than a server needs; some systems know no limit at all."""
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The number of the system call, by machine: C libraries before glibc 2.41 have no name for it."""
_SCHED_ATTRIBUTES: Final = struct.Struct("IIQiIQQQII")
"""size, policy, flags, nice, priority, runtime (ns), deadline, period, least and most use: sched_setattr(2)."""
_KEEP_POLICY: Final = 0x08
_MOST_USE: Final = 1024


def sync_folder(path: Path) -> None:
    """Make the folder's entries (files made, renamed, removed in it) survive a loss of power."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: BinaryIO) -> None:
    """Make the file's bytes survive a loss of power, those still in Python's buffer included."""
    file.flush()
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: its fsync stops at the disk's own cache
    if fcntl is not None and full_sync is not None:
        fcntl.fcntl(file.fileno(), full_sync)
    else:
        os.fsync(file.fileno())


def make_private(path: Path) -> None:
    """Let nobody but the owner read or write the file (mode 600)."""
    if hasattr(os, "fchmod"):
        path.chmod(0o600)


def open_new(path: Path) -> BinaryIO:
    """Make a private file (mode 600) for writing and reading; FileExistsError when the name is taken."""
    return os.fdopen(_open_private(path, os.O_CREAT | os.O_EXCL), "w+b")


def _open_private(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)


def place(source: Path, target: Path) -> None:
    """Rename `source` to `target` in one step, but never over a file that is there: FileExistsError."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except (AttributeError, OSError):
        _rename_unless_there(source, target)
    else:
        source.unlink()


def _rename_unless_there(source: Path, target: Path) -> None:
    """On a file system without hard links; only Windows refuses by itself, elsewhere two at once may both win."""
    if target.exists():
        raise FileExistsError(target)
    source.rename(target)


def write_private(path: Path, content: bytes) -> None:
    """Make the file, or replace it, durably: private, and with that content or the former one, never with a part."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open_new(draft) as file:
            file.write(content)
            sync_file(file)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def find_other_owner(path: Path) -> str | None:
    """The user whom the file or folder belongs to, as sudo takes it, if that is not who runs this process; None also
    where it is not there, or may not be looked at."""
    if not hasattr(os, "geteuid"):
        return None
    try:
        owner = path.stat().st_uid
    except OSError:
        return None
    return None if owner == os.geteuid() else _name_user(owner)


def is_superuser() -> bool:
    """Whether this process may write anything, whomever it belongs to."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _name_user(user_id: int) -> str:
    import pwd  # noqa: PLC0415 POSIX alone has it

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"#{user_id}"


def is_running(process_id: int) -> bool:
    """Whether there is such a process; on Windows, where asking would end it, always."""
    if os.name == "nt":
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def raise_file_limit() -> int:
    """Let this process, and those that it starts, have as many files open as its user may; returns how many that is."""
    if resource is None:
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # macOS allows fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return min(soft if soft != resource.RLIM_INFINITY else most, MOST_FILES)


def hold_signals(*signals: signal.Signals) -> bool:
    """Keep the signals from this thread, and from every thread that it starts from now on: they wait, each at most
    once. False where the platform cannot."""
    if not hasattr(signal, "pthread_sigmask"):
        return False
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    return True


def wait_for_held(held: signal.Signals) -> None:
    """Wait until the signal, which every thread of this process holds, arrives, and take it."""
    signal.sigwait({held})


def deliver_held(held: signal.Signals) -> None:
    """Let this thread, the main one, handle the signal now, and hold further ones as before."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {held})
    signal.raise_signal(held)
    signal.pthread_sigmask(signal.SIG_BLOCK, {held})


class FileLock:
    """An exclusive lock, held while this value is kept, until `release`, or until its process is gone, however it died.

    A process that was forked while it was held holds it too: take locks after forking.
    """

    def __init__(self, path: Path, let_go: Callable[[], None]) -> None:
        self.path = path
        self.release = let_go

    def remove(self) -> None:
        """Remove the lock's file and let go: in this order, so that nobody locks a file that is then removed."""
        try:
            self.path.unlink(missing_ok=True)
        except PermissionError:  # Windows removes no file that is open
            self.release()
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        self.release()


def try_lock(path: Path) -> FileLock | None:
    """Take the exclusive lock on the file, made if need be; None, at once, when someone else holds it.

    Two locks on one file exclude each other within one process too. None also when the file was removed meanwhile.
    FileNotFoundError when its folder is not there, another OSError when the file cannot be locked at all.
    """
    let_go = _lock_by_sqlite(path) if fcntl is None else _lock_by_flock(path, fcntl)
    return None if let_go is None else FileLock(path, let_go)


def _lock_by_flock(path: Path, locks: ModuleType) -> Callable[[], None] | None:
    with contextlib.ExitStack() as opened:
        file = opened.enter_context(os.fdopen(_open_private(path, os.O_CREAT), "r+b"))
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            locks.flock(file.fileno(), locks.LOCK_EX | locks.LOCK_NB)
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return opened.pop_all().close
    return None


def _lock_by_sqlite(path: Path) -> Callable[[], None] | None:
    path.touch(0o600)
    try:
        with contextlib.ExitStack() as opened:
            connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            opened.enter_context(contextlib.closing(connection))
            connection.execute("PRAGMA journal_mode = MEMORY")  # or who dies leaves a journal beside it
            connection.execute("BEGIN EXCLUSIVE")
            return opened.pop_all().close
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return None
        raise OSError(errno.EIO, f"cannot be locked: {error}", str(path)) from error


def take_short_turns(turn_s: float) -> None:
    """Ask for the processor in turns of `turn_s`, for this thread and those that it starts from now on.

    A thread with short turns gets the processor sooner when it has something to do; its share and its policy stay.
    Linux does so from 6.12 on; elsewhere nothing happens.
    """
    number = _SCHED_SETATTR.get(platform.machine()) if platform.system() == "Linux" else None
    if number is None:
        return
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    turn_ns = round(turn_s * 1e9)
    size = _SCHED_ATTRIBUTES.size
    attributes = _SCHED_ATTRIBUTES.pack(size, 0, _KEEP_POLICY, nice, 0, turn_ns, 0, 0, 0, _MOST_USE)
    ctypes.CDLL(None).syscall(number, 0, attributes, 0)
