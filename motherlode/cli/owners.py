"""`motherlode owner`: manage the owners of the package ids of a feed."""

from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.options import (
    ConfigOption,
    DataOption,
    FeedOption,
    JsonOption,
    PackageIdArgument,
    opened,
    opened_database,
    parse_id,
)
from motherlode.cli.output import put, put_json, tell
from motherlode.domain.feed_settings import DEFAULT_FEED

if TYPE_CHECKING:
    from motherlode.store.accounts.accounts import AccountRow

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of a user, service account or team.")]

commands = typer.Typer(help="Package owners: only they and administrators can push versions.", no_args_is_help=True)


@commands.command("list")
def show_all(
    package_id: PackageIdArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    as_json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List the owners of a package id and the accounts invited to become owners."""
    from motherlode.domain.refusals import NoSuchId
    from motherlode.store import feeds
    from motherlode.store.accounts import owners

    key = parse_id(package_id).key
    with opened_database(data, config) as db, db.read() as tx:
        feed_id = feeds.get(tx, feed).id
        if not owners.ownership(tx, feed_id, key, ()).is_id_known:
            raise NoSuchId(package_id, feed)
        owned = owners.of_id(tx, feed_id, key)
        invited = owners.invitations_of_id(tx, feed_id, key)
    if as_json:
        put_json({"id": package_id, "feed": feed, "owners": _names(owned), "invited": _names(invited)})
        return
    for name in _names(owned):
        put(name)
    for name in _names(invited):
        put(f"{name} (invited)")
    if not owned:
        tell(f"{package_id} belongs to the administrators. Add an owner with 'owner add {package_id} NAME'.")


@commands.command("add")
def add(
    package_id: PackageIdArgument,
    name: NameArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make an account an owner of a package id without an invitation."""
    from motherlode.usecases.packages.owners import add_owner
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        add_owner(wanted, name, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    tell(f"{name} is now an owner of {package_id}.")


@commands.command("invite")
def invite(
    package_id: PackageIdArgument,
    name: NameArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Invite an account to become an owner of a package id. It becomes one when it accepts the invitation."""
    from motherlode.usecases.packages.owners import invite_owner
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        is_new = invite_owner(wanted, name, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    if is_new:
        tell(f"Invited {name} to become an owner of {package_id}.")
    else:
        tell(f"{name} is already an owner of {package_id}, or already invited.")


@commands.command("accept")
def accept(
    package_id: PackageIdArgument,
    name: NameArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Accept an invitation on behalf of the invited account."""
    from motherlode.usecases.packages.owners import accept_invitation
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        accept_invitation(wanted, name, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    tell(f"{name} is now an owner of {package_id}.")


@commands.command("decline")
def decline(
    package_id: PackageIdArgument,
    name: NameArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Decline an invitation on behalf of the invited account, or withdraw it."""
    from motherlode.usecases.packages.owners import decline_invitation
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        decline_invitation(wanted, name, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    tell(f"{name} is no longer invited to become an owner of {package_id}.")


@commands.command("remove")
def remove(
    package_id: PackageIdArgument,
    name: NameArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove an owner of a package id. The last owner cannot be removed."""
    from motherlode.usecases.packages.owners import remove_owner
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        remove_owner(wanted, name, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    tell(f"{name} is no longer an owner of {package_id}.")


def _names(accounts: "list[AccountRow]") -> list[str]:
    return [account.name for account in accounts]
