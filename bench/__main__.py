"""The command: `python -m bench [CASE ...]`; see `--help`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import history
from bench.cases import CASES, Case, find_cases
from bench.cores import LOAD_CORE, SERVER_CORE, take_load_core
from bench.figures import Figures, Skipped, goals_line, in_reads
from bench.ground import Effort, Ground
from bench.load import LoadFailed, is_installed
from bench.machine import commit, describe_machine, describe_versions, load_of_others
from bench.profiles import profile

_CACHE = Path(__file__).parents[1] / ".cache" / "bench"
_QUICK = Effort(rounds=1, seconds=1, scale=50)


def main() -> int:
    """Run what the command line asks for; returns the exit status."""
    asked = _parser().parse_args()
    if asked.list:
        print("\n".join(f"{case.name:22} {case.about}" for case in CASES))
        return 0
    if asked.table:
        history.write_page()
        return 0
    try:
        cases = find_cases(asked.cases)
    except KeyError as error:
        print(f"There is no case {error}; --list names them all.", file=sys.stderr)
        return 2
    if not is_installed():
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 2
    effort = _QUICK if asked.quick else Effort(asked.rounds, asked.seconds)
    cache: Path = asked.cache
    cache.mkdir(parents=True, exist_ok=True)
    take_load_core()
    if asked.profile:
        return _profile(cases, effort, cache)
    return _measure(cases, effort, cache, is_kept=not asked.quick)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description="Measures Motherlode beside nginx.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names as --list shows them, also search*; none: all")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server, in turn (3)")
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (3)")
    parser.add_argument("--quick", action="store_true", help="small feeds and one short round; nothing is kept")
    parser.add_argument("--profile", action="store_true", help="sample the cases with py-spy instead of measuring them")
    parser.add_argument("--table", action="store_true", help="only write the latest figures into docs/performance.md")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="where prepared feeds are kept (.cache/bench)")
    return parser


def _measure(cases: list[Case], effort: Effort, cache: Path, *, is_kept: bool) -> int:
    cores = [SERVER_CORE, LOAD_CORE]
    about: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": describe_machine(cache) | {"load_of_others": load_of_others()},
        "versions": describe_versions(),
        "effort": {"rounds": effort.rounds, "seconds": effort.seconds, "scale": effort.scale, "cores": cores},
    }
    results: dict[str, Figures] = {}
    skipped: dict[str, str] = {}
    failed = 0
    with Ground(cache, effort) as ground:
        for case in cases:
            try:
                figures = case.how.measure(ground)
                names = [goal.figure for goal in case.goals if goal.figure.endswith("_reads")]
                results[case.name] = figures | (in_reads(figures, names, ground.nginx_read_us()) if names else {})
            except Skipped as reason:
                skipped[case.name] = str(reason)
                print(f"{case.name}: skipped, {reason}", flush=True)
            except (LoadFailed, OSError) as error:
                failed += 1
                print(f"{case.name}: failed, {error}", file=sys.stderr, flush=True)
            else:
                print(history.lines_of([(case, results[case.name])]), flush=True)
                print(f"    {goals_line(case.goals, results[case.name])}", flush=True)
    run = history.Run(about, results, skipped)
    print("\n" + history.render(run))
    if is_kept and results:
        history.append(run)
    return 1 if failed else 0


def _profile(cases: list[Case], effort: Effort, cache: Path) -> int:
    with Ground(cache, effort) as ground:
        for case in cases:
            into = cache / f"profile-{case.name}.txt"
            try:
                print(f"{case.name} ({into}): {profile(case, ground, into, seconds=10)}\n", flush=True)
            except Skipped as reason:
                print(f"{case.name}: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
