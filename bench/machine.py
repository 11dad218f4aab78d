"""The machine, the program and its surroundings a run was made with: without them no figure means anything."""

import os
import platform
import re
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from bench.figures import median

_SYNCS = 100


def describe_machine(folder: Path) -> dict[str, str | float]:
    """Processor, cores, memory, kernel and file system, and what a sync to the disk under `folder` takes."""
    return {
        "processor": _field("/proc/cpuinfo", r"model name\s*:\s*(.*)"),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(int(_field("/proc/meminfo", r"MemTotal:\s*(\d+)")) / 1024**2, 1),
        "kernel": platform.release(),
        "file_system": _read(["stat", "-f", "-c", "%T", str(folder)]),
        "sync_ms": round(_sync_ms(folder), 3),
    }


def describe_versions() -> dict[str, str]:
    """Versions of everything that takes part."""
    return {
        "motherlode": version("motherlode"),
        "python": platform.python_version(),
        "granian": version("granian"),
        "sqlite": sqlite3.sqlite_version,
        "nginx": _read(["nginx", "-v"]).partition("/")[2],
        "wrk": _read(["wrk", "-v"]).split()[1],
    }


def commit() -> str:
    """The commit that was measured; with a `+` if the tree held more than that."""
    if not (name := _read(["git", "rev-parse", "--short", "HEAD"])):
        return "unknown"
    return name + ("+" if _read(["git", "status", "--porcelain", "--", "motherlode", "requirements"]) else "")


def load_of_others() -> float:
    """How many processes wanted to run in the last minute."""
    return os.getloadavg()[0]


def _sync_ms(folder: Path) -> float:
    taken = []
    path = folder / "sync.probe"
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(b"." * 4096)
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    path.unlink()
    return median(taken) * 1000


def _field(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    return found[1] if found else "0"


def _read(command: list[str]) -> str:
    """What the command says, on whichever output; nothing if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode in {0, 1} else ""
