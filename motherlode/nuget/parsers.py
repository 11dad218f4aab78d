"""A safe way to call parsers of untrusted input; every such library call goes through it.

Parsers raise more than their documentation says: AssertionError, IndexError, RecursionError, panics of compiled code.
Invariant: everything a parser raises becomes `Unreadable`, so bad input never looks like an error of the server.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_NOT_CAUSED_BY_INPUT = (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)


class Unreadable(ValueError):
    """A parser failed on its input; `str()` is the message, `__cause__` the original exception."""


def parse_by(parser: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a parser and return its result.

    Raises:
        Unreadable: the parser raised anything, including panics of compiled libraries, which are not `Exception`s.
    """
    try:
        return parser(*args, **kwargs)
    except _NOT_CAUSED_BY_INPUT:
        raise
    except BaseException as error:
        raise Unreadable(str(error) or type(error).__name__) from error
