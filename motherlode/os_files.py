"""The only module that uses features of POSIX systems: fsync of folders, file locks, mode bits, hard links.

If the platform (Windows) lacks a feature, a fallback keeps the promise as far as the platform allows:

    folder entries      NTFS journals them itself; nothing to sync, and no way to ask for it
    locks               SQLite's locks on the lock file, which work on every platform
    mode bits           the folder's access control list decides
    hard links          a rename, which Windows refuses if the target exists
    limit of open files no limit that matters here
    signal masks        none: a worker receives Ctrl+C like its parent, and is ended from outside
    owners of files     not checked
    time slices         those of the system (only Linux 6.12 and later accepts a request for shorter ones)

This module does not know what the files are for.
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
"""Upper bound for open files: more than a server needs. Some systems have no limit of their own."""
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The number of the system call sched_setattr, by machine; glibc before 2.41 has no function for it."""
_SCHED_ATTRIBUTES: Final = struct.Struct("IIQiIQQQII")
"""struct sched_attr of sched_setattr(2): size, policy, flags, nice, priority, runtime (ns), deadline, period, util_min,
util_max."""
_KEEP_POLICY: Final = 0x08
_MOST_USE: Final = 1024


def sync_folder(path: Path) -> None:
    """Make the folder's entries (files created, renamed or removed in it) survive a power loss."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: BinaryIO) -> None:
    """Make the file's bytes survive a power loss, including those still in Python's buffer."""
    file.flush()
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)  # on macOS, fsync does not flush the disk's own cache
    if fcntl is not None and full_sync is not None:
        fcntl.fcntl(file.fileno(), full_sync)
    else:
        os.fsync(file.fileno())


def make_private(path: Path) -> None:
    """Allow only the owner to read and write the file (mode 600)."""
    if hasattr(os, "fchmod"):
        path.chmod(0o600)


def open_new(path: Path) -> BinaryIO:
    """Create a private file (mode 600) for writing and reading. Raises FileExistsError if the name is taken."""
    return os.fdopen(_open_private(path, os.O_CREAT | os.O_EXCL), "w+b")


def _open_private(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)


def place(source: Path, target: Path) -> None:
    """Rename `source` to `target` atomically. Raises FileExistsError if `target` exists; never overwrites it."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except (AttributeError, OSError):
        _rename_unless_there(source, target)
    else:
        source.unlink()


def _rename_unless_there(source: Path, target: Path) -> None:
    """Rename on a file system without hard links. Only Windows refuses an existing target; on other systems two calls
    at the same time may both succeed."""
    if target.exists():
        raise FileExistsError(target)
    source.rename(target)


def write_private(path: Path, content: bytes) -> None:
    """Create or replace the private file, durably and atomically: a crash leaves the old or the new content."""
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
    """The owner of the file or folder, as `sudo -u` accepts it, if it is not the user of this process.

    Returns None if it is that user, or if the path does not exist or cannot be inspected."""
    if not hasattr(os, "geteuid"):
        return None
    try:
        owner = path.stat().st_uid
    except OSError:
        return None
    return None if owner == os.geteuid() else _name_user(owner)


def is_superuser() -> bool:
    """Whether this process may write every file, whoever owns it."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _name_user(user_id: int) -> str:
    # only POSIX systems have this module
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"#{user_id}"


def is_running(process_id: int) -> bool:
    """Whether the process exists. Always True on Windows, where the check would end the process."""
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
    """Raise the limit of open files of this process and its children to what the user may have; returns the limit."""
    if resource is None:
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # macOS allows fewer than its hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return min(soft if soft != resource.RLIM_INFINITY else most, MOST_FILES)


def hold_signals(*signals: signal.Signals) -> bool:
    """Block the signals in this thread and in every thread it starts from now on.

    A blocked signal stays pending, at most once each. Returns False if the platform cannot block signals."""
    if not hasattr(signal, "pthread_sigmask"):
        return False
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    return True


def wait_for_held(held: signal.Signals) -> None:
    """Wait for the signal, which every thread of this process blocks, and consume it."""
    signal.sigwait({held})


def deliver_held(held: signal.Signals) -> None:
    """Handle the signal now in this thread, which must be the main thread, then block it again."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {held})
    signal.raise_signal(held)
    signal.pthread_sigmask(signal.SIG_BLOCK, {held})


class FileLock:
    """An exclusive lock. It is held until `release`, until this object is gone, or until the process ends in any way.

    A child that is forked while the lock is held also holds it, so take locks after forking.
    """

    def __init__(self, path: Path, release: Callable[[], None]) -> None:
        self.path = path
        self.release = release

    def remove(self) -> None:
        """Remove the lock file, then release the lock. In the other order a process could lock a file that is then
        removed."""
        try:
            self.path.unlink(missing_ok=True)
        except PermissionError:  # Windows does not remove open files
            self.release()
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        self.release()


def try_lock(path: Path) -> FileLock | None:
    """Take the exclusive lock on the file without waiting; the file is created if necessary.

    Returns None if the lock is held elsewhere, or if the file was removed meanwhile. Two locks on one file exclude each
    other within one process too. Raises FileNotFoundError if the folder does not exist, or another OSError if the file
    cannot be locked at all.
    """
    release = _lock_by_sqlite(path) if fcntl is None else _lock_by_flock(path, fcntl)
    return None if release is None else FileLock(path, release)


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
            connection.execute("PRAGMA journal_mode = MEMORY")  # otherwise a crash leaves a journal file
            connection.execute("BEGIN EXCLUSIVE")
            return opened.pop_all().close
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return None
        raise OSError(errno.EIO, f"cannot be locked: {error}", str(path)) from error


def take_short_turns(turn_s: float) -> None:
    """Ask for time slices of `turn_s` seconds, for this thread and the threads it starts from now on.

    A thread with short time slices gets the processor sooner when it has work; its share and its scheduling policy do
    not change. This works on Linux 6.12 and later; elsewhere nothing happens.
    """
    number = _SCHED_SETATTR.get(platform.machine()) if platform.system() == "Linux" else None
    if number is None:
        return
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    turn_ns = round(turn_s * 1e9)
    size = _SCHED_ATTRIBUTES.size
    attributes = _SCHED_ATTRIBUTES.pack(size, 0, _KEEP_POLICY, nice, 0, turn_ns, 0, 0, 0, _MOST_USE)
    ctypes.CDLL(None).syscall(number, 0, attributes, 0)
