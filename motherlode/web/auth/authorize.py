"""Authorizes requests to feeds: every request to a feed passes here before anything else looks at it.

Everyone may read a public feed without signing in; its pages show the name of signed-in users. Callers who may not read
a private feed learn nothing about it: neither its paths and their methods, nor whether the feed exists. So as soon as
one feed of the server is private, a missing feed responds like a private one. Callers who have signed in but may not
read the feed get the same response as for a missing feed.
"""

from dataclasses import replace
from typing import Final

from motherlode.domain.permissions import is_visible, may_read
from motherlode.domain.refusals import NoSuchFeed, OldProtocol
from motherlode.nuget.versions import InvalidVersion, Version, parse_version
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.web.auth.authenticator import Authenticator
from motherlode.web.base_url import Scope, header
from motherlode.web.request import Request
from motherlode.web.route import Route

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def authorize(request: Request, route: Route | None, who: Authenticator) -> None:
    """Authorize a request to a feed and set `request.feed`; `route` is None if no route matches the path.

    Raises `NoSuchFeed`; for reads `SignInNeeded` and `SignInRefused`; for writes `KeyMissing`, `KeyRefused`, and what
    the route's check raises; `OldProtocol`."""
    feed = request.snapshot.feeds.get(request.asked_feed.lower())
    request.is_private = request.snapshot.has_private_feeds if feed is None else feed.policy.is_private
    if not request.is_private:
        request.feed = feed
    if request.is_private or (feed is not None and route is not None and route.check is not None):
        await _ask_caller(request, feed, route, who)
    elif route is None or route.is_page:
        await who.find_signed_in_user(request)
    if feed is None:
        raise NoSuchFeed(request.asked_feed)
    request.feed = feed
    if route is not None and route.check is not None:
        route.check(request.require_actor, feed.name)
        if route.is_for_new_clients and feed.policy.least_protocol is not None:
            _check_protocol(request.scope, feed.policy.least_protocol)


async def _ask_caller(request: Request, feed: Feed | None, route: Route | None, who: Authenticator) -> None:
    """Identify the caller. Raises `NoSuchFeed` if the caller may not know about the feed."""
    is_write = request.method not in READS if route is None else route.check is not None
    actor = await (who.get_writer(request) if is_write else who.get_reader(request))
    request.actor = replace(actor, access=request.snapshot.access)
    if request.is_private and not (feed and (is_visible if is_write else may_read)(request.actor, feed.name)):
        raise NoSuchFeed(request.asked_feed)


def _check_protocol(scope: Scope, least: Version) -> None:
    """Refuse clients older than `least`. Clients send their version in X-NuGet-Protocol-Version, older ones in
    X-NuGet-Client-Version. Raises `OldProtocol`."""
    said = header(scope, b"x-nuget-protocol-version") or header(scope, b"x-nuget-client-version") or ""
    try:
        if parse_version(said.strip()) >= least:
            return
    except InvalidVersion:
        pass
    raise OldProtocol(least.normalized)
