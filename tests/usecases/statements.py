"""What use cases ask their database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.usecases.house import House


@contextmanager
def queries(house: House) -> Iterator[list[str]]:
    """A list that fills with the statements that run inside."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(house.db._engine, "before_cursor_execute", note)
    yield seen
    event.remove(house.db._engine, "before_cursor_execute", note)
