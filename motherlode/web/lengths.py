"""Limits the length of a request's address.

Invariant: a longer address is never parsed, stored, logged or echoed as a whole: only its beginning is passed on.
"""

from typing import Final

from motherlode.domain.refusals import AddressTooLong
from motherlode.web.base_url import Scope

MAX_ADDRESS_BYTES: Final = 8 * 1024 + 256
"""Max bytes of path and query together, as sent: enough for a query of 8 KB and a path."""
_SHOWN: Final = 200
_IS_TOO_LONG: Final = "motherlode.address_is_too_long"


def shorten(scope: Scope) -> Scope:
    """Return the request's scope. If the address is too long, return a copy that has only the beginning of the path,
    and that `check_length` refuses."""
    path = scope["path"]
    if len(scope.get("raw_path") or path) + len(scope["query_string"]) <= MAX_ADDRESS_BYTES:
        return scope
    short = f"{path[:_SHOWN]}…"
    return {**scope, "path": short, "raw_path": None, "query_string": b"", _IS_TOO_LONG: True}


def check_length(scope: Scope) -> None:
    """Raise `AddressTooLong` if `shorten` cut the address."""
    if _IS_TOO_LONG in scope:
        raise AddressTooLong(MAX_ADDRESS_BYTES)
