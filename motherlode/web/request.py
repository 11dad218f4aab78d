"""One request on its way through the server: what every function of `web` is given."""

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
"""The same few thousand versions are asked for over and over."""
_PATH_SIGNS: Final = "/!$&'()*+,;=:@"
"""What stands for itself in a path (RFC 3986), beside letters and digits."""


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who signed in with a browser: `form_token` is what forms of this session carry, another text in each answer."""

    actor: Actor
    form_token: str


class Door(Protocol):
    """Where people sign in: judges passwords, as `motherlode.web.auth.authenticator` does for all who read."""

    async def prove(self, request: "Request", user: str, password: str) -> tuple[Actor, str] | None:
        """Who signs in, and the stored hash that the password was proven against; None for a wrong one. Raises
        `SignInRefused` when too many wrong ones came from there, or with that name."""

    def is_key(self, text: str) -> bool:
        """Whether a text has the form of an API key, or is the bootstrap key: no log and no page may show it."""


@dataclass(slots=True)
class Request:
    """`path` is what is left of the request's path below the prefix and the feed's own, `asked_feed` the feed's name as
    written there; `feed` is that feed once it is known that the caller may know of it. `parameters` are those of the
    route, as written; `notes` go into the request's log line; `ready` is how the same request can be answered out of
    memory the next time; `missing` is the document that the request asks for, while it is not in memory.

    `snapshot` holds the feeds as they were when the request began. `is_private` for private feeds, and for those that
    are missing and must look private. `actor` is the caller, where one is needed; `rejection_reason` says why the key
    is not valid, and `credential` is the digest under which the caller is cached. `signed_in_user` has signed in with a
    browser, for pages and private feeds. `is_page` on routes for people; `door` is where they sign in. `looks` are
    shared by the requests of this worker.
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
        """The request's method, as it was sent."""
        return str(self.scope["method"])

    @property
    def body(self) -> Body:
        """The request's body. How far it is read when it is refused depends on the feed; where the caller may not know
        of any, on the one that takes the largest packages."""
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
        """What the log says of the request, beside how it was answered just now."""
        name = self.feed.name if self.feed else None
        return Facts(method=self.method, path=self.scope["path"], route=self.route, feed=name, **self.notes)

    @property
    def require_feed(self) -> Feed:
        """The feed, on routes that have one."""
        if self.feed is None:
            raise LookupError("this route has no feed")
        return self.feed

    @property
    def require_actor(self) -> Actor:
        """Who acts, on routes that ask for a key."""
        if self.actor is None:
            raise LookupError("this route asks for no key")
        return self.actor

    @property
    def the_door(self) -> Door:
        """Where to sign in, in a request that came in by the edge."""
        if self.door is None:
            raise LookupError("nobody can sign in here")
        return self.door

    @property
    def return_path(self) -> str:
        """The request's path below the site's root, with its query, percent-encoded: where signing in leads back to."""
        path = quote(self.site.below(str(self.scope["path"])), safe=_PATH_SIGNS, errors="replace")
        query = bytes(self.scope.get("query_string") or b"").decode("latin-1")
        return f"{path}?{query}" if query else path

    @property
    def urls(self) -> Urls:
        """The addresses of the feed, as this request's sender can reach them."""
        return Urls(self.site.root + feed_path(self.require_feed.name))

    @property
    def package_id(self) -> PackageId:
        """The id in the path; a text that is none names nothing."""
        if self._package_id is None:
            text = self.parameters["id"]
            try:
                self._package_id = parse_package_id(text)
            except InvalidId:
                raise NoSuchVersion(f"The package {text[:100]!r}") from None
        return self._package_id

    @property
    def version(self) -> Version:
        """The version in the path, in any spelling; a text that is none names nothing."""
        if self._version is None:
            self._version = self.version_of("version")
        return self._version

    def version_of(self, parameter: str) -> Version:
        """The version in that parameter of the path."""
        text = self.parameters[parameter]
        try:
            return _parse_known(text) if len(text) <= _SHORT else parse_version(text)
        except InvalidVersion:
            raise NoSuchVersion(f"The version {text[:100]!r}") from None

    @property
    def feed_name(self) -> str | None:
        """The name of the feed that was asked for, whether it is there or not; None where it is no feed's name."""
        name = self.asked_feed.lower()
        return name if is_feed_name(name) else None

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what may block, in a thread."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))

    async def look(self, name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what may block, in a thread, once a second at most for all who ask for it by that name."""
        return await self.looks.take(name, partial(self.read, function, *args, **kwargs))

    async def search(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a search, in a thread; only a few at a time, since they may wait for each other."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.searchers)

    async def render(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a page, in a thread; only a few at a time, and apart from searches: no slow page holds up a client."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.renderers)

    async def write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what may wait for the write lock, in a thread; only a few at a time, so that reads always find one."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.writers)
