"""`history.jsonl`: a line for each run, never changed; and the table that is made of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.cases import CASES, Case
from bench.figures import Figures, goals_line, label, show

HISTORY: Final = Path(__file__).with_name("history.jsonl")
PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_READ_HEAD: Final = (
    "| Case | CPU each | nginx | × | Requests/s | nginx | × | p50 | p99 | p99 nginx | at | Peak memory | Goal |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"
)
_READ_COLUMNS: Final = (
    "cpu_us",
    "nginx_cpu_us",
    "cpu_ratio",
    "rate",
    "nginx_rate",
    "rate_ratio",
    "p50_ms",
    "p99_ms",
    "nginx_p99_ms",
    "paced_rate",
    "peak_mb",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: where, when and with what, the figures of each case, and why some were skipped."""

    about: Mapping[str, Any]
    results: Mapping[str, Figures]
    skipped: Mapping[str, str]


def append(run: Run) -> None:
    """Add a line."""
    with HISTORY.open("a", encoding="utf-8") as file:
        line = {**run.about, "results": _rounded(run.results), "skipped": run.skipped}
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def latest() -> Run:
    """The last run, completed by earlier ones on a machine like it; LookupError if nothing was measured yet."""
    lines = [json.loads(line) for line in HISTORY.read_text(encoding="utf-8").splitlines()] if HISTORY.exists() else []
    if not lines:
        raise LookupError("nothing was measured yet")
    last = lines[-1]
    same = [line for line in lines if line["machine"]["processor"] == last["machine"]["processor"]]
    results = {name: figures for line in same for name, figures in line["results"].items()}
    commits = sorted(
        {line["commit"] for line in same if any(results[name] is line["results"][name] for name in line["results"])}
    )
    about = {name: value for name, value in last.items() if name not in {"results", "skipped"}} | {"commits": commits}
    return Run(about, results, {name: why for name, why in last["skipped"].items() if name not in results})


def write_page() -> None:
    """Put the latest figures into the page, between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    PAGE.write_text(f"{before}{_BEGIN}\n\n{render(latest())}\n\n{_END}{after}", encoding="utf-8")


def render(run: Run) -> str:
    """The run as Markdown: what it was made on, reads, and all else."""
    measured = [case for case in CASES if case.name in run.results]
    reads = [case for case in measured if "nginx_cpu_us" in run.results[case.name]]
    others = [case for case in measured if case not in reads]
    parts = [_surroundings(run.about)]
    if reads:
        parts.append("\n".join([_READ_HEAD, *(_read_row(case, run.results[case.name]) for case in reads)]))
    if others:
        rows = (_other_row(case, run.results[case.name]) for case in others)
        parts.append("\n".join(["| Case | Figures | Goal |", "|---|---|---|", *rows]))
    if run.skipped:
        parts.append("\n".join(f"- {name} was not measured: {why}." for name, why in run.skipped.items()))
    return "\n\n".join(parts)


def _surroundings(about: Mapping[str, Any]) -> str:
    machine, versions, effort = about["machine"], about["versions"], about["effort"]
    programs = ", ".join(f"{name} {version}" for name, version in versions.items())
    scale = "" if effort["scale"] == 1 else f"; quick: feeds and pushes are {effort['scale']} times smaller than named"
    commits = about.get("commits") or [about["commit"]]
    return (
        f"Taken on {about['at'][:10]} at {', '.join(commits)}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, Linux {machine['kernel']}, {machine['file_system']}, "
        f"{machine['sync_ms']} ms for a sync; {programs}; {effort['rounds']} rounds of {effort['seconds']:g} s{scale}."
    )


def _read_row(case: Case, figures: Figures) -> str:
    cells = [show(name, figures[name]) for name in _READ_COLUMNS]
    return f"| {case.about} | {' | '.join(cells)} | {goals_line(case.goals, figures)} |"


def _other_row(case: Case, figures: Figures) -> str:
    cells = ", ".join(f"{label(name)} {show(name, value)}".strip() for name, value in figures.items())
    return f"| {case.about} | {cells} | {goals_line(case.goals, figures)} |"


def _rounded(results: Mapping[str, Figures]) -> dict[str, Figures]:
    return {case: {name: round(value, 4) for name, value in figures.items()} for case, figures in results.items()}


def lines_of(results: Iterable[tuple[Case, Figures]]) -> str:
    """A few lines for a terminal: each case with all its figures."""
    return "\n".join(
        f"{case.name}: " + ", ".join(f"{name} {show(name, value)}" for name, value in figures.items())
        for case, figures in results
    )
