"""What cases stand on: prepared feeds, running servers, and how long and how often to measure.

At most one Motherlode and one nginx run at a time; a case that wants another feed ends the server before it.
"""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.feeds import LARGE_BIG, FeedSize, copied, prepared
from bench.figures import median
from bench.load import load
from bench.servers import Motherlode, Nginx, motherlode, nginx

_SMALL_BYTES: Final = 500


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds of each server in turn, seconds a round, and what large feeds are scaled down by."""

    rounds: int = 3
    seconds: float = 3.0
    scale: int = 1

    def times(self, count: int) -> int:
        """So many of something, or fewer in a quick run."""
        return max(min(count, 20), count // self.scale)


class Ground:
    """A folder to work in and what runs there; left, all is ended and the folder is gone, prepared feeds stay."""

    def __init__(self, cache: Path, effort: Effort) -> None:
        self.effort = effort
        self._cache = cache
        self.folder = cache / "run"
        self._folders = 0
        self._nginx: Nginx | None = None
        self._nginx_read_us: float | None = None
        self._motherlode: Motherlode | None = None
        self._runs_on: FeedSize | None = None
        self._nginx_stack = ExitStack()
        self._motherlode_stack = ExitStack()

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_motherlode()
        self._nginx_stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def size(self, name: str) -> FeedSize:
        """The feed of that name: "small", "middle" or "large"."""
        ids, big_versions = {"small": (1000, 500), "middle": (5000, 500), "large": (100_000, LARGE_BIG)}[name]
        return FeedSize(max(50, ids // self.effort.scale), big_versions if self.effort.scale == 1 else 244)

    def data(self, name: str) -> Path:
        """A fresh copy of the data of a feed."""
        return copied(prepared(self.size(name), self._cache), self.new_folder())

    def new_folder(self) -> Path:
        """The path of a data folder that is not there yet."""
        self._folders += 1
        return self.folder / f"data-{self._folders}"

    def nginx(self) -> Nginx:
        """The nginx of this run."""
        if self._nginx is None:
            self._nginx = self._nginx_stack.enter_context(nginx(self.folder / "nginx"))
        return self._nginx

    def nginx_read_us(self) -> float:
        """Processor time of nginx for one read of a small file, measured once in this run: what times are compared with
        that have nothing like them beside."""
        if self._nginx_read_us is None:
            server = self.nginx()
            (server.static / "small").write_bytes(bytes(_SMALL_BYTES))
            taken = [
                load(server.url, ["/small"], server.tree, seconds=self.effort.seconds, connections=16).cpu_us
                for _ in range(self.effort.rounds)
            ]
            self._nginx_read_us = median(taken)
        return self._nginx_read_us

    def motherlode(self, name: str) -> Motherlode:
        """The Motherlode that serves this feed: the one that runs already, if it does."""
        if self._motherlode is None or self._runs_on != self.size(name):
            self.end_motherlode()
            self._motherlode = self._motherlode_stack.enter_context(motherlode(self.data(name)))
            self._runs_on = self.size(name)
        return self._motherlode

    def end_motherlode(self) -> None:
        """Stop it, if it runs: what was asked of it must not show in what comes next."""
        self._motherlode_stack.close()
        self._motherlode = None
