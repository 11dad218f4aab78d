"""What commands print: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any


class CommandFailed(Exception):
    """A command cannot do what was asked: `str()` is a sentence that says why and what to do."""


def put(text: str) -> None:
    """Print one line of the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def put_json(value: Any) -> None:
    """Print the result for a machine."""
    put(json.dumps(value, indent=2, ensure_ascii=False))


def put_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in aligned columns, whole at any width; nothing but the head when there are none."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        put("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def tell(text: str) -> None:
    """Print one line that is no result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
