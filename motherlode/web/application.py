"""The ASGI application: the steps that every request passes, whichever route it takes.

The steps, in order: find the address that the request came to, check whether the database changed since the last
request, find the route, authorize the caller for the feed, respond. A refused request gets its response only after its
body was read, because clients read no response before they have sent everything.

Repeated reads take a shortcut. If the document is still in memory, or is known not to exist, the request skips every
step between the check for changes and the response. Only on private feeds is the caller still identified.
"""

import asyncio
import secrets
from collections.abc import Hashable, Sequence
from itertools import count
from time import perf_counter
from typing import Any, Final

import anyio
from starlette.responses import Response

from motherlode.domain.refusals import (
    DatabaseUnusable,
    InternalError,
    MethodRefused,
    NoSuchAddress,
    Refusal,
    SeveralHosts,
)
from motherlode.observe.lines import LONGEST_WAIT_S
from motherlode.observe.logs import get_logger, get_request_log
from motherlode.services import Services
from motherlode.web.accept import is_part_of_page, prefers_page
from motherlode.web.auth.audit_recorder import AuditRecorder
from motherlode.web.auth.authenticator import Authenticator
from motherlode.web.auth.authorize import READS, authorize
from motherlode.web.background import BackgroundTasks
from motherlode.web.base_url import BaseUrls, Scope, has_one_host
from motherlode.web.lengths import check_length, shorten
from motherlode.web.lifespan import Background, Lifespan
from motherlode.web.looks import Looks
from motherlode.web.pages.error import error_response
from motherlode.web.places import Places
from motherlode.web.refusal_responses import problem_response
from motherlode.web.request import Request
from motherlode.web.response_cache import CachedResponse, KnownRequest, Missing, ResponseCache, Sightings, missing_as_in
from motherlode.web.responses import make_private
from motherlode.web.route import Route
from motherlode.web.routes import FEED_ROUTES, SERVER_ROUTES, find_route, is_server_path, methods_of
from motherlode.web.sending import Sender

