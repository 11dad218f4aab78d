"""The program as a user types it: run to its end, or looked at while it serves."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.servers import MOTHERLODE, clean_environment

DEADLINE_S = 30


def run(*arguments: object, typed: str | bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `typed` is what standard input holds."""
    done = subprocess.run(
        [str(MOTHERLODE), *map(str, arguments)],
        input=typed.encode() if isinstance(typed, str) else typed,
        capture_output=True,
        env=clean_environment(**environment),
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with 1 and a sentence that has these words; nothing on standard output, no traceback."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def wait_for(is_so: Callable[[], bool]) -> None:
    """Look until it is so; fails when it is not for half a minute."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be so"


def is_listening(port: int) -> bool:
    """Whether anybody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def workers_of(pid: int) -> list[int]:
    """The worker processes of a server that runs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in _command_line(child)]


def _command_line(pid: str) -> bytes:
    """What a process was started as; nothing once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
