"""The command: `python -m fuzz [TARGET ...]` for readers, `python -m fuzz http` for the server; see `--help`."""

import argparse
import sys
from pathlib import Path

from fuzz.guided import run_target
from fuzz.targets import TARGETS, find_target

_CACHE = Path(__file__).parents[1] / ".cache" / "fuzz"


def main() -> int:
    """Run what the command line asks for; returns the exit status."""
    if sys.argv[1:2] == ["http"]:
        from fuzz import over_http  # noqa: PLC0415 readers are fuzzed without what the server needs

        return over_http.main(sys.argv[2:])
    asked = _parser().parse_args()
    unknown = [name for name in asked.targets if find_target(name) is None]
    if unknown:
        print(
            f"There is no target {unknown[0]}; there are http, {', '.join(each.name for each in TARGETS)}.",
            file=sys.stderr,
        )
        return 2
    if asked.input:
        return _try_again(asked.targets, asked.input)
    return _fuzz(asked.targets, asked.seconds, asked.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m fuzz", description="Looks for inputs that a reader does not stand.")
    names = ", ".join(each.name for each in TARGETS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"none: all of {names}; http: the whole server")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices; 0: another one each time")
    parser.add_argument("--input", type=Path, help="try this one input again, in this process, with its traceback")
    return parser


def _try_again(names: list[str], path: Path) -> int:
    target = find_target(names[0]) if names else None
    if target is None:
        print("Name the target of the input.", file=sys.stderr)
        return 2
    target.claim(path.read_bytes())
    print(f"{target.name}: nothing wrong with {path}")
    return 0


def _fuzz(names: list[str], seconds: int, seed: int) -> int:
    found = 0
    for target in TARGETS:
        if names and target.name not in names:
            continue
        run = run_target(target, seconds, _CACHE, seed=seed)
        print(f"{target.name:12} {run.inputs:>9} inputs, {run.covered:>5} places reached", flush=True)
        if run.finding is not None:
            found += 1
            print(run.finding, file=sys.stderr)
            print(f"Again: python -m fuzz {target.name} --input FILE, the FILE that is named above", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
