"""Owners of package ids: add, remove and invite them, accept and decline invitations.

The last owner cannot be removed, so an id that has owners never loses all of them this way.
"""

from dataclasses import dataclass

from motherlode.domain.permissions import Actor, Ownership, check_may_administer, check_may_manage_owners
from motherlode.domain.refusals import LastOwner, NoSuchId, NotAnOwner, NotInvited
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store import feeds
from motherlode.store.accounts import accounts, owners
from motherlode.store.accounts.accounts import AccountRow
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.feeds import FeedRow
from motherlode.usecases._audit import write_audit
from motherlode.usecases._authority import check_may_act_for
from motherlode.usecases._visibility import hidden, owners_named


@dataclass(frozen=True, slots=True)
class KnownId:
    """A package id that exists on a feed, with its ownership as the actor sees it."""

    feed: FeedRow
    package_id: PackageId
    ownership: Ownership


def get_known(tx: Tx, package_id: PackageId, actor: Actor, feed: str) -> KnownId:
    """Return the id on the feed. Raises `NoSuchFeed`, `NoSuchId`."""
    row = feeds.get(tx, feed)
    ownership = owners.ownership(tx, row.id, package_id.key, actor.account_ids)
    if not ownership.is_id_known:
        raise NoSuchId(str(package_id), feed)
    return KnownId(row, package_id, ownership)


def get_managed(tx: Tx, package_id: PackageId, actor: Actor, feed: str) -> KnownId:
    """Return the id on the feed if the actor may change its owners. Raises `NoSuchFeed`, `NoSuchId`, `NotAllowed`."""
    known = get_known(tx, package_id, actor, feed)
    settings = known.feed.settings
    with (
        hidden(actor, feed, settings, NoSuchId(str(package_id), feed)),
        owners_named(tx, package_id, actor, feed_id=known.feed.id, feed=feed, settings=settings),
    ):
        check_may_manage_owners(actor, feed, package_id, known.ownership)
    return known


def add_owner(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Make an account an owner. This also completes a pending invitation. Administrators only.

    Does nothing if the account is an owner already. Raises `NotAllowed`, `NoSuchFeed`, `NoSuchId`, `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        known = get_known(tx, package_id, actor, feed)
        account = accounts.get(tx, name)
        now = clock.now()
        if owners.add(tx, known.feed.id, package_id.key, account.id, now):
            details = {"owner": account.name}
            write_audit(tx, actor, "add-owner", feed=feed, subject=str(package_id), at=now, details=details)


def remove_owner(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Remove an owner, and withdraw the invitations that the owner sent; for a team, also those that its members sent.

    Owners and administrators only.

    Raises `NotAllowed`, `NoSuchFeed`, `NoSuchId`, `NoSuchAccount`, `NotAnOwner`, `LastOwner`.
    """
    with db.write() as tx:
        known = get_managed(tx, package_id, actor, feed)
        account = accounts.get(tx, name)
        ids = {owner.id for owner in owners.of_id(tx, known.feed.id, package_id.key)}
        if account.id not in ids:
            raise NotAnOwner(account.name, str(package_id), feed)
        if len(ids) == 1:
            raise LastOwner(account.name, str(package_id))
        owners.remove(tx, known.feed.id, package_id.key, account.id)
        for inviter in (account, *accounts.members_of(tx, account.id)):
            owners.withdraw_invitations(tx, known.feed.id, package_id.key, inviter.name)
        details = {"owner": account.name}
        write_audit(tx, actor, "remove-owner", feed=feed, subject=str(package_id), at=clock.now(), details=details)


def invite_owner(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> bool:
    """Invite an account to own the id. Returns False if it is already invited or an owner.

    Owners and administrators only. Raises `NotAllowed`, `NoSuchFeed`, `NoSuchId`, `NoSuchAccount`.
    """
    with db.write() as tx:
        known = get_managed(tx, package_id, actor, feed)
        account = accounts.get(tx, name)
        now = clock.now()
        if account in owners.of_id(tx, known.feed.id, package_id.key):
            return False
        if not owners.invite(tx, known.feed.id, package_id.key, account.id, actor.name, now):
            return False
        details = {"owner": account.name}
        write_audit(tx, actor, "invite-owner", feed=feed, subject=str(package_id), at=now, details=details)
    return True


def take_invitation(tx: Tx, package_id: PackageId, name: str, actor: Actor, feed: str) -> tuple[FeedRow, AccountRow]:
    """Remove the account's invitation. Returns the feed and the account.

    Only the account, the members of an invited team, and administrators may do this. Raises `NoSuchFeed`,
    `NoSuchAccount`, `NotAllowed`, `NotInvited`.
    """
    row = feeds.get(tx, feed)
    account = accounts.get(tx, name)
    check_may_act_for(actor, account.id)
    if not owners.remove_invitation(tx, row.id, package_id.key, account.id):
        raise NotInvited(account.name, str(package_id), feed)
    return row, account


def accept_invitation(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Make the invited account an owner.

    Only the account, the members of an invited team, and administrators may do this. Raises `NoSuchFeed`,
    `NoSuchAccount`, `NotAllowed`, `NotInvited`.
    """
    with db.write() as tx:
        row, account = take_invitation(tx, package_id, name, actor, feed)
        now = clock.now()
        owners.add(tx, row.id, package_id.key, account.id, now)
        details = {"owner": account.name}
        write_audit(tx, actor, "accept-invitation", feed=feed, subject=str(package_id), at=now, details=details)


def decline_invitation(
    package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock
) -> None:
    """Decline the invitation, which removes it.

    Only the account, the members of an invited team, and administrators may do this. Raises `NoSuchFeed`,
    `NoSuchAccount`, `NotAllowed`, `NotInvited`.
    """
    with db.write() as tx:
        _, account = take_invitation(tx, package_id, name, actor, feed)
        details = {"owner": account.name}
        write_audit(
            tx, actor, "decline-invitation", feed=feed, subject=str(package_id), at=clock.now(), details=details
        )
