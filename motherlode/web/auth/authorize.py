"""The gate of a feed: what every request to one passes before it is looked at any further.

A public feed is read by everybody, and nobody is asked who he is; its pages greet those who have signed in. Of a
private feed nobody learns anything who may not read it: which paths there are, which methods they take, or whether
there is such a feed at all. So as soon as one feed of the server is private, a feed that does not exist answers like
one. Whoever has signed in and may not read gets what a feed that does not exist gives him.
"""

from dataclasses import replace
from typing import Final

from motherlode.domain.permissions import is_visible, may_read
from motherlode.domain.refusals import NoSuchFeed, OldProtocol
from motherlode.nuget.versions import InvalidVersion, Version, parse_version
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.web.auth.authenticator import Who
from motherlode.web.base_url import Scope, header
from motherlode.web.request import Visit
from motherlode.web.route import Route

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def admit(visit: Visit, route: Route | None, who: Who) -> None:
    """Let a request for the route, or for a path of none, in to its feed; from then on `visit` knows the feed.

    Raises `NoSuchFeed`; `SignInNeeded` and `SignInRefused` to readers; to those who write `KeyMissing`, `KeyRefused`,
    and what the route's check raises; `OldProtocol`."""
    feed = visit.standing.feeds.get(visit.asked_feed.lower())
    visit.is_secluded = visit.standing.has_private_feeds if feed is None else feed.policy.is_private
    if not visit.is_secluded:
        visit.feed = feed
    if visit.is_secluded or (feed is not None and route is not None and route.check is not None):
        await _ask_caller(visit, feed, route, who)
    elif route is None or route.is_page:
        await who.find_visitor(visit)
    if feed is None:
        raise NoSuchFeed(visit.asked_feed)
    visit.feed = feed
    if route is not None and route.check is not None:
        route.check(visit.the_actor, feed.name)
        if route.is_for_new_clients and feed.policy.least_protocol is not None:
            _check_protocol(visit.scope, feed.policy.least_protocol)


async def _ask_caller(visit: Visit, feed: Feed | None, route: Route | None, who: Who) -> None:
    """Find out who asks, where somebody must; raises `NoSuchFeed` when the feed is none of his business."""
    is_write = visit.method not in READS if route is None else route.check is not None
    actor = await (who.get_writer(visit) if is_write else who.get_reader(visit))
    visit.actor = replace(actor, access=visit.standing.access)
    if visit.is_secluded and not (feed and (is_visible if is_write else may_read)(visit.actor, feed.name)):
        raise NoSuchFeed(visit.asked_feed)


def _check_protocol(scope: Scope, least: Version) -> None:
    """Refuse a client that does not say that it speaks at least that protocol, in the header for it, or in the older
    one for its own version."""
    said = header(scope, b"x-nuget-protocol-version") or header(scope, b"x-nuget-client-version") or ""
    try:
        if parse_version(said.strip()) >= least:
            return
    except InvalidVersion:
        pass
    raise OldProtocol(least.normalized)
