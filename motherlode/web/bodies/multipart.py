"""Parses the form around a pushed package: a streaming reader for the first part of a multipart body.

Invariant: the reader returns exactly the bytes of the first part, however the body is cut into pieces. Time is linear
in the length of the body, and at most about the last 64 KiB of the package are held in memory.

A delimiter is `--boundary` at the start of a line, followed by `--` (the form ends) or by blanks and a line break
(another part begins); anything else that looks like one belongs to the package. Lines end with CRLF or a bare LF.

# quirk: nuget 2.8.7 and Paket write the closing delimiter after a bare LF, and everything else with CRLF. A CR before
that LF may then be the package's own last byte. Only the zip can tell: its end record gives the length of the archive's
comment, and a zip ends with its comment. The CR belongs to the package if the archive is complete with it and
incomplete without it; otherwise it is half of a line break, as in the rule for multipart bodies (RFC 2046).
"""

import enum
import re
from typing import Final

from motherlode.domain.refusals import InvalidForm

MAX_HEADER_BYTES: Final = 16 * 1024
MAX_BOUNDARY_BYTES: Final = 200
MAX_PADDING_BYTES: Final = 64
MAX_NEAR_DELIMITERS: Final = 10_000
"""Max lines that begin with the boundary but are not delimiters: RFC 2046 allows none, and each takes time."""

_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
_MAX_ZIP_TAIL_BYTES: Final = _ZIP_END_BYTES + 0xFFFF
_RELEASE_BYTES: Final = 64 * 1024

_PARAMETER: Final = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_CLOSING: Final = b"--"
_DELIMITER_END: Final = re.compile(rb"--|[ \t]{0,%d}+\r?(?=\n)" % MAX_PADDING_BYTES)
"""What must follow a boundary in a delimiter. One pattern serves all boundaries, since compiling one takes longer than
reading a small body."""


def is_multipart(content_type: str) -> bool:
    """Whether a Content-Type is `multipart/…`, such as a form's."""
    return content_type.strip().lower().startswith("multipart/")


def parse_boundary(content_type: bytes | str) -> bytes | None:
    """Return the boundary in a Content-Type, or None if it is not a multipart type.

    Every `multipart/…` counts as a form. The boundary may be quoted (.NET) or not (nuget 2.8.7, Paket) and has 1 to 200
    bytes; RFC 2046 allows 70. Raises InvalidForm if a multipart type has no valid boundary.
    """
    text = content_type.decode("latin-1") if isinstance(content_type, bytes) else content_type
    if not is_multipart(text):
        return None
    _, semicolon, rest = text.partition(";")
    for name, quoted, plain in _PARAMETER.findall(semicolon + rest):
        if name.lower() == "boundary":
            return _checked_boundary(re.sub(r"\\(.)", r"\1", quoted) or plain.strip())
    raise InvalidForm(
        "The Content-Type has no boundary. Send multipart/form-data with a boundary, or only the package."
    )


def _checked_boundary(text: str) -> bytes:
    if not text.isascii() or not text.isprintable() or not 1 <= len(text) <= MAX_BOUNDARY_BYTES:
        raise InvalidForm(
            f"The boundary in the Content-Type must be 1 to {MAX_BOUNDARY_BYTES} printable ASCII characters."
        )
    return text.encode()


class _Stage(enum.Enum):
    PREAMBLE = enum.auto()
    HEADERS = enum.auto()
    PACKAGE = enum.auto()
    LATER_PARTS = enum.auto()
    CLOSED = enum.auto()


