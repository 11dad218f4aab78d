"""As many requests as a server answers, by `wrk` on one thread: how many that are, and what they cost the server."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.trees import Tree

_SCRIPT = """
local paths = %(paths)s
local requests, at = {}, 0
function init()
  wrk.headers["Accept-Encoding"] = "gzip, deflate"
  for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path) end
end
function request()
  at = at + 1
  local path = paths[(at - 1) %% #paths + 1]
  if path:find("{n}", 1, true) then return wrk.format("GET", (path:gsub("{n}", at))) end
  return requests[(at - 1) %% #requests + 1]
end
function done(summary)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %%d, "duration_us": %%d, "failures": %%d, "refused": %%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout, e.status))
end
"""


class LoadFailed(Exception):
    """Requests were refused or lost: a figure made of them would say nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """One round: requests a second, the server's processor time for each, how busy both sides were (1 is a core)."""

    rate: float
    cpu_us: float
    server_busy: float
    generator_busy: float


def load(
    url: str, paths: Sequence[str], tree: Tree, *, seconds: float, connections: int, is_missing: bool = False
) -> Load:
    """Ask for `paths` in turn, over and over, for that long; `{n}` in a path becomes another number each time.

    Raises LoadFailed for any answer but 2xx, or, where `is_missing`, for any answer that is not a refusal.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % {"paths": "{" + ",".join(json.dumps(path) for path in paths) + "}"})
        script.flush()
        server_before, generator_before = tree.cpu_s(), os.times()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", script.name, url],
            capture_output=True,
            text=True,
            check=False,
        )
        server_s = tree.cpu_s() - server_before
        generator_s = sum(os.times()[2:4]) - sum(generator_before[2:4])
    if done.returncode:
        raise LoadFailed(done.stderr.strip() or done.stdout.strip())
    summary = json.loads(done.stdout.splitlines()[-1])
    requests, wall_s = summary["requests"], summary["duration_us"] / 1e6
    refused = summary["refused"]
    failures = summary["failures"] + (requests - refused if is_missing else refused)
    if failures or not requests:
        raise LoadFailed(f"{failures} of {requests} requests to {paths[0]} failed")
    return Load(requests / wall_s, server_s / requests * 1e6, server_s / wall_s, generator_s / wall_s)


def is_installed() -> bool:
    """Whether there is a `wrk`."""
    return any(Path(folder, "wrk").exists() for folder in os.environ.get("PATH", "").split(os.pathsep))
