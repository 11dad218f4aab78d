"""`motherlode feed`: create, change, show and delete feeds, and grant roles on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, YesOption, confirm, opened, opened_database
from motherlode.cli.output import put, put_json, put_table, tell
from motherlode.domain.accounts import FEED_ROLES
from motherlode.domain.feed_settings import FEED_SETTINGS, describe_feed_policy, parse_feed_policy
from motherlode.domain.logos import MAX_LOGO_BYTES, format_logo, logo_of
from motherlode.domain.refusals import InvalidSetting
from motherlode.protocol.urls import Urls, feed_path

if TYPE_CHECKING:
    from motherlode.store.accounts.accounts import AccountRow
    from motherlode.store.feeds import FeedRow

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The feed's name.")]
FeedArgument = Annotated[str, typer.Argument(metavar="FEED", help="The feed's name.")]
AccountArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of a user, service account or team.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help=f"The role: {' or '.join(FEED_ROLES)}.")]
_SETTINGS_HELP = f"Settings: {', '.join(FEED_SETTINGS)}; logo=@FILE reads a PNG or JPEG file."
_LOGO = "logo"

commands = typer.Typer(help="Feeds.", no_args_is_help=True)


def _parse_pairs(pairs: list[str]) -> dict[str, str]:
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not KEY=VALUE", param_hint="KEY=VALUE")
    values = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    if values.get(_LOGO, "").startswith("@"):
        values[_LOGO] = _read_logo(Path(values[_LOGO][1:]))
    return values


def _read_logo(path: Path) -> str:
    """Return the image in the file in the form of the setting `logo`. Raises InvalidSetting."""
    try:
        with path.open("rb") as file:
            return format_logo(logo_of(file.read(MAX_LOGO_BYTES + 1)))
    except OSError as error:
        raise InvalidSetting(f"The logo {path} cannot be read ({error.strerror}). Choose another file.") from error
    except ValueError as error:
        raise InvalidSetting(f"{path} is not a PNG or JPEG file of at most 32 KB. Choose another logo.") from error


@commands.command("create")
def create(
    name: NameArgument,
    settings: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help=_SETTINGS_HELP)] = None,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Create a feed: a package source at /feeds/NAME with the server's default settings and the ones you give."""
    from motherlode.usecases.feeds.feeds import create_feed
    from motherlode.usecases.sign_in.identify import CONSOLE

    pairs = _parse_pairs(settings or [])
    with opened(data, config) as services:
        create_feed(name, pairs, CONSOLE, defaults=services.feed_defaults, db=services.db, clock=services.clock)
    tell(f"Created the feed {name}. Its service index is at {_index_path(name)}")


@commands.command("set")
def change(
    name: NameArgument,
    settings: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help=_SETTINGS_HELP)],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Change a feed's settings. They apply from the next request on."""
    from motherlode.usecases.feeds.feeds import change_feed
    from motherlode.usecases.sign_in.identify import CONSOLE

    pairs = _parse_pairs(settings)
    with opened(data, config) as services:
        change_feed(name, pairs, CONSOLE, db=services.db, clock=services.clock)
    tell(f"Changed the feed {name}.")


@commands.command("delete")
def delete(
    name: NameArgument,
    *,
    with_packages: Annotated[
        bool, typer.Option("--with-packages", help="Also delete a feed that has packages; they are deleted for good.")
    ] = False,
    yes: YesOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete a feed for good, with its owners, roles and statistics."""
    from motherlode.usecases.feeds.feeds import delete_feed
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        confirm(f"Delete the feed {name} for good?", yes=yes)
        gone = delete_feed(name, CONSOLE, with_packages=with_packages, db=services.db, clock=services.clock)
    tell(f"Deleted the feed {name} and its packages (versions: {gone.versions}).")
    if gone.revoked_keys:
        tell(f"Revoked the keys that were valid only for this feed: {', '.join(gone.revoked_keys)}.")


@commands.command("list")
def show_all(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List the feeds."""
    from motherlode.store import feeds

    with opened_database(data, config) as db, db.read() as tx:
        rows = feeds.read_all(tx)
    if as_json:
        put_json([_describe(row) for row in rows])
    else:
        for row in rows:
            put(row.name)


@commands.command("show")
def show(
    name: NameArgument, *, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None
) -> None:
    """Print a feed's settings and the roles on it."""
    from motherlode.store import feeds
    from motherlode.store.accounts import grants

    with opened_database(data, config) as db, db.read() as tx:
        row = feeds.get(tx, name)
        granted = grants.of_feed(tx, row.id)
    if as_json:
        put_json(_describe(row) | {"roles": {account.name: role for account, role in granted}})
    else:
        put_table(("SETTING", "VALUE"), _settings_of(row).items())
        _put_roles(granted)


@commands.command("grant")
def grant(
    feed: FeedArgument,
    name: AccountArgument,
    role: RoleArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Give a user, service account or team a role on a feed. It replaces an earlier role there."""
    from motherlode.usecases.feeds.roles import grant_role
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        grant_role(feed, name, role, CONSOLE, db=services.db, clock=services.clock)
    tell(f"{name} is now a {role} on the feed {feed}.")


@commands.command("withdraw")
def withdraw(
    feed: FeedArgument, name: AccountArgument, *, data: DataOption = None, config: ConfigOption = None
) -> None:
    """Withdraw a role on a feed. Package ids keep their owners."""
    from motherlode.usecases.feeds.roles import withdraw_role
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services:
        withdraw_role(feed, name, CONSOLE, db=services.db, clock=services.clock)
    tell(f"{name} no longer has a role on the feed {feed}.")


def _put_roles(granted: "list[tuple[AccountRow, str]]") -> None:
    if granted:
        put("")
        put_table(("NAME", "ROLE"), ((account.name, role) for account, role in granted))


def _describe(row: "FeedRow") -> dict[str, object]:
    return {
        "name": row.name,
        "service_index": _index_path(row.name),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "settings": _settings_of(row),
    }


def _settings_of(row: "FeedRow") -> dict[str, str]:
    return describe_feed_policy(parse_feed_policy(row.settings))


def _index_path(name: str) -> str:
    return Urls(feed_path(name)).service_index
