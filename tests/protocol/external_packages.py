"""Packages from outside: the tables that say what each is, and where its bytes lie."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.bad_cases import make_large_cases

Row = dict[str, Any]
REFUSED_HERE = ("name-300.nupkg",)
"""Accepted by the table, refused here: see docs/validation.md."""


def table(packages: Path, name: str) -> list[Row]:
    """The rows about packages that go to the push address."""
    rows = json.loads((packages / name).read_text(encoding="utf-8"))
    return [row for row in rows if row.get("endpoint", "package") == "package"]


def bad_packages(packages: Path, made_into: Path) -> Iterator[tuple[Row, bytes]]:
    """Every row of the hostile and broken packages with its bytes; those too large to be kept are made.

    The one beyond the size limit is left out: a server with a lower limit shows the same.
    """
    made = make_large_cases(packages, made_into)
    for row in table(packages, "bad/cases.json"):
        if row["file"] in REFUSED_HERE:
            row["expect"] = 400
        if row["expect"] != 413:
            folder = packages / "bad" if row["kept"] else made
            yield row, (folder / row["file"]).read_bytes()
