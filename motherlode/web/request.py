"""One request on its way through the server: the object that every handler in `web` receives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, ParamSpec, Protocol, TypeVar
from urllib.parse import quote

import anyio.to_thread
from anyio import CapacityLimiter

from motherlode.domain.feed_settings import DEFAULT_FEED, is_feed_name
from motherlode.domain.permissions import Actor, RequestOrigin
from motherlode.domain.refusals import NoSuchVersion
from motherlode.nuget.ids import InvalidId, PackageId, parse_package_id
from motherlode.nuget.versions import InvalidVersion, Version, parse_version
from motherlode.observe.logs import Facts
from motherlode.projections.documents.cache import DocumentKey
from motherlode.projections.documents.catalog_follower import Feed, FeedsSnapshot
from motherlode.protocol.urls import Urls, feed_path
from motherlode.services import Services
from motherlode.web.base_url import BaseUrl, Scope, header
from motherlode.web.bodies.request_body import Body
from motherlode.web.looks import Looks
from motherlode.web.response_cache import CachedResponse

P = ParamSpec("P")
T = TypeVar("T")

_SHORT: Final = 40
_parse_known: Final = lru_cache(maxsize=2_000)(parse_version)
"""A cached `parse_version`: most requests are for the same few thousand versions."""
_PATH_SIGNS: Final = "/!$&'()*+,;=:@"
"""Characters that need no percent-encoding in a path (RFC 3986), apart from letters, digits and `_.-~`."""


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """A user who signed in with a browser. `form_token` goes into the forms of this session; each response has a
    different one."""

    actor: Actor
    form_token: str


class Door(Protocol):
    """Checks passwords and keys for the sign-in page; `motherlode.web.auth.authenticator` implements it."""

    async def verify_password(self, request: "Request", user: str, password: str) -> tuple[Actor, str] | None:
        """Return the actor and the stored hash that the password matched, or None if name or password is wrong.

        Raises `SignInRefused` after too many failed attempts from this address or with this name."""

    def is_key(self, text: str) -> bool:
        """Whether a text looks like an API key or is the bootstrap key. Logs and pages must never show such a text."""


@dataclass(slots=True)
class Request:
    """A request and what is known about it so far.

    `path` is the request's path without the prefix and the feed's own path. `asked_feed` is the feed's name as written
    there; `feed` is set once the caller may know that the feed exists. `parameters` are the route's, as written.
    `notes` go into the request's log line. `ready` says how to answer the same request from memory next time;
    `missing` is the key of the requested document while the document is not in memory.

    `snapshot` holds the feeds as they were when the request began. `is_private` is set for private feeds, and for
    missing feeds that must look private. `actor` is the caller, if the route needs one; `rejection_reason` says why the
    caller's key is not valid; `credential` is the digest under which the caller is cached. `signed_in_user` is the user
    of a browser session, on pages and private feeds. `is_page` is set on routes for people; `door` checks their
    passwords. `looks` are shared by all requests of this worker.
    """

    services: Services
    scope: Scope
    receive: Any
    site: BaseUrl
    request_id: str
    writers: CapacityLimiter
    searchers: CapacityLimiter
    renderers: CapacityLimiter
    snapshot: FeedsSnapshot
    path: str = "/"
    route: str = "none"
    asked_feed: str = DEFAULT_FEED
    feed: Feed | None = None
    is_private: bool = False
    actor: Actor | None = None
    signed_in_user: SignedInUser | None = None
    rejection_reason: str | None = None
    credential: bytes | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    ready: CachedResponse | None = None
    missing: DocumentKey | None = None
    is_page: bool = False
    door: Door | None = None
    looks: Looks = field(default_factory=Looks)
    _body: Body | None = None
    _package_id: PackageId | None = None
    _version: Version | None = None

    @property
    def method(self) -> str:
        """The request's method, as sent."""
        return str(self.scope["method"])

    @property
    def body(self) -> Body:
        """The request's body. The feed's size limit decides how far a refused body is read; if the caller may not know
        the feed, the largest limit of all feeds does."""
        if self._body is None:
            largest = self.snapshot.max_package_bytes or self.services.feed_defaults.max_package_bytes
            max_bytes = self.feed.policy.max_package_bytes if self.feed else largest
            self._body = Body(
                self.scope,
                self.receive,
                max_bytes=max_bytes,
                stall_timeout_s=self.services.body_stall_s,
                min_rate=self.services.body_min_rate,
            )
        return self._body

    @property
    def sender(self) -> RequestOrigin:
        """Where the request came from, for the audit log."""
        client = header(self.scope, b"user-agent")
        return RequestOrigin(self.site.client, client[:200] if client else None, self.request_id)

    @property
    def facts(self) -> Facts:
        """The fields of the request's log line that do not depend on the response."""
        name = self.feed.name if self.feed else None
        return Facts(method=self.method, path=self.scope["path"], route=self.route, feed=name, **self.notes)

    @property
    def require_feed(self) -> Feed:
        """The feed. Raises `LookupError` on routes without one."""
        if self.feed is None:
            raise LookupError("this route does not belong to a feed")
        return self.feed

    @property
    def require_actor(self) -> Actor:
        """The caller. Raises `LookupError` on routes that do not require a key."""
        if self.actor is None:
            raise LookupError("this route does not require a key")
        return self.actor

    @property
    def the_door(self) -> Door:
        """The authenticator. Raises `LookupError` if the request did not come through `Application`."""
        if self.door is None:
            raise LookupError("this request has no authenticator")
        return self.door

    @property
    def return_path(self) -> str:
        """The request's path below the site's root with its query, percent-encoded: the target after signing in."""
        path = quote(self.site.below(str(self.scope["path"])), safe=_PATH_SIGNS, errors="replace")
        query = bytes(self.scope.get("query_string") or b"").decode("latin-1")
        return f"{path}?{query}" if query else path

    @property
    def urls(self) -> Urls:
        """The addresses of the feed, as the caller can reach them."""
        return Urls(self.site.root + feed_path(self.require_feed.name))

    @property
    def package_id(self) -> PackageId:
        """The package id in the path. Raises `NoSuchVersion` if it is not a valid id."""
        if self._package_id is None:
            text = self.parameters["id"]
            try:
                self._package_id = parse_package_id(text)
            except InvalidId:
                raise NoSuchVersion(f"The package {text[:100]!r}") from None
        return self._package_id

    @property
    def version(self) -> Version:
        """The version in the path, in any spelling. Raises `NoSuchVersion` if it is not a valid version."""
        if self._version is None:
            self._version = self.version_of("version")
        return self._version

    def version_of(self, parameter: str) -> Version:
        """Return the version in that path parameter. Raises `NoSuchVersion` if it is not a valid version."""
        text = self.parameters[parameter]
        try:
            return _parse_known(text) if len(text) <= _SHORT else parse_version(text)
        except InvalidVersion:
            raise NoSuchVersion(f"The version {text[:100]!r}") from None

    @property
    def feed_name(self) -> str | None:
        """The name of the requested feed, whether or not it exists; None if it is not a valid feed name."""
        name = self.asked_feed.lower()
        return name if is_feed_name(name) else None

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in a thread."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))

    async def look(self, name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in a thread, at most once a second per name; all callers share the result."""
        return await self.looks.take(name, partial(self.read, function, *args, **kwargs))

    async def search(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a search in a thread; only a few run at a time, since they may wait for each other."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.searchers)

    async def render(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Render a page in a thread; only a few run at a time, apart from searches, so slow pages delay no client."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.renderers)

    async def write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that may wait for the write lock in a thread; only a few run at a time, so that reads always
        find a free thread."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.writers)
