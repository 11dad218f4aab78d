"""Report "not found" instead of "not allowed" to callers who may not read the feed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from motherlode.domain.feed_settings import parse_feed_policy
from motherlode.domain.permissions import Actor, may_read
from motherlode.domain.refusals import NotAllowed, NotFound
from motherlode.nuget.ids import PackageId
from motherlode.store.accounts import owners
from motherlode.store.database.sqlite import Tx

_MOST_NAMES: Final = 5


@contextmanager
def hidden(actor: Actor, feed: str, settings: Mapping[str, Any], absent: NotFound) -> Iterator[None]:
    """Replace a `NotAllowed` raised inside by `absent` if the actor may not read the feed."""
    try:
        yield
    except NotAllowed:
        if not _may_know(actor, feed, settings):
            raise absent from None
        raise


@contextmanager
def owners_named(
    tx: Tx, package_id: PackageId, actor: Actor, *, feed_id: int, feed: str, settings: Mapping[str, Any]
) -> Iterator[None]:
    """Add the owners' names to a `NotAllowed` that was raised because the id has owners.

    Only actors who may read the feed get the names: the feed shows them anyway.
    """
    try:
        yield
    except NotAllowed as refusal:
        if not (refusal.has_owners and _may_know(actor, feed, settings)):
            raise
        names = [account.name for account in owners.of_id(tx, feed_id, package_id.key)]
        shown = [*names[:_MOST_NAMES], *([f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else [])]
        raise NotAllowed(f"{refusal} Its owners: {', '.join(shown)}.") from None


def _may_know(actor: Actor, feed: str, settings: Mapping[str, Any]) -> bool:
    return not parse_feed_policy(settings).is_private or may_read(actor, feed)
