"""Roles on a feed: grant and withdraw the right to read it or to publish to it.

A withdrawn role ends with the next request. Owners of packages on the feed stay owners.
"""

from motherlode.domain.accounts import FEED_ROLES
from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import InvalidSetting, NoSuchRole
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.accounts import accounts, grants
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit


def grant_role(feed: str, name: str, role: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Give a user, service account or team this role on the feed, replacing its current one. Administrators only.

    Raises `NotAllowed`, `InvalidSetting`, `NoSuchFeed`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    if role not in FEED_ROLES:
        raise InvalidSetting(f"There is no feed role {role[:100]!r}. Use {' or '.join(FEED_ROLES)}.")
    with db.write() as tx:
        feed_row = feeds.get(tx, feed)
        account = accounts.get(tx, name)
        grants.put(tx, feed_row.id, account.id, role)
        write_audit(tx, actor, "grant-role", feed=feed, subject=account.name, at=clock.now(), details={"role": role})


def withdraw_role(feed: str, name: str, actor: Actor, *, db: Database, clock: Clock) -> None:
    """Remove an account's role on the feed. Administrators only.

    Raises `NotAllowed`, `NoSuchFeed`, `NoSuchAccount`, `NoSuchRole`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        feed_row = feeds.get(tx, feed)
        account = accounts.get(tx, name)
        if not grants.remove(tx, feed_row.id, account.id):
            raise NoSuchRole(f"{account.name} has no role on the feed {feed!r}. 'feed show {feed}' lists the roles.")
        write_audit(tx, actor, "withdraw-role", feed=feed, subject=account.name, at=clock.now())
