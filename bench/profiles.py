"""Where the time of a case goes: py-spy samples the whole tree while the case's requests are made over and over."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench.cases import Case
from bench.figures import Skipped
from bench.ground import Ground
from bench.load import load
from bench.pushes import Push, make_packages, push_all
from bench.reads import Read
from bench.servers import Motherlode

_SAMPLES_PER_S = 500
_LINES = 40
_WAITING = re.compile(r"(^|\.)(wait|select|_wait_for_tstate_lock) ")


def profile(case: Case, ground: Ground, into: Path, *, seconds: int) -> str:
    """Sample for that long, keep the stacks in `into` (one a line, with its count), and say what they come to.

    Raises Skipped for a case that is neither a read nor small pushes.
    """
    how = case.how
    if not isinstance(how, Read | Push):
        raise Skipped("only reads and small pushes are profiled")
    server = ground.motherlode(how.feed)
    sampler = Path(sys.executable).with_name("py-spy")
    if not sampler.exists():
        raise Skipped("py-spy is missing: requirements/bench.txt names it")
    options = [
        "--subprocesses",
        "--function",
        "--rate",
        str(_SAMPLES_PER_S),
        "--duration",
        str(seconds),
        "--format",
        "raw",
    ]
    command = [str(sampler), "record", *options, "--output", str(into), "--pid", str(server.server.process.pid)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            _work(how, server)
        if process.returncode:
            raise Skipped(f"py-spy did not run: {process.stderr.read().strip() if process.stderr else ''}")
    return _summary(into.read_text(encoding="utf-8").splitlines())


def _work(how: Read | Push, server: Motherlode) -> None:
    if isinstance(how, Read):
        load(server.url, how.paths(server), server.tree, seconds=2, connections=how.connections)
    else:
        push_all(server, make_packages(100), clients=how.clients)


def _summary(stacks: list[str]) -> str:
    """The functions with the most samples at the top of the stack, and with the most anywhere in it."""
    own, all_in = Counter[str](), Counter[str]()
    for stack in stacks:
        frames, _, samples = stack.rpartition(" ")
        names = [name for name in frames.split(";") if name.endswith(")") and not name.startswith("process ")]
        if not names or _WAITING.search(names[-1]):
            continue
        own[names[-1]] += int(samples)
        for name in set(names):
            all_in[name] += int(samples)
    total = sum(own.values()) or 1
    lines = [f"{total} samples in Python", "", "of its own:"]
    lines += [f"{count / total:7.1%}  {name}" for name, count in own.most_common(_LINES)]
    lines += ["", "with what it calls:"]
    lines += [f"{count / total:7.1%}  {name}" for name, count in all_in.most_common(_LINES)]
    return "\n".join(lines)
