"""The processes of a server: found in /proc, and waited for by the kernel's own word that they ended."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TypeVar

import pytest

from tests.support.servers import MOTHERLODE, clean_environment

T = TypeVar("T")
END_TIMEOUT_S = 30

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and pidfd_open")


def descendants(pid: int) -> list[int]:
    """All living processes below that one."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = list(children.get(pid, ()))
    for child in found:
        found += children.get(child, ())
    return found


def workers(pid: int) -> list[int]:
    """The server's processes that answer requests."""
    return [child for child in descendants(pid) if b"spawn_main" in _command_line(child)]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def ending_with(pid: int) -> Iterator[None]:
    """Fail unless, after what is done inside, every process below that one ends by itself, soon."""
    with ExitStack() as opened:
        watched = {}
        for child in descendants(pid):
            with suppress(ProcessLookupError):  # it has ended since
                watched[child] = os.pidfd_open(child)
                opened.callback(os.close, watched[child])
        assert watched, "the server has no workers"
        yield
        for child, descriptor in watched.items():
            ended, _, _ = select.select([descriptor], [], [], END_TIMEOUT_S)
            if not ended:
                os.kill(child, signal.SIGKILL)
            assert ended, f"process {child} outlives its server"


def ask_until(ask: Callable[[], T], *, what: str) -> T:
    """Ask again until there is an answer that is not empty; who finds nobody listening is told so at once."""
    deadline = monotonic() + END_TIMEOUT_S
    while monotonic() < deadline:
        try:
            answer = ask()
        except (ConnectionError, FileNotFoundError):
            continue
        if answer:
            return answer
    raise AssertionError(f"waited in vain for {what}")


def run_command(*words: str, is_refused: bool = False) -> str:
    """Run `motherlode` with these words; returns what it says on standard error."""
    done = subprocess.run(
        [str(MOTHERLODE), *words], capture_output=True, text=True, env=clean_environment(), timeout=60, check=False
    )
    assert done.returncode == int(is_refused), done.stderr
    return " ".join(done.stderr.split())
