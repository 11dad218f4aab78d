"""What use cases ask their database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.usecases.services import Services


@contextmanager
def queries(services: Services) -> Iterator[list[str]]:
    """A list that fills with the statements that run inside."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(services.db._engine, "before_cursor_execute", note)
    yield seen
    event.remove(services.db._engine, "before_cursor_execute", note)
