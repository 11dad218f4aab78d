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
from motherlode.projections.documents.cache import DocumentKey
from motherlode.web.base_url import Scope
from motherlode.web.responses import PreparedResponse

_MOST: Final = 4_096
_MAX_BYTES: Final = 8 * 1024 * 1024
_OVERHEAD_BYTES: Final = 1_500
_BYTES_A_CHARACTER: Final = 12
"""Characters beyond ASCII take six bytes each in JSON."""
_LONGEST_PATH: Final = 500
"""In characters; longer ones are a version spelled with a thousand zeros."""


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """How a request is answered once its document, or the place of its package, is in hand; `answer` may refuse."""

    key: DocumentKey
    answer: Callable[[Scope, Any], Response]


@dataclass(frozen=True, slots=True)
class Missing:
    """How a request is answered while the package that it asks for does not have that document: with the refusal of the
    first time, which differs from one request to the next in the request id alone. `before` and `after` are what stands
    around that in the body; all request ids of a worker are equally long."""

    key: DocumentKey
    raw_headers: tuple[tuple[bytes, bytes], ...]
    before: bytes
    after: bytes

    def answer(self, request_id: str) -> Response:
        """The 404."""
        body = b"".join((self.before, request_id.encode("ascii"), self.after))
        return PreparedResponse(404, list(self.raw_headers), body)


def missing_as_in(response: Response, key: DocumentKey, request_id: str) -> Missing:
    """How the request is answered again that this refusal answers."""
    before, _, after = bytes(response.body).rpartition(request_id.encode("ascii"))
    return Missing(key, tuple(response.raw_headers), before, after)


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request that was answered before; `facts` are what its log line says of it each time.

    `access` is the number of the last change of who may do what, then: after the next one it is known no more.
    `is_private` where not everybody may read the feed."""

    ready: CachedResponse | Missing
    route: str
    facts: Facts
    access: int = 0
    is_private: bool = False


class ResponseCache:
    """What one worker remembers; the oldest is forgotten first."""

    def __init__(self, most: int = _MOST, max_bytes: int = _MAX_BYTES) -> None:
        self._most = most
        self._max_bytes = max_bytes
        self._known: dict[tuple[str, Hashable], KnownRequest] = {}
        self._bytes = 0

    def find(self, path: str, asked: Hashable) -> KnownRequest | None:
        """What is known of a GET of the path, `asked` being all else that decides what it means, and who may see it."""
        return self._known.get((path, asked))

    def keep(self, path: str, asked: Hashable, known: KnownRequest) -> None:
        """Remember it."""
        if len(path) > _LONGEST_PATH:
            return
        self.forget(path, asked)
        self._known[path, asked] = known
        self._bytes += _cost(path)
        while len(self._known) > self._most or self._bytes > self._max_bytes:
            self.forget(*next(iter(self._known)))

    def forget(self, path: str, asked: Hashable) -> None:
        """Forget it, if it is remembered."""
        if self._known.pop((path, asked), None) is not None:
            self._bytes -= _cost(path)

    @property
    def bytes_kept(self) -> int:
        """What they take in memory, never more than the bound."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._known)


class Sightings:
    """Tells whether a request was seen before, lately: most are for something that nobody asks for twice.

    What is remembered is a hash of each; after `most` of them all are forgotten.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._seen: set[int] = set()

    def is_first(self, path: str, asked: Hashable) -> bool:
        """Whether it is seen for the first time; from then on it is not."""
        seen = hash((path, asked))
        if seen in self._seen:
            return False
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen.add(seen)
        return True


def _cost(path: str) -> int:
    """Bytes that a request takes: its path is in the key, in the log line and perhaps in the body."""
    return _OVERHEAD_BYTES + _BYTES_A_CHARACTER * len(path)
