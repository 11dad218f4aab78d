"""Clients that hold connections and do nothing good with them, many at once; and what a server keeps for them."""

import re
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.faults.processes import workers
from tests.support.servers import Server

GUARD_S = 60
"""A test that waits longer has failed."""


@contextmanager
def crowd(
    server: Server, count: int, say: bytes = b"", *, sources: int = 1, first: int = 1
) -> Iterator[list[socket.socket]]:
    """So many connections, from so many addresses of this machine (127.0.1.`first` and on), each of which has said
    that, and reads nothing."""
    with ExitStack() as opened:
        addresses = [f"127.0.1.{first + number % sources}" for number in range(count)]
        yield [opened.enter_context(_connect(server.port, address, say)) for address in addresses]


def _connect(port: int, source: str, say: bytes) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(GUARD_S)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", port))
    with suppress(ConnectionError):
        connection.sendall(say)
    return connection


def count_ended(connections: Sequence[socket.socket]) -> int:
    """How many of them the server has ended, whatever it sent before."""
    return sum(map(_is_ended, connections))


def _is_ended(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def wait_until(is_so: Callable[[], bool], *, what: str) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + GUARD_S
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        select.select([], [], [], 0.05)


class Worker:
    """What the one worker of a server holds."""

    def __init__(self, server: Server) -> None:
        [self._process] = workers(server.process.pid)

    @property
    def memory_mb(self) -> float:
        """Its memory now."""
        return self._status("VmRSS") / 1024

    @property
    def peak_mb(self) -> float:
        """The most memory that it had."""
        return self._status("VmHWM") / 1024

    @property
    def read_mb(self) -> float:
        """How much it read, of files and connections, since it began."""
        return int(self._find(Path("io"), "rchar")) / 1e6

    def count_sockets(self) -> int:
        """How many of its open files are sockets."""
        return sum(target.startswith("socket:") for target in self._open_files())

    def count_packages(self) -> int:
        """How many of its open files are packages."""
        return sum(target.endswith(".nupkg") or "/blobs/" in target for target in self._open_files())

    def _open_files(self) -> list[str]:
        targets = []
        for file in Path(f"/proc/{self._process}/fd").iterdir():
            with suppress(OSError):
                targets.append(str(file.readlink()))
        return targets

    def _status(self, name: str) -> int:
        return int(self._find(Path("status"), name).split()[0])

    def _find(self, file: Path, name: str) -> str:
        found = re.search(rf"^{name}:\s*(.*)$", Path(f"/proc/{self._process}", file).read_text(), re.MULTILINE)
        assert found
        return found[1]
