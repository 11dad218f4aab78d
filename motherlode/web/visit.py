"""One request on its way through the server: what every function of `web` is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from motherlode.domain.ids import InvalidId, PackageId, parse_package_id
from motherlode.domain.policy import Actor
from motherlode.domain.refusals import NoSuchVersion
from motherlode.domain.versions import InvalidVersion, Version, parse_version
from motherlode.house import House
from motherlode.observe.logs import Facts
from motherlode.projections.follower import Feed
from motherlode.protocol.urls import Urls, feed_path
from motherlode.web.bodies import Body
from motherlode.web.ready import Ready
from motherlode.web.site import Scope, Site

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Visit:
    """`path` is what is left of the request's path below the prefix and the feed's own; `parameters` are those of the
    route, as written; `notes` go into the request's log line; `ready` is
    how the same request can be answered out of memory the next time."""

    house: House
    scope: Scope
    receive: Any
    site: Site
    request_id: str
    writers: CapacityLimiter
    searchers: CapacityLimiter
    path: str = "/"
    route: str = "none"
    feed: Feed | None = None
    actor: Actor | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    ready: Ready | None = None
    _body: Body | None = None
    _package_id: PackageId | None = None
    _version: Version | None = None

    @property
    def method(self) -> str:
        """The request's method, as it was sent."""
        return str(self.scope["method"])

    @property
    def body(self) -> Body:
        """The request's body; how far it is read when it is refused depends on the feed, once that is known."""
        if self._body is None:
            policy = self.feed.policy if self.feed else self.house.feed_defaults
            stall_s = self.house.body_stall_s
            self._body = Body(self.scope, self.receive, max_bytes=policy.max_package_bytes, stall_timeout_s=stall_s)
        return self._body

    @property
    def facts(self) -> Facts:
        """What the log says of the request, beside how it was answered just now."""
        name = self.feed.name if self.feed else None
        return Facts(method=self.method, path=self.scope["path"], route=self.route, feed=name, **self.notes)

    @property
    def the_feed(self) -> Feed:
        """The feed, on routes that have one."""
        if self.feed is None:
            raise LookupError("this route has no feed")
        return self.feed

    @property
    def the_actor(self) -> Actor:
        """Who acts, on routes that need a right."""
        if self.actor is None:
            raise LookupError("this route needs no right")
        return self.actor

    @property
    def urls(self) -> Urls:
        """The addresses of the feed, as this request's sender can reach them."""
        return Urls(self.site.root + feed_path(self.the_feed.name))

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
            return parse_version(text)
        except InvalidVersion:
            raise NoSuchVersion(f"The version {text[:100]!r}") from None

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what may block, in a thread."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))

    async def search(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a search, in a thread; only a few at a time, since they may wait for each other."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.searchers)

    async def write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what may wait for the write lock, in a thread; only a few at a time, so that reads always find one."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self.writers)
