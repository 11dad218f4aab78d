"""How every library is called that reads what came from outside.

A parser raises more than its documentation names: an assertion, an index, a recursion that is too deep, a panic of
compiled code. Invariant: whatever it raises is `Unreadable`, so that bad input never looks like a fault of the server.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_NO_FAULT_OF_THE_INPUT = (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)


class Unreadable(ValueError):
    """A parser did not read its input; `str()` is what it said, `__cause__` what it raised."""


def parse_by(parser: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a parser; returns what it returns.

    Raises:
        Unreadable: the parser raised, whatever it was. Panics of compiled libraries, which are no `Exception`, count.
    """
    try:
        return parser(*args, **kwargs)
    except _NO_FAULT_OF_THE_INPUT:
        raise
    except BaseException as error:
        raise Unreadable(str(error) or type(error).__name__) from error
