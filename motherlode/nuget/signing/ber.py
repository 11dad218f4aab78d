"""The part of ASN.1's Basic Encoding Rules that signatures are written in: DER, and what older tools did instead.

Invariant: of one document at most `MAX_READS` values are read, however often the same one is, so that time is bounded
whatever the lengths claim. Nothing is read before it is asked for, values inside of values only as deep as the caller
goes; where an end has to be looked for (values of indefinite length) the search goes `MAX_DEPTH` levels deep at most.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
CONSTRUCTED = 0x20
MAX_DEPTH = 32
MAX_VALUES = 4096
MAX_READS = 65_536
"""Signatures of indefinite length, cut into pieces of 1,000 bytes as tools do, take fewer than 10,000."""

_MORE_TAG = 0x1F
_INDEFINITE = 0x80
_MAX_LENGTH_BYTES = 4
_END = b"\0\0"


class NotBer(ValueError):
    """The bytes are no such values."""


@dataclass(slots=True)
class Document:
    """The bytes that are read, and how many more values may be read in them."""

    octets: bytes
    left: int = MAX_READS

    def count(self) -> None:
        """Count one value. Raises `NotBer` when there were too many."""
        self.left -= 1
        if self.left < 0:
            raise NotBer("too many values")


class Value(NamedTuple):
    """One value: its identifier octet, and where its content and the whole of it lie in its document."""

    document: Document
    tag: int
    start: int
    content_start: int
    content_stop: int
    stop: int

    @property
    def content(self) -> bytes:
        """What is inside, without identifier, length and end mark."""
        return self.document.octets[self.content_start : self.content_stop]

    @property
    def whole(self) -> bytes:
        """The value as it is written."""
        return self.document.octets[self.start : self.stop]

    def inner(self) -> Iterator["Value"]:
        """The values that a constructed value is made of, one by one. Raises `NotBer`."""
        if not self.tag & CONSTRUCTED:
            raise NotBer("a simple value where others should be inside")
        position = self.content_start
        for _ in range(MAX_VALUES):
            if position == self.content_stop:
                return
            value = _read(self.document, position, self.content_stop, depth=0)
            yield value
            position = value.stop
        raise NotBer("too many values in one")


def read_value(octets: bytes) -> Value:
    """The one value that the bytes are, with nothing after it. Raises `NotBer`."""
    value = _read(Document(octets), 0, len(octets), depth=0)
    if value.stop != len(octets):
        raise NotBer("bytes follow the value")
    return value


def read_octets(value: Value) -> bytes:
    """The bytes of an octet string, which BER may cut into pieces. Raises `NotBer`."""
    if value.tag == OCTETS:
        return value.content
    if value.tag != OCTETS | CONSTRUCTED:
        raise NotBer("no octet string")
    pieces = list(value.inner())
    if any(piece.tag != OCTETS for piece in pieces):
        raise NotBer("an octet string of other things")
    return b"".join(piece.content for piece in pieces)


def _read(document: Document, start: int, stop: int, *, depth: int) -> Value:
    document.count()
    octets = document.octets
    if start + 2 > stop:
        raise NotBer("cut short")
    tag, length, content_start = octets[start], octets[start + 1], start + 2
    if tag & _MORE_TAG == _MORE_TAG:
        raise NotBer("a tag of several bytes")
    if length == _INDEFINITE:
        content_stop = _find_end(document, tag, content_start, stop, depth=depth)
        return Value(document, tag, start, content_start, content_stop, content_stop + len(_END))
    if length > _INDEFINITE:
        length_bytes = length - _INDEFINITE
        content_start += length_bytes
        if length_bytes > _MAX_LENGTH_BYTES or content_start > stop:
            raise NotBer("a length that cannot be")
        length = int.from_bytes(octets[start + 2 : content_start], "big")
    content_stop = content_start + length
    if content_stop > stop:
        raise NotBer("longer than what is there")
    return Value(document, tag, start, content_start, content_stop, content_stop)


def _find_end(document: Document, tag: int, position: int, stop: int, *, depth: int) -> int:
    """Where the content of a value of indefinite length ends."""
    if depth == MAX_DEPTH or not tag & CONSTRUCTED:
        raise NotBer("no end in sight")
    while document.octets[position : position + len(_END)] != _END or position + len(_END) > stop:
        position = _read(document, position, stop, depth=depth + 1).stop
    return position
