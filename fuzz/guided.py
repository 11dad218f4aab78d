"""Coverage-guided runs: each in a process of its own (`fuzz.child`), since libFuzzer ends the process it runs in."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz.targets import Target

INPUT_TIMEOUT_S: Final = 10
"""What one input may take. Readers need milliseconds; a busy machine, and code that is traced, need more."""
MAX_MEMORY_MB: Final = 1024
ROOT: Final = Path(__file__).parents[1]

_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_PROGRESS = re.compile(r"INFO|#\d+|stat::|0x|MS: |ParseDictionaryFile|Dictionary|$")
_COVERED = re.compile(r"\bcov: (\d+)")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to: how many inputs were tried, how much code they reached, and what was wrong, if anything."""

    target: str
    inputs: int
    covered: int
    finding: str | None


def run_target(target: Target, seconds: int, cache: Path, *, seed: int = 0) -> Run:
    """Fuzz one target for so many seconds. `cache` keeps the inputs that reached new code, for the next run, and those
    that something was wrong with; `seed` 0 is another one each time."""
    corpus, seeds, findings = (cache / name / target.name for name in ("corpus", "seeds", "findings"))
    for folder in (corpus, seeds, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(target.seeds()):
        (seeds / f"{number:04}").write_bytes(content)
    words = cache / f"{target.name}.words"
    words.write_text("".join(f'"{_escape(word)}"\n' for word in target.words))
    flags = {
        "artifact_prefix": f"{findings}/",
        "dict": str(words),
        "max_len": target.max_bytes,
        "max_total_time": seconds,
        "print_final_stats": 1,
        "rss_limit_mb": MAX_MEMORY_MB,
        "seed": seed,
        "timeout": INPUT_TIMEOUT_S,
    }
    arguments = [f"-{name}={value}" for name, value in flags.items()]
    command = [sys.executable, "-m", "fuzz.child", target.name, *arguments, str(corpus), str(seeds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True, errors="replace")
    return _read_run(target, done.returncode, done.stderr + done.stdout)


def _escape(word: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word.encode("latin-1", errors="ignore") or word.encode())


def _read_run(target: Target, status: int, said: str) -> Run:
    inputs, covered = _RUNS.findall(said), _COVERED.findall(said)
    finding = None if status == 0 else "\n".join(line for line in said.splitlines() if not _PROGRESS.match(line))
    return Run(target.name, int(inputs[-1]) if inputs else 0, int(covered[-1]) if covered else 0, finding)