class FirstPart:
    """Reads one multipart body: `feed` it the pieces in order, then call `finish`.

    `feed` and `finish` raise InvalidForm; after that the reader cannot be used any more.
    """

    def __init__(self, boundary: bytes) -> None:
        self._marker = b"\n--" + boundary
        self._max_delimiter_bytes = len(self._marker) + MAX_PADDING_BYTES + len(b"\r\n")
        self._stage = _Stage.PREAMBLE
        self._held = bytearray(b"\n")  # so that a delimiter at the start of the body also follows a line break
        self._searched = 0
        self._judged = 0
        self._near_delimiters = 0

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece of the body; return the next bytes that certainly belong to the package, maybe none."""
        self._held += chunk
        package = b""
        if self._stage is _Stage.PREAMBLE:
            self._skip_preamble()
        if self._stage is _Stage.HEADERS:
            self._skip_headers()
        if self._stage is _Stage.PACKAGE:
            package = self._take_package()
        if self._stage is _Stage.LATER_PARTS:
            self._skip_later_parts()
        if self._stage is _Stage.CLOSED:
            self._held.clear()
        return package

    def finish(self) -> None:
        """Mark the end of the body. Raises InvalidForm if its closing delimiter is missing."""
        if self._stage is _Stage.PREAMBLE:
            raise InvalidForm("The form has no parts: the body does not contain its boundary.")
        if self._stage is not _Stage.CLOSED:
            raise InvalidForm("The form has no closing boundary: it is incomplete, or its Content-Type is wrong.")

    def _skip_preamble(self) -> None:
        found = self._find_delimiter()
        if found is None:
            self._drop(len(self._held) - self._max_delimiter_bytes)
        elif found.group() == _CLOSING:
            raise InvalidForm("The form has no parts. Send the package as its first part.")
        else:
            self._enter(_Stage.HEADERS, found.end())

    def _skip_headers(self) -> None:
        found = _BLANK_LINE.search(self._held, max(0, self._searched - len(b"\n\r")))
        length = found.end() if found else len(self._held)
        if length > MAX_HEADER_BYTES:
            raise InvalidForm(
                f"The headers of the form's first part are too long: at most {MAX_HEADER_BYTES} bytes are allowed."
            )
        if self._marker in self._held[:length]:
            raise InvalidForm("The form's first part has no blank line after its headers.")
        if found:
            self._enter(_Stage.PACKAGE, found.end())
        else:
            self._searched = length

    def _take_package(self) -> bytes:
        found = self._find_delimiter()
        if found is not None:
            package = bytes(self._held[: self._end_of_package(found.start() - len(self._marker))])
            is_last = found.group() == _CLOSING
            self._enter(_Stage.CLOSED if is_last else _Stage.LATER_PARTS, found.end())
            return package
        settled = len(self._held) - self._max_delimiter_bytes - _MAX_ZIP_TAIL_BYTES
        if settled < _RELEASE_BYTES:
            return b""
        package = bytes(self._held[:settled])
        self._drop(settled)
        return package

    def _end_of_package(self, line_break: int) -> int:
        """Return the end of the package, given the index of the LF before its delimiter."""
        if self._held[line_break - 1 : line_break] != b"\r":
            return line_break
        tail = bytes(self._held[max(0, line_break - _MAX_ZIP_TAIL_BYTES) : line_break])
        is_own = _is_whole_zip_end(tail) and not _is_whole_zip_end(tail[:-1])
        return line_break if is_own else line_break - 1

    def _skip_later_parts(self) -> None:
        closing = self._marker + _CLOSING
        if closing in self._held:
            self._stage = _Stage.CLOSED
        else:
            self._drop(len(self._held) - len(closing))

    def _find_delimiter(self) -> re.Match[bytes] | None:
        """Return a match for the end of the first delimiter held, after its boundary, or None.

        Bytes that were already searched are skipped, except for the length of a delimiter."""
        start = self._held.find(self._marker, max(0, self._searched - self._max_delimiter_bytes))
        self._searched = len(self._held)
        while start >= 0:
            found = _DELIMITER_END.match(self._held, start + len(self._marker))
            if found is not None:
                return found
            self._count_near_delimiter(start)
            start = self._held.find(self._marker, start + 1)
        return None

    def _count_near_delimiter(self, start: int) -> None:
        if start >= self._judged:
            self._judged = start + 1
            self._near_delimiters += 1
        if self._near_delimiters > MAX_NEAR_DELIMITERS:
            raise InvalidForm("The form contains its boundary too often. Send it with another boundary.")

    def _drop(self, length: int) -> None:
        if length > 0:
            del self._held[:length]
            self._searched = max(0, self._searched - length)
            self._judged = max(0, self._judged - length)

    def _enter(self, stage: _Stage, start: int) -> None:
        del self._held[:start]
        self._stage = stage
        self._searched = self._judged = 0


def _is_whole_zip_end(tail: bytes) -> bool:
    """Whether these last bytes of a file contain a zip's end record whose comment ends exactly at their end."""
    start = tail.find(_ZIP_END)
    while start >= 0:
        comment = start + _ZIP_END_BYTES
        if comment + int.from_bytes(tail[comment - 2 : comment], "little") == len(tail):
            return True
        start = tail.find(_ZIP_END, start + 1)
    return False
