"""A server's beginning and its rest: time from the command to the first answer, and memory of the whole tree."""

import http.client
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.cores import on_server_core
from bench.figures import Figures, median
from bench.ground import Ground
from bench.load import load
from bench.reads import of
from tests.support.servers import MOTHERLODE, clean_environment, free_port

_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Start:
    """From the command line to the first answer, on a feed that is there."""

    feed: str = "middle"
    starts: int = 5

    def measure(self, ground: Ground) -> Figures:
        """The shortest and the middle of several starts."""
        ground.end_motherlode()
        data = ground.data(self.feed)
        taken = [_start(data) for _ in range(ground.effort.times(self.starts))]
        return {"least_s": min(taken), "s": median(taken)}


@dataclass(frozen=True, slots=True)
class Command:
    """Processor time of a command that reads little, from a cold interpreter to its end."""

    arguments: tuple[str, ...]
    feed: str = "middle"
    runs: int = 7

    def measure(self, ground: Ground) -> Figures:
        """The least and the middle of several runs."""
        command = [str(MOTHERLODE), *self.arguments, "--data", str(ground.data(self.feed))]
        taken = [_run(command) for _ in range(ground.effort.times(self.runs))]
        return {"least_cpu_s": min(taken), "cpu_s": median(taken)}


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of the tree: at rest after its start, and after load."""

    feed: str = "middle"

    def measure(self, ground: Ground) -> Figures:
        """Resident memory, pages that processes share counted for each."""
        ground.end_motherlode()
        server = ground.motherlode(self.feed)
        time.sleep(1)
        idle_mb = server.tree.rss_mb()
        paths = of(
            "/v3/index.json",
            "/v3/flat/acme.fivehundred/index.json",
            "/v3/flat/acme.size20k/1.0.0/acme.size20k.1.0.0.nupkg",
        )
        load(server.url, paths(server), server.tree, seconds=ground.effort.seconds * 2, connections=64)
        return {"idle_mb": idle_mb, "after_load_mb": server.tree.rss_mb(), "processes_count": len(server.tree.pids())}


def _start(data: Path) -> float:
    port = free_port()
    command = [str(MOTHERLODE), "serve", "--data", str(data), "--port", str(port)]
    with on_server_core():
        started = perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment()
        )
    try:
        while not _answers(port):
            if process.poll() is not None or perf_counter() - started > _TIMEOUT_S:
                raise OSError("the server did not start")
            time.sleep(0.002)
        return perf_counter() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_TIMEOUT_S)


def _run(command: list[str]) -> float:
    """Processor time of a command, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with on_server_core():
        subprocess.run(command, stdout=subprocess.DEVNULL, env=clean_environment(), timeout=_TIMEOUT_S, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/v3/index.json")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
