"""Withdraw a role on a feed: what it allowed ends with the next request. Ids that are owned there stay owned."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import NoSuchRole
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.accounts import accounts, grants
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def withdraw_role(feed: str, name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Take an account's role on the feed away. Administrators may.

    Raises `NotAllowed`, `NoSuchFeed`, `NoSuchAccount`, `NoSuchRole`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        feed_row = feeds.get(tx, feed)
        account = accounts.get(tx, name)
        if not grants.remove(tx, feed_row.id, account.id):
            raise NoSuchRole(f"{account.name} has no role on the feed {feed!r}: 'feed show {feed}' names the roles.")
        write_audit(tx, actor, "withdraw-role", feed=feed, subject=account.name, at=clock.now())
