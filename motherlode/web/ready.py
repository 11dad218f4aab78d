"""Requests that were answered before lead straight to their document, past routes, names and versions.

The invariant: what is remembered is which document a request means and how it is answered, never the document itself.
That is found anew each time, by the same look at what was committed and in the same memory as on the long way: an
answer can be no staler here than there. Only requests to checked sites are remembered, and only so many. That they may
be answered is remembered with them, until anything changes about who may do what; those of a private feed for one
credential each.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from motherlode.observe.logs import Facts
from motherlode.projections.documents import DocumentKey
from motherlode.web.site import Scope

_MOST: Final = 4_096
_LONGEST_PATH: Final = 500
"""In characters; longer ones are a version spelled with a thousand zeros."""


@dataclass(frozen=True, slots=True)
class Ready:
    """How a request is answered once its document, or the place of its package, is in hand; `answer` may refuse."""

    key: DocumentKey
    answer: Callable[[Scope, Any], Response]


@dataclass(frozen=True, slots=True)
class Known:
    """A request that was answered before; `facts` are what its log line says of it each time.

    `access` is the number of the last change of who may do what, then: after the next one it is known no more.
    `is_secluded` where not everybody may read the feed."""

    ready: Ready
    route: str
    facts: Facts
    access: int = 0
    is_secluded: bool = False


class KnownRequests:
    """What one worker remembers; the oldest is forgotten first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: dict[tuple[str, Hashable], Known] = {}

    def find(self, path: str, asked: Hashable) -> Known | None:
        """What is known of a GET of the path, `asked` being all else that decides what it means, and who may see it."""
        return self._known.get((path, asked))

    def keep(self, path: str, asked: Hashable, known: Known) -> None:
        """Remember it."""
        if len(path) > _LONGEST_PATH:
            return
        self._known[path, asked] = known
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]

    def __len__(self) -> int:
        return len(self._known)
