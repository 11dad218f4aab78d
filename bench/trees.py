"""What a process and all its children cost, as the kernel accounts it: processor time and memory."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


class Tree:
    """A process and its descendants, found anew each time they are asked about."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def pids(self) -> list[int]:
        """All processes of the tree that live now, the root first."""
        children: dict[int, list[int]] = {}
        for folder in _PROC.iterdir():
            if folder.name.isdigit():
                with suppress(OSError, IndexError):
                    children.setdefault(int(_stat(int(folder.name))[1]), []).append(int(folder.name))
        found = [self.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def cpu_s(self) -> float:
        """Seconds of processor time, user and system, of all threads, and of children that ended and were waited for.

        The kernel scales its ticks to the scheduler's nanoseconds, so the sum is exact to about ten milliseconds.
        """
        ticks = 0
        for pid in self.pids():
            with suppress(OSError):
                ticks += sum(int(value) for value in _stat(pid)[11:15])
        return ticks / _TICKS_PER_S

    def rss_mb(self) -> float:
        """Resident memory, pages that processes share counted for each of them."""
        return self._sum("VmRSS:")

    def peak_mb(self) -> float:
        """The highest resident memory of each process since `reset_peak`, added up: no less than the true peak."""
        return self._sum("VmHWM:")

    def reset_peak(self) -> None:
        """Let `peak_mb` count from now."""
        for pid in self.pids():
            with suppress(OSError):
                (_PROC / str(pid) / "clear_refs").write_text("5")

    def _sum(self, name: str) -> float:
        kib = 0
        for pid in self.pids():
            with suppress(OSError):
                lines = (_PROC / str(pid) / "status").read_text().splitlines()
                kib += sum(int(line.split()[1]) for line in lines if line.startswith(name))
        return kib / 1024


class Watch:
    """Looks at a tree's memory every few milliseconds while something else goes on, for a peak of the sum."""

    def __init__(self, tree: Tree, *, every_s: float = 0.02) -> None:
        self._tree = tree
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.before_mb = tree.rss_mb()
        self.most_mb = self.before_mb

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self._every_s):
            self.most_mb = max(self.most_mb, self._tree.rss_mb())


def _stat(pid: int) -> list[str]:
    """The fields of a process' `stat` that follow its name: state, parent…; user and system time are 11 to 14."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
