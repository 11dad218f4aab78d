"""How long the address of a request may be, whatever it asks for.

Invariant: of a longer one nothing is parsed, kept, logged or answered: only its beginning goes on to the edge.
"""

from typing import Final

from motherlode.domain.refusals import AddressTooLong
from motherlode.web.base_url import Scope

MAX_ADDRESS_BYTES: Final = 8 * 1024 + 256
"""Path and query together, as they are sent: a query of 8 KB and a path."""
_SHOWN: Final = 200
_IS_TOO_LONG: Final = "motherlode.address_is_too_long"


def shorten(scope: Scope) -> Scope:
    """The request, or one of the same headers with the beginning of its path alone, which `check_length` refuses."""
    path = scope["path"]
    if len(scope.get("raw_path") or path) + len(scope["query_string"]) <= MAX_ADDRESS_BYTES:
        return scope
    short = f"{path[:_SHOWN]}…"
    return {**scope, "path": short, "raw_path": None, "query_string": b"", _IS_TOO_LONG: True}


def check_length(scope: Scope) -> None:
    """Raises `AddressTooLong` for what `shorten` cut."""
    if _IS_TOO_LONG in scope:
        raise AddressTooLong(MAX_ADDRESS_BYTES)