_WRITERS: Final = 8
_SEARCHERS: Final = 8
_RENDERERS: Final = 4
_MISSING_BYTES: Final = 4 * 1024 * 1024
_DRAINS: Final = 128
_DRAINS_OF_CLIENT: Final = 16
"""Max refused bodies that are read to their end at once, in total and per client: anonymous callers may send them."""
_FEEDS: Final = "/feeds/"
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE"})
_GOOD: Final = frozenset({200, 206, 304})
_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class Application:
    """The ASGI application."""

    def __init__(self, services: Services, background: Background) -> None:
        self._house = services
        self._background = background
        self.sites = BaseUrls(services.public_url, services.trusted_proxies)
        self._writers = anyio.CapacityLimiter(_WRITERS)
        self._searchers = anyio.CapacityLimiter(_SEARCHERS)
        self._renderers = anyio.CapacityLimiter(_RENDERERS)
        self.sender = Sender(self.sites.client_of, services.write_timeout_s)
        self._drains = Places(_DRAINS, _DRAINS_OF_CLIENT)
        self._known = ResponseCache()
        self._missing = ResponseCache(max_bytes=_MISSING_BYTES)
        self._missed = Sightings()
        self._later = BackgroundTasks()
        self._looks = Looks()
        self._recording = AuditRecorder(services, self._later)
        self._who = Authenticator(services, self._recording)
        self._log = get_logger()
        self._request_log = get_request_log()
        self._life_id, self._numbers = secrets.token_hex(6), count()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or run the worker's lifespan."""
        if scope["type"] == "lifespan":
            self._later.start(self._who.recall_locations())
            life = Lifespan(self._house, self._background, self._request_log, self._recording, self._later)
            await life.run(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        started = perf_counter()
        scope = shorten(scope)
        self.sender.note_request(scope)
        request_id = f"{self._life_id}{next(self._numbers):08x}"
        asked = self.sites.asked_of(scope) if scope["method"] == "GET" else None
        about, response = self._answer_known(scope, asked, request_id) or await self._visit(
            scope, receive, request_id, asked
        )
        response.raw_headers.append((b"x-request-id", request_id.encode("ascii")))
        try:
            await self.sender.send(response, scope, receive, send)
        finally:
            self._note(scope, request_id, about, response.status_code, perf_counter() - started)

    def _answer_known(
        self, scope: Scope, asked: Hashable, request_id: str
    ) -> tuple[KnownRequest | Request, Response] | None:
        """Return the response to a request that was answered before, or None.

        It is None if anything was committed since, or if the document is neither in memory nor known to be missing."""
        if asked is None:
            return None
        try:
            known = self._find_known(scope, asked)
            follower = self._house.follower
            # keep this order: another thread may have caught up since `known` was found, and its snapshot counts
            if known is None or not follower.is_current() or follower.snapshot.access != known.access:
                return None
            response = self._answer_again(scope, known.ready, request_id)
        except Exception:  # noqa: BLE001 fall back to the normal path, which reports the error
            return None
        if response is None:
            return None
        if known.is_private:
            make_private(response)
        return known, response

    def _answer_again(self, scope: Scope, ready: CachedResponse | Missing, request_id: str) -> Response | None:
        if isinstance(ready, Missing):
            # browsers get a page instead
            is_answer = not prefers_page(scope) and self._house.reader.is_absent(ready.key)
            return ready.answer(request_id) if is_answer else None
        document = self._house.documents.find(ready.key)
        return None if document is None else ready.answer(scope, document)

    def _find_known(self, scope: Scope, asked: Hashable) -> KnownRequest | None:
        """Return what is known about the request, or None if permissions changed since."""
        access = self._house.follower.snapshot.access
        known = self._find(scope, asked)
        return known if known is not None and known.access == access else self._find_private(scope, asked, access)

    def _find_private(self, scope: Scope, asked: Hashable, access: int) -> KnownRequest | None:
        """Return what is known about a request to a private feed by this caller, or None."""
        has_any = self._house.follower.snapshot.has_private_feeds
        reader = self._who.find_reader(scope, access) if has_any else None
        if reader is None or reader.actor is None:
            return None
        known = self._find(scope, (asked, reader.digest))
        if known is None or known.access != access:
            return None
        self._who.note_use(reader.actor, self.sites.client_of(scope))
        return known

    def _find(self, scope: Scope, asked: Hashable) -> KnownRequest | None:
        return self._known.find(scope["path"], asked) or self._missing.find(scope["path"], asked)

    async def _visit(
        self, scope: Scope, receive: Any, request_id: str, asked: Hashable
    ) -> tuple[KnownRequest | Request, Response]:
        """Answer the request on the normal path, and remember how if that is allowed."""
        services, site = self._house, self.sites.of(scope)
        snapshot = services.follower.snapshot
        limiters = self._writers, self._searchers, self._renderers
        request = Request(services, scope, receive, site, request_id, *limiters, snapshot)
        request.door = self._who
        request.looks = self._looks
        response = await self._answer(request)
        known = None
        if site.is_checked and asked is not None:
            known = self._remember(request, (asked, request.credential) if request.is_private else asked, response)
        if request.is_private:
            make_private(response)
        return known or request, response

    def _remember(self, request: Request, asked: Hashable, response: Response) -> KnownRequest | None:
        """Remember how the request was answered.

        That is for responses from documents in memory, and for missing documents from the second request on."""
        path = request.scope["path"]
        if request.ready is not None and response.status_code in _GOOD:
            known = _known_of(request, request.ready)
            self._known.keep(path, asked, known)
            return known
        if request.missing is None or response.status_code != 404 or prefers_page(request.scope):
            return None
        if self._missed.is_first(path, asked):
            return None
        known = _known_of(request, missing_as_in(response, request.missing, request.request_id))
        self._known.forget(path, asked)
        self._missing.keep(path, asked, known)
        return known

    async def _answer(self, request: Request) -> Response:
        """Return a response in every case; read the body first if the request is refused."""
        try:
            return await self._route(request)
        except Refusal as refusal:
            request.notes["refusal"] = refusal.code
            if refusal.public is not None:
                self._log.error("data_at_fault", request_id=request.request_id, reason=str(refusal))
            self._recording.note_refusal(request, refusal)
            self._count_refusal(request, refusal)
            return await self._refuse(request, refusal)
        except Exception:  # noqa: BLE001 last line of defence: a bug must not end the worker
            self._log.exception("request_failed", request_id=request.request_id, path=request.scope["path"])
            return await self._refuse(request, InternalError())

    def _count_refusal(self, request: Request, refusal: Refusal) -> None:
        """Count the refusal once for each code of its faults, or for its own code if it has no faults."""
        metrics = self._house.metrics
        for code in {fault.code for fault in refusal.faults} or {refusal.code}:
            metrics.count_refusal(request.route, code)
        if request.route == "push":
            metrics.count_push("refused")

    async def _refuse(self, request: Request, refusal: Refusal) -> Response:
        is_write = request.method not in READS
        if prefers_page(request.scope) and (request.is_page or not is_write):
            response = await self._show(request, refusal)
        else:
            may_prompt = is_write or not is_part_of_page(request.scope)
            response = problem_response(
                refusal, request_id=request.request_id, is_write=is_write, is_browser=not may_prompt
            )
        if is_write and not await self._drain(request):
            response.headers["Connection"] = "close"
        return response

    async def _drain(self, request: Request) -> bool:
        """Read the rest of the body; return whether its end was reached. If too many bodies are being read already,
        read nothing."""
        client = request.site.client
        if request.body.has_ended or not self._drains.has_room(client):
            return request.body.has_ended
        async with self._drains.of(client):
            return await request.body.drain()

    async def _show(self, request: Request, refusal: Refusal) -> Response:
        """Return the refusal as a page, or as a JSON problem if the page cannot be made."""
        try:
            return await error_response(request, refusal)
        except Refusal as fault:
            self._log.warning("error_page_failed", request_id=request.request_id, reason=str(fault))
        except Exception:  # noqa: BLE001 if the page fails too, send the plain refusal
            self._log.exception("error_page_failed", request_id=request.request_id, path=request.scope["path"])
        return problem_response(refusal, request_id=request.request_id, is_write=False, is_browser=True)

    async def _route(self, request: Request) -> Response:
        check_length(request.scope)
        if not has_one_host(request.scope):
            raise SeveralHosts
        routes = self._enter(request)
        await self._follow(request, routes)
        request.snapshot = self._house.follower.snapshot
        found = find_route(routes, request.method, request.path)
        route, request.parameters = found or (None, {})
        request.route = route.name if route else "none"
        request.is_page = route is not None and route.is_page
        if routes is FEED_ROUTES:
            await authorize(request, route, self._who)
        elif request.is_page:
            await self._who.find_signed_in_user(request)
        return await route.answer(request) if route else self._miss(request, routes)

    async def _follow(self, request: Request, routes: Sequence[Route]) -> None:
        """Catch up with the database if anything was committed. Server routes, for example the liveness check, work
        even while the database cannot be read."""
        try:
            if not self._house.follower.is_current():
                await request.read(self._house.follower.catch_up)
        except DatabaseUnusable:
            if routes is not SERVER_ROUTES:
                raise

    def _enter(self, request: Request) -> Sequence[Route]:
        """Remove the prefix and the feed from the path; return the routes to choose from."""
        path = request.path = request.site.below(str(request.scope["path"]))
        if path[: len(_FEEDS)].lower() == _FEEDS and len(path) > len(_FEEDS):
            name, _, rest = path[len(_FEEDS) :].partition("/")
            request.asked_feed, request.path = name[:100], f"/{rest}"
        elif is_server_path(path):
            return SERVER_ROUTES
        return FEED_ROUTES

    def _miss(self, request: Request, routes: Sequence[Route]) -> Response:
        allowed = methods_of(routes, request.path)
        # quirk: nuget 2.8.7 and Paket push to the service index if it is their source; the 404 says where to push
        if request.method == "PUT" and "GET" in allowed and routes is FEED_ROUTES:
            allowed = ()
        if request.method == "OPTIONS" and "GET" in allowed:
            found = find_route(routes, "GET", request.path)
            is_page = found is not None and found[0].is_page
            return Response(status_code=204, headers={"Allow": ", ".join(allowed)} if is_page else _CORS)
        if allowed:
            raise MethodRefused(request.method, allowed)
        urls = request.urls
        raise NoSuchAddress(
            f"There is nothing at this address. Use {urls.service_index} as the package source, "
            f"or push to {urls.publish}."
        )

    def _note(
        self, scope: Scope, request_id: str, about: KnownRequest | Request, status: int, duration_s: float
    ) -> None:
        method = scope["method"]
        self._house.metrics.count_request(about.route, method if method in _METHODS else "OTHER", status, duration_s)
        if self._request_log.note(about.facts, request_id, status, duration_s, self.sites.client_of(scope)):
            asyncio.get_running_loop().call_later(LONGEST_WAIT_S, self._request_log.flush)


def _known_of(request: Request, ready: CachedResponse | Missing) -> KnownRequest:
    return KnownRequest(ready, request.route, request.facts, request.snapshot.access, request.is_private)
