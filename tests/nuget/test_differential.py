"""Our judgement beside that of the official library, on packages from outside.

A lenient feed takes what clients can restore, so it is the one to compare: where it differs from the library, the rule
is listed with its reason in docs/validation.md, and nothing is listed there that does not differ.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from motherlode.nuget.nupkg import Limits, Strictness, ValidationResult, validate_nupkg

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
READ = "reads it"


def judge(path: Path) -> ValidationResult:
    with path.open("rb") as file:
        return validate_nupkg(file, Limits(), datetime.now(UTC), Strictness.LENIENT)


def listed(title: str) -> set[str]:
    """The codes of the table under that heading."""
    section = DOCUMENT.read_text("utf-8").split(f"### {title}\n")[1].split("\n#")[0]
    return {
        code for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for code in re.findall(r"`([^`]+)`", row)
    }


@pytest.fixture(scope="module")
def differences(packages: Path) -> tuple[list[ValidationResult], list[ValidationResult]]:
    """The bad packages that we refuse and the library reads, and those that we take and it does not read."""
    said = json.loads((packages / "bad" / "library.json").read_text("utf-8"))
    cases = json.loads((packages / "bad" / "cases.json").read_text("utf-8"))
    ours = [case["file"] for case in cases if case["endpoint"] == "package" and case["kept"]]
    verdicts = [(judge(packages / "bad" / name), said[name]) for name in ours]
    refused = [verdict for verdict, word in verdicts if verdict.nupkg is None and word == READ]
    taken = [verdict for verdict, word in verdicts if verdict.nupkg is not None and word != READ]
    return refused, taken


def test_what_the_library_reads_is_taken_but_for_the_listed_rules(differences):
    refused, _ = differences
    allowed = listed("Refused here, read by the official library")
    assert refused
    assert [verdict.faults for verdict in refused if not {fault.code for fault in verdict.faults} & allowed] == []
    assert allowed <= {fault.code for verdict in refused for fault in verdict.faults}


def test_what_is_taken_the_library_reads_but_for_the_listed_rules(differences):
    _, taken = differences
    allowed = listed("Accepted here, not read by the official library")
    assert taken
    assert [verdict.warnings for verdict in taken if not {fault.code for fault in verdict.warnings} & allowed] == []
    assert allowed <= {fault.code for verdict in taken for fault in verdict.warnings}


@pytest.mark.parametrize(("folder", "table"), [("real", "real.json"), ("made", "made/cases.json")])
def test_packages_that_the_library_packed_or_read_are_taken_without_exception(packages, folder, table):
    rows = json.loads((packages / table).read_text("utf-8"))
    rows = [row for row in rows if row.get("endpoint", "package") == "package"]
    for row in rows:
        verdict = judge(packages / folder / row["file"])
        assert verdict.nupkg is not None, verdict.faults
        identity = verdict.nupkg.package.identity
        assert (identity.id.written, identity.version.written) == (row["id"], row["version"])


def test_dependencies_are_read_as_the_library_reads_them(packages):
    for row in json.loads((packages / "real.json").read_text("utf-8")):
        verdict = judge(packages / "real" / row["file"])
        assert verdict.nupkg is not None
        groups = [
            (group.framework.written if group.framework else None, [each.id.written for each in group.dependencies])
            for group in verdict.nupkg.package.dependency_groups
        ]
        flat = [(None, [each["id"] for each in row["flat_dependencies"]])] if row["flat_dependencies"] else []
        assert groups == flat + [
            (group["framework"], [each["id"] for each in group["dependencies"]]) for group in row["dependency_groups"]
        ]
