"""A cache of answered requests: repeated requests go straight to their document, without parsing routes, names and
versions.

Invariant: the cache holds which document a request means and how to answer it, never the document itself. The document
is looked up each time, after the same check for commits and in the same memory as on the normal path, so a response
from here is never staler. Only requests to checked sites are cached, in bounded number. An entry also implies that the
caller may read the document: it is valid until any permission changes, and on private feeds for one credential only.
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
"""Max bytes that a character of the path takes in memory; non-ASCII characters take six bytes each in JSON."""
_LONGEST_PATH: Final = 500
"""Max characters of a cached path; longer paths are unusual, for example a version with a thousand zeros."""


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """How to answer a request, given its document or the file of its package. `answer` may raise refusals."""

    key: DocumentKey
    answer: Callable[[Scope, Any], Response]


@dataclass(frozen=True, slots=True)
class Missing:
    """How to answer a request while its package does not have the document: with a copy of the first refusal.

    Copies differ only in the request id; `before` and `after` are the body around it. All request ids of a worker have
    the same length."""

    key: DocumentKey
    raw_headers: tuple[tuple[bytes, bytes], ...]
    before: bytes
    after: bytes

    def answer(self, request_id: str) -> Response:
        """Return the 404 response."""
        body = b"".join((self.before, request_id.encode("ascii"), self.after))
        return PreparedResponse(404, list(self.raw_headers), body)


def missing_as_in(response: Response, key: DocumentKey, request_id: str) -> Missing:
    """Return how to repeat this refusal for later requests."""
    before, _, after = bytes(response.body).rpartition(request_id.encode("ascii"))
    return Missing(key, tuple(response.raw_headers), before, after)


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request that was answered before; `facts` are the fields of its log line.

    `access` is the number of the last change of permissions when it was answered; after the next change the entry is no
    longer valid. `is_private` if the feed is private."""

    ready: CachedResponse | Missing
    route: str
    facts: Facts
    access: int = 0
    is_private: bool = False


class ResponseCache:
    """The answered requests of one worker; the oldest entries are dropped first."""

    def __init__(self, most: int = _MOST, max_bytes: int = _MAX_BYTES) -> None:
        self._most = most
        self._max_bytes = max_bytes
        self._known: dict[tuple[str, Hashable], KnownRequest] = {}
        self._bytes = 0

    def find(self, path: str, asked: Hashable) -> KnownRequest | None:
        """Return what is known about a GET of the path, or None. `asked` is everything else that decides what the
        request means and who may see the response."""
        return self._known.get((path, asked))

    def keep(self, path: str, asked: Hashable, known: KnownRequest) -> None:
        """Add an entry, and drop the oldest ones beyond the bounds. Requests with very long paths are not kept."""
        if len(path) > _LONGEST_PATH:
            return
        self.forget(path, asked)
        self._known[path, asked] = known
        self._bytes += _cost(path)
        while len(self._known) > self._most or self._bytes > self._max_bytes:
            self.forget(*next(iter(self._known)))

    def forget(self, path: str, asked: Hashable) -> None:
        """Remove an entry, if it exists."""
        if self._known.pop((path, asked), None) is not None:
            self._bytes -= _cost(path)

    @property
    def bytes_kept(self) -> int:
        """The estimated size of all entries in bytes; at most `max_bytes`."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._known)


class Sightings:
    """Tells whether a request was seen recently. Most requests for missing documents are never repeated.

    It keeps a hash of each request, and forgets all of them after `most` requests.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._seen: set[int] = set()

    def is_first(self, path: str, asked: Hashable) -> bool:
        """Whether the request is seen for the first time; it counts as seen from then on."""
        seen = hash((path, asked))
        if seen in self._seen:
            return False
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen.add(seen)
        return True


def _cost(path: str) -> int:
    """Return the bytes that an entry takes: the path is in its key, in its log line, and maybe in the body."""
    return _OVERHEAD_BYTES + _BYTES_A_CHARACTER * len(path)
