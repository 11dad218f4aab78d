"""What commands print: results on standard output, everything else on standard error.

Invariant: all output passes through `printable`, because names of files, users and packages are not trusted.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from motherlode.nuget.quoting import printable, printable_json


class CommandFailed(Exception):
    """A command failed: `str()` is a message for the user that says why and what to do."""


def put(text: str) -> None:
    """Print one line of the result."""
    _write(sys.stdout, printable(text))


def put_json(value: Any) -> None:
    """Print the result as indented JSON."""
    _write(sys.stdout, printable_json(json.dumps(value, indent=2, ensure_ascii=False)))


def put_json_line(value: Any) -> None:
    """Print one of several results as JSON on one line."""
    _write(sys.stdout, printable_json(json.dumps(value, ensure_ascii=False)))


def put_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print the head and rows in aligned columns, without wrapping or cutting text."""
    lines = [tuple(head), *(tuple(map(printable, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        put("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def put_all(described: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print the described items: all fields as JSON, or only `columns` as a table."""
    if as_json:
        put_json(described)
    else:
        put_table(
            [column.upper() for column in columns], ([as_cell(row[name]) for name in columns] for row in described)
        )


def put_one(described: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one described item: as JSON, or one line for each field."""
    if as_json:
        put_json(described)
    else:
        width = max(map(len, described))
        for name, value in described.items():
            put(f"{name.replace('_', ' ').ljust(width)}  {as_cell(value)}")


def as_cell(value: str | Sequence[str] | None) -> str:
    """Return a value as text: lists joined by commas, an empty value as a dash."""
    return (value if isinstance(value, str) else ", ".join(value or ())) or "-"


def as_time(at: datetime | None) -> str | None:
    """Return the time in ISO 8601, to the second; None for None."""
    return None if at is None else at.isoformat(timespec="seconds")


def tell(text: str) -> None:
    """Print one line that is not part of the result."""
    _write(sys.stderr, printable(text))


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
