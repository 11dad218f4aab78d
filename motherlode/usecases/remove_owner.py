"""Remove an owner: an id is his no longer. The last one stays, so that no id that was somebody's becomes nobody's."""

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import LastOwner, NoSuchRole
from motherlode.nuget.ids import PackageId
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, owners
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit
from motherlode.usecases.packages.owners import get_managed


def remove_owner(package_id: PackageId, name: str, actor: Actor, *, feed: str, db: Database, clock: Clock) -> None:
    """Take the id away from an owner; the invitations that he made, or a member of the team that it is, go with him.

    Owners and administrators may.

    Raises `NotAllowed`, `NoSuchFeed`, `NoSuchId`, `NoSuchAccount`, `NoSuchRole`, `LastOwner`.
    """
    with db.write() as tx:
        known = get_managed(tx, package_id, actor, feed)
        account = accounts.get(tx, name)
        ids = {owner.id for owner in owners.of_id(tx, known.feed.id, package_id.key)}
        if account.id not in ids:
            raise NoSuchRole(f"{account.name} does not own {package_id} on the feed {feed!r}: see 'owner list'.")
        if len(ids) == 1:
            raise LastOwner(account.name, str(package_id))
        owners.remove(tx, known.feed.id, package_id.key, account.id)
        for inviter in (account, *accounts.members_of(tx, account.id)):
            owners.withdraw_invitations(tx, known.feed.id, package_id.key, inviter.name)
        details = {"owner": account.name}
        write_audit(tx, actor, "remove-owner", feed=feed, subject=str(package_id), at=clock.now(), details=details)
