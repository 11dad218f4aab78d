"""The part of ASN.1's Basic Encoding Rules that signatures use: DER, and the BER of older tools.

Invariant: at most `MAX_READS` values of one document are read, counting repeated reads, so time is bounded whatever the
lengths claim. Values are read only on request, and nested values only as deep as the caller goes. The search for the
end of a value of indefinite length goes at most `MAX_DEPTH` levels deep.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
CONSTRUCTED = 0x20
MAX_DEPTH = 32
MAX_VALUES = 4096
MAX_READS = 65_536
"""Max values read in one document. Signatures of indefinite length in pieces of 1,000 bytes need fewer than 10,000."""

_MORE_TAG = 0x1F
_INDEFINITE = 0x80
_MAX_LENGTH_BYTES = 4
_END = b"\0\0"


class NotBer(ValueError):
    """The bytes are not BER values that can be read."""


@dataclass(slots=True)
class Document:
    """The bytes of a document, and how many more values may be read from them."""

    octets: bytes
    left: int = MAX_READS

    def count(self) -> None:
        """Count one value. Raises `NotBer` if there are too many."""
        self.left -= 1
        if self.left < 0:
            raise NotBer("too many values")


class Value(NamedTuple):
    """One value: its identifier octet, and the positions of its content and of the whole value in the document."""

    document: Document
    tag: int
    start: int
    content_start: int
    content_stop: int
    stop: int

    @property
    def content(self) -> bytes:
        """The content, without identifier, length and end mark."""
        return self.document.octets[self.content_start : self.content_stop]

    @property
    def whole(self) -> bytes:
        """The whole value as encoded."""
        return self.document.octets[self.start : self.stop]

    def inner(self) -> Iterator["Value"]:
        """Yield the values inside a constructed value. Raises `NotBer`."""
        if not self.tag & CONSTRUCTED:
            raise NotBer("a simple value instead of a constructed one")
        position = self.content_start
        for _ in range(MAX_VALUES):
            if position == self.content_stop:
                return
            value = _read(self.document, position, self.content_stop, depth=0)
            yield value
            position = value.stop
        raise NotBer("too many values in one")


def read_value(octets: bytes) -> Value:
    """Return the single value that the bytes encode. Raises `NotBer`, also if bytes follow it."""
    value = _read(Document(octets), 0, len(octets), depth=0)
    if value.stop != len(octets):
        raise NotBer("bytes follow the value")
    return value


def read_octets(value: Value) -> bytes:
    """Return the bytes of an octet string, which BER may split into pieces. Raises `NotBer`."""
    if value.tag == OCTETS:
        return value.content
    if value.tag != OCTETS | CONSTRUCTED:
        raise NotBer("not an octet string")
    pieces = list(value.inner())
    if any(piece.tag != OCTETS for piece in pieces):
        raise NotBer("an octet string contains other types")
    return b"".join(piece.content for piece in pieces)


def _read(document: Document, start: int, stop: int, *, depth: int) -> Value:
    document.count()
    octets = document.octets
    if start + 2 > stop:
        raise NotBer("cut short")
    tag, length, content_start = octets[start], octets[start + 1], start + 2
    if tag & _MORE_TAG == _MORE_TAG:
        raise NotBer("a multi-byte tag")
    if length == _INDEFINITE:
        content_stop = _find_end(document, tag, content_start, stop, depth=depth)
        return Value(document, tag, start, content_start, content_stop, content_stop + len(_END))
    if length > _INDEFINITE:
        length_bytes = length - _INDEFINITE
        content_start += length_bytes
        if length_bytes > _MAX_LENGTH_BYTES or content_start > stop:
            raise NotBer("an invalid length")
        length = int.from_bytes(octets[start + 2 : content_start], "big")
    content_stop = content_start + length
    if content_stop > stop:
        raise NotBer("a length beyond the end")
    return Value(document, tag, start, content_start, content_stop, content_stop)


def _find_end(document: Document, tag: int, position: int, stop: int, *, depth: int) -> int:
    """Return where the content of a value of indefinite length ends."""
    if depth == MAX_DEPTH or not tag & CONSTRUCTED:
        raise NotBer("a value without an end")
    while document.octets[position : position + len(_END)] != _END or position + len(_END) > stop:
        position = _read(document, position, stop, depth=depth + 1).stop
    return position
