"""The order of what was found: within a tier by downloads, then by id; or the newest first, and then so.

Tantivy orders by one number of 64 bits. So each document has a row of numbers: the first holds the class of its
downloads (the more the smaller) and the first bytes of its id, the others the bytes that follow. A page is ordered by
the first; what ties there is ordered by the next among those that tie, and so on: exact, and as cheap as the page is
long, however many packages tie.

Downloads are kept by class: each number up to 63 is one, beyond that a class spans 1/32 of its octave (3 % at most).
Packages of one class tie. So the index needs to be told of downloads only when the class has changed (`has_moved`),
and every index that followed the same catalog gives the same order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from tantivy import DocAddress, Occur, Order, Query, Schema, Searcher

_EXACT_BITS: Final = 6
_MAX_CLASS: Final = 0xFFFF
_FIRST_BYTES: Final = 6
_NEXT_BYTES: Final = 8
_MAX_BYTES: Final = 102
"""Of an id as UTF-8; what ties in all of them is ordered in memory."""

BY_RANK: Final = tuple(f"rank_{number}" for number in range(1 + (_MAX_BYTES - _FIRST_BYTES) // _NEXT_BYTES))
"""The fields to order by, the first that differs deciding."""
_AGE: Final = "age"
NEWEST_FIRST: Final = (_AGE, *BY_RANK)
_FAR_FUTURE: Final = datetime(9999, 12, 31, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def class_of(downloads: int) -> int:
    """The class of a number of downloads: more downloads are never of a lower class."""
    shift = max(0, downloads.bit_length() - _EXACT_BITS)
    half = 1 << (_EXACT_BITS - 1)
    return min(shift * half + (downloads >> shift), _MAX_CLASS)


def rank_fields(id_key: str, downloads: int, published_at: datetime) -> Iterator[tuple[str, int]]:
    """The numbers that order a document, the smallest first."""
    yield _AGE, max(0, (_FAR_FUTURE - published_at) // _MICROSECOND)
    written = id_key.encode()[:_MAX_BYTES].ljust(_MAX_BYTES, b"\0")
    popularity = _MAX_CLASS - class_of(downloads)
    yield BY_RANK[0], popularity << (8 * _FIRST_BYTES) | int.from_bytes(written[:_FIRST_BYTES], "big")
    for field, start in zip(BY_RANK[1:], range(_FIRST_BYTES, _MAX_BYTES, _NEXT_BYTES), strict=True):
        yield field, int.from_bytes(written[start : start + _NEXT_BYTES], "big")


def read_class(first: int) -> int:
    """The class of downloads in a document's first number."""
    return _MAX_CLASS - (first >> (8 * _FIRST_BYTES))


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the index, as of one commit. `id_field` is the stored field that names a document's package."""

    searcher: Searcher
    schema: Schema
    id_field: str

    def count(self, query: Query) -> int:
        """How many documents match."""
        found = self.searcher.search(query, limit=1, order_by_field=BY_RANK[0], order=Order.Asc)
        return int(found.count)  # type: ignore[attr-defined]

    def has_term(self, field: str, text: str) -> bool:
        """Whether any document, replaced ones included, holds the text in the field; the cheapest look there is."""
        return self.searcher.doc_freq(field, text) > 0

    def has_moved(self, query: Query, downloads: int) -> bool:
        """Whether a document matches that was ranked by another class of downloads."""
        found = self.searcher.search(query, limit=1, order_by_field=BY_RANK[0], order=Order.Asc)
        return any(read_class(number) != class_of(downloads) for number, _ in found.hits)

    def read_page(
        self, query: Query, skip: int, take: int, order: Sequence[str] = BY_RANK
    ) -> tuple[int, tuple[str, ...]]:
        """How many documents match, and the id keys of those from `skip` on, at most `take`, ordered by the fields."""
        limit = skip + take + 1  # one more shows whether the last one ties with what follows
        found = self.searcher.search(query, limit=limit, order_by_field=order[0], order=Order.Asc)
        total = int(found.count)  # type: ignore[attr-defined]
        keys: list[str] = []
        start = 0
        for number, ties in groupby(found.hits, key=lambda hit: hit[0]):
            group = [address for _, address in ties]
            end = start + len(group)
            if end > skip and len(keys) < take:
                first, wanted = max(0, skip - start), take - len(keys)
                if end == limit < total or (order[0] == _AGE and len(group) > 1):
                    keys += self._read_ties(query, number, first, wanted, order)
                else:
                    keys += self._read_keys(group)[first : first + wanted]
            start = end
        return total, tuple(keys)

    def _read_ties(self, query: Query, number: int, skip: int, take: int, order: Sequence[str]) -> Sequence[str]:
        """Of those that tie in the first field, perhaps more than were looked at, a part in order."""
        tied = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.term_query(self.schema, order[0], number))])
        if len(order) > 1:
            return self.read_page(tied, skip, take, order[1:])[1]
        found = self.searcher.search(tied, limit=self.count(tied), order_by_field=BY_RANK[0])
        return self._read_keys([address for _, address in found.hits])[skip : skip + take]

    def _read_keys(self, addresses: Sequence[DocAddress]) -> list[str]:
        return sorted(str(self.searcher.doc(address).get_first(self.id_field)) for address in addresses)
