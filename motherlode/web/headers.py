"""Request headers as they were sent, repeated lines included."""

from collections.abc import Mapping
from typing import Any


def header_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """The values of all headers of that name, in the order of their lines, decoded as Latin-1."""
    return [bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name]


def listed_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """The members of a header that is a list, of all its lines together; empty ones do not count (RFC 9110, 5.6.1)."""
    members = ",".join(header_values(scope, name)).split(",")
    return [member.strip() for member in members if member.strip()]
