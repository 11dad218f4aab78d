"""What the verbs on owners share: a package's id on its feed, and whether the actor may say who owns it."""

from dataclasses import dataclass

from motherlode.domain.permissions import Actor, Ownership, check_may_manage_owners
from motherlode.domain.refusals import NoSuchId
from motherlode.nuget.ids import PackageId
from motherlode.store import feeds
from motherlode.store.accounts import owners
from motherlode.store.database.sqlite import Tx
from motherlode.store.feeds import FeedRow
from motherlode.usecases._visibility import hidden, owners_named


@dataclass(frozen=True, slots=True)
class KnownId:
    """An id that is there on a feed, and whose it is as the actor sees it."""

    feed: FeedRow
    package_id: PackageId
    ownership: Ownership


def get_known(tx: Tx, package_id: PackageId, actor: Actor, feed: str) -> KnownId:
    """The id on the feed. Raises `NoSuchFeed`, `NoSuchId`."""
    row = feeds.get(tx, feed)
    ownership = owners.ownership(tx, row.id, package_id.key, actor.account_ids)
    if not ownership.is_id_known:
        raise NoSuchId(str(package_id), feed)
    return KnownId(row, package_id, ownership)


def get_managed(tx: Tx, package_id: PackageId, actor: Actor, feed: str) -> KnownId:
    """The id on the feed, whose owners the actor may change. Raises `NoSuchFeed`, `NoSuchId`, `NotAllowed`."""
    known = get_known(tx, package_id, actor, feed)
    settings = known.feed.settings
    with (
        hidden(actor, feed, settings, NoSuchId(str(package_id), feed)),
        owners_named(tx, package_id, actor, feed_id=known.feed.id, feed=feed, settings=settings),
    ):
        check_may_manage_owners(actor, feed, package_id, known.ownership)
    return known
