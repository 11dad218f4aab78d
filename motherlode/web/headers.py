"""Reads request headers as sent, including repeated lines."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

MAX_LISTED_LENGTH: Final = 4 * 1024
"""Max characters that are parsed of a list header, counted from its end. Parsing blocks the event loop, and anyone may
send 64 KB; in the headers that proxies write, the relevant entries are at the end."""


def header_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """Return the values of all headers with that name, in order, decoded as Latin-1."""
    return [bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name]


def listed_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """Return the members of a list header, over all its lines, without empty ones (RFC 9110, 5.6.1).

    If the list is longer than `MAX_LISTED_LENGTH`, return only the last members that fit."""
    listed = ",".join(header_values(scope, name))
    if len(listed) > MAX_LISTED_LENGTH:
        listed = listed[-MAX_LISTED_LENGTH:].partition(",")[2]
    return [member.strip() for member in listed.split(",") if member.strip()]


def last_lines(lines: Sequence[str]) -> Sequence[str]:
    """Return the last lines of a header that together have at most `MAX_LISTED_LENGTH` characters."""
    length = 0
    for number, line in enumerate(reversed(lines)):
        length += len(line)
        if length > MAX_LISTED_LENGTH:
            return lines[len(lines) - number :]
    return lines
