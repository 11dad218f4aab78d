"""Defines a route: an address, its handler, and the check of the caller's permissions."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response
from starlette.routing import compile_path

from motherlode.domain.permissions import Actor
from motherlode.web.request import Request

Answer = Callable[[Request], Awaitable[Response]]
"""A handler: returns the response to a request of its route, or raises a refusal."""

Check = Callable[[Actor, str], None]
"""A permission check: raises a refusal if the actor may never use the route on the feed."""

READ: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Route:
    """One address and its handler.

    `check` is what an API key must pass before the body is read; None if the route needs no key, so that everyone who
    may read the feed may use it. `is_for_new_clients`: the feed's `require_protocol_version` applies. `is_page`: the
    response is a page for people, who may have signed in with a browser."""

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
        """Return the parameters as written in the path, or None if the path does not match; case does not matter."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None
