"""What accepting and declining an invitation share: it is there, the actor may answer it, and then it is gone."""

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import NoSuchRole
from motherlode.nuget.ids import PackageId
from motherlode.store import feeds
from motherlode.store.accounts import accounts, owners
from motherlode.store.accounts.accounts import AccountRow
from motherlode.store.database.sqlite import Tx
from motherlode.store.feeds import FeedRow
from motherlode.usecases._authority import check_may_act_for


def take_invitation(tx: Tx, package_id: PackageId, name: str, actor: Actor, feed: str) -> tuple[FeedRow, AccountRow]:
    """Remove the invitation of that account; returns the feed and the account.

    The account may, a member of the team that it is, and administrators. Raises `NoSuchFeed`, `NoSuchAccount`,
    `NotAllowed`, `NoSuchRole`.
    """
    row = feeds.get(tx, feed)
    account = accounts.get(tx, name)
    check_may_act_for(actor, account.id)
    if not owners.remove_invitation(tx, row.id, package_id.key, account.id):
        raise NoSuchRole(
            f"{account.name} is not invited to own {package_id} on the feed {feed!r}: ask one of its owners to do so."
        )
    return row, account
