"""What a request says of who sends it: its Authorization header and its API key, taken apart and not judged.

A header that is empty, malformed or there twice says nothing: it is no failed try either. # quirk: dotnet and nuget.exe
answer a Basic challenge with an empty name and an empty password (`Og==`) where no credentials are configured.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from motherlode.web.site import Scope

_AUTHORIZATION: Final = b"authorization"
_KEY_HEADER: Final = b"x-nuget-apikey"
_MAX_BYTES: Final = 4_096
"""Of an Authorization header: the longest name and password that can be, and room."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and a password (RFC 7617, in UTF-8)."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token (RFC 6750)."""

    token: str


Credential = Basic | Bearer


def find_authorization(scope: Scope) -> bytes | None:
    """The Authorization header as it was sent, None where there is none, or more than one."""
    values = [value for name, value in scope["headers"] if name == _AUTHORIZATION]
    return bytes(values[0]) if len(values) == 1 and len(values[0]) <= _MAX_BYTES else None


def parse_authorization(value: bytes) -> Credential | None:
    """What an Authorization header says, None where it says nothing that could be judged."""
    scheme, _, rest = value.strip().partition(b" ")
    text = rest.strip()
    match scheme.lower():
        case b"basic":
            return _parse_basic(text)
        # quirk: Paket's `config add-token` sends `Authorization: token KEY`
        case b"bearer" | b"token" if text and text.isascii():
            return Bearer(text.decode("ascii"))
        case _:
            return None


def sent_keys(scope: Scope) -> list[bytes]:
    """The API keys in the header for them, as they were sent; a header that is there and empty is an empty one."""
    return [bytes(value).strip() for name, value in scope["headers"] if name == _KEY_HEADER]


def _parse_basic(encoded: bytes) -> Basic | None:
    try:
        user, colon, password = b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Basic(user, password) if colon and (user or password) else None
