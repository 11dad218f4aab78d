"""What a unit of work asks its database."""

from collections.abc import Iterator
from contextlib import contextmanager

from motherlode.store.database.sqlite import Tx


@contextmanager
def noted(tx: Tx) -> Iterator[list[str]]:
    """A list that fills with the statements of `tx` that run inside."""
    statements: list[str] = []
    connection = tx.connection.driver_connection
    connection.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        connection.set_trace_callback(None)
