"""The order of results: within a tier by downloads, then by id; or the newest first, then by downloads and id.

Tantivy can order by a single 64-bit number. So each document has a row of numbers. The first contains the class of its
downloads (more downloads, smaller number) and the first bytes of its id; the others contain the following bytes. A page
is ordered by the first number, ties by the next number, and so on. The order is exact, and the cost depends on the
length of the page, not on the number of ties.

Downloads are grouped into classes: each number up to 63 is its own class; above that, a class spans 1/32 of its octave
(at most 3 %). Packages of one class tie. So the index only needs an update when the class changes (`has_moved`), and
all indexes that followed the same catalog give the same order.
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
"""Bytes of an id (UTF-8) in the numbers. Ids that tie in all of them are ordered in memory."""

BY_RANK: Final = tuple(f"rank_{number}" for number in range(1 + (_MAX_BYTES - _FIRST_BYTES) // _NEXT_BYTES))
"""The fields to order by; the first one that differs decides."""
_AGE: Final = "age"
NEWEST_FIRST: Final = (_AGE, *BY_RANK)
_FAR_FUTURE: Final = datetime(9999, 12, 31, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def class_of(downloads: int) -> int:
    """The class of a number of downloads. More downloads never have a lower class."""
    shift = max(0, downloads.bit_length() - _EXACT_BITS)
    half = 1 << (_EXACT_BITS - 1)
    return min(shift * half + (downloads >> shift), _MAX_CLASS)


def rank_fields(id_key: str, downloads: int, published_at: datetime) -> Iterator[tuple[str, int]]:
    """The fields and numbers that order a document. Smaller numbers come first."""
    yield _AGE, max(0, (_FAR_FUTURE - published_at) // _MICROSECOND)
    written = id_key.encode()[:_MAX_BYTES].ljust(_MAX_BYTES, b"\0")
    popularity = _MAX_CLASS - class_of(downloads)
    yield BY_RANK[0], popularity << (8 * _FIRST_BYTES) | int.from_bytes(written[:_FIRST_BYTES], "big")
    for field, start in zip(BY_RANK[1:], range(_FIRST_BYTES, _MAX_BYTES, _NEXT_BYTES), strict=True):
        yield field, int.from_bytes(written[start : start + _NEXT_BYTES], "big")


def read_class(first: int) -> int:
    """The class of downloads in the first number of a document."""
    return _MAX_CLASS - (first >> (8 * _FIRST_BYTES))


@dataclass(frozen=True, slots=True)
class Reading:
    """A view of the index at one commit. `id_field` is the stored field that names a document's package."""

    searcher: Searcher
    schema: Schema
    id_field: str

    def count(self, query: Query) -> int:
        """The number of matching documents."""
        found = self.searcher.search(query, limit=1, order_by_field=BY_RANK[0], order=Order.Asc)
        return int(found.count)  # type: ignore[attr-defined]

    def has_term(self, field: str, text: str) -> bool:
        """Whether any document, including replaced ones, has the text in the field. The cheapest check there is."""
        return self.searcher.doc_freq(field, text) > 0

    def has_moved(self, query: Query, downloads: int) -> bool:
        """Whether a matching document was ranked with another class of downloads."""
        found = self.searcher.search(query, limit=1, order_by_field=BY_RANK[0], order=Order.Asc)
        return any(read_class(number) != class_of(downloads) for number, _ in found.hits)

    def read_page(
        self, query: Query, skip: int, take: int, order: Sequence[str] = BY_RANK
    ) -> tuple[int, tuple[str, ...]]:
        """The number of matching documents, and at most `take` id keys from `skip` on, ordered by the fields."""
        limit = skip + take + 1  # one more, to see whether the last one ties with the next
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
        """A page of the documents that tie in the first field. There may be more of them than the caller has read."""
        tied = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.term_query(self.schema, order[0], number))])
        if len(order) > 1:
            return self.read_page(tied, skip, take, order[1:])[1]
        found = self.searcher.search(tied, limit=self.count(tied), order_by_field=BY_RANK[0])
        return self._read_keys([address for _, address in found.hits])[skip : skip + take]

    def _read_keys(self, addresses: Sequence[DocAddress]) -> list[str]:
        return sorted(str(self.searcher.doc(address).get_first(self.id_field)) for address in addresses)
