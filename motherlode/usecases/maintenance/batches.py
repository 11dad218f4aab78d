"""Long work in short transactions: a few items at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`, none of them empty."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
