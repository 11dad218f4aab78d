"""Request headers as they were sent, repeated lines included."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

MAX_LISTED_LENGTH: Final = 4 * 1024
"""So many characters of a header that is a list count, the last ones: who answers waits while a list is taken apart,
strangers may send 64 KB of one, and what counts of those that proxies write stands at the end."""


def header_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """The values of all headers of that name, in the order of their lines, decoded as Latin-1."""
    return [bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name]


def listed_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """The members of a header that is a list, of all its lines together; empty ones do not count (RFC 9110, 5.6.1).

    Of a list longer than `MAX_LISTED_LENGTH` those at its end that fit."""
    listed = ",".join(header_values(scope, name))
    if len(listed) > MAX_LISTED_LENGTH:
        listed = listed[-MAX_LISTED_LENGTH:].partition(",")[2]
    return [member.strip() for member in listed.split(",") if member.strip()]


def last_lines(lines: Sequence[str]) -> Sequence[str]:
    """Of the lines of a header the last ones that are no longer than `MAX_LISTED_LENGTH` together."""
    length = 0
    for number, line in enumerate(reversed(lines)):
        length += len(line)
        if length > MAX_LISTED_LENGTH:
            return lines[len(lines) - number :]
    return lines
