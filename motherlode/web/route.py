"""What a route is: one address, what answers it, and who may ask for it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response
from starlette.routing import compile_path

from motherlode.domain.permissions import Actor
from motherlode.web.request import Request

Answer = Callable[[Request], Awaitable[Response]]
"""Answers a request that found its route; raises refusals."""

Check = Callable[[Actor, str], None]
"""Refuses an actor who may never do on a feed what a route does."""

READ: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Route:
    """One address: `check` is what an API key must pass before the body is looked at; None where none is asked for, and
    whoever may read the feed may ask. `is_for_new_clients` where `require_protocol_version` counts; `is_page` where the
    answer is for people, who may have signed in with a browser."""

    name: str
    methods: tuple[str, ...]
    path: str
    answer: Answer
    check: Check | None = None
    is_for_new_clients: bool = False
    is_page: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        regex = compile_path(self.path.rstrip("/"))[0].pattern.removesuffix("$")
        object.__setattr__(self, "_pattern", re.compile(f"{regex}/?", re.IGNORECASE | re.ASCII))

    def parameters_in(self, path: str) -> dict[str, str] | None:
        """The parameters as they stand in a path that leads here, in any casing; None where it does not."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None
