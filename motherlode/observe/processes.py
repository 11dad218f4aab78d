"""Reads the resource use of the server's processes from /proc (Linux)."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from motherlode.observe.server_state import ProcessState

_PROC: Final = Path("/proc")


def read_processes() -> ProcessState | None:
    """The sum over this worker, its siblings and their parent, or None on systems without /proc."""
    if not (_PROC / "self" / "stat").exists():
        return None
    found = [state for state in map(_read, _family()) if state is not None]
    return ProcessState(
        count=len(found),
        resident_bytes=sum(state.resident_bytes for state in found),
        open_files=sum(state.open_files for state in found),
        cpu_s=sum(state.cpu_s for state in found),
    )


def _family() -> list[int]:
    """The process ids of the server, or only this process if it was not started as a worker."""
    parent = os.getppid()
    try:
        siblings = [int(pid) for pid in (_PROC / str(parent) / "task" / str(parent) / "children").read_text().split()]
    except OSError:
        siblings = []
    is_server = "PROMETHEUS_MULTIPROC_DIR" in os.environ and os.getpid() in siblings
    return [parent, *siblings] if is_server else [os.getpid()]


def _read(pid: int) -> ProcessState | None:
    """The state of one process, or None if it has ended or cannot be inspected."""
    folder = _PROC / str(pid)
    with suppress(OSError, ValueError, IndexError):
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        resident_bytes = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return ProcessState(1, resident_bytes, len(list((folder / "fd").iterdir())), cpu_s)
    return None
