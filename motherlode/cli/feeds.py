"""`motherlode feed`: make, change and show feeds."""

from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, opened
from motherlode.cli.output import put, put_json, put_table, tell
from motherlode.domain.feeds import FEED_SETTINGS, format_feed_policy, parse_feed_policy
from motherlode.protocol.urls import Urls, feed_path

if TYPE_CHECKING:
    from motherlode.store.feeds import FeedRow

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The feed's name.")]
_SETTINGS_HELP = f"Settings: {', '.join(FEED_SETTINGS)}."

commands = typer.Typer(help="Feeds.", no_args_is_help=True)


def _parse_pairs(pairs: list[str]) -> dict[str, str]:
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is no KEY=VALUE", param_hint="KEY=VALUE")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


@commands.command("create")
def create(
    name: NameArgument,
    settings: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help=_SETTINGS_HELP)] = None,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a feed: a source of its own below /feeds/NAME, with the server's defaults and these settings."""
    from motherlode.usecases.create_feed import create_feed
    from motherlode.usecases.identify import CONSOLE

    pairs = _parse_pairs(settings or [])
    with opened(data, config) as house:
        create_feed(name, pairs, CONSOLE, defaults=house.feed_defaults, db=house.db, clock=house.clock)
    tell(f"Created the feed {name}: it answers at {_index_path(name)}")


@commands.command("set")
def change(
    name: NameArgument,
    settings: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help=_SETTINGS_HELP)],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Change a feed's settings: they bind its next request."""
    from motherlode.usecases.change_feed import change_feed
    from motherlode.usecases.identify import CONSOLE

    pairs = _parse_pairs(settings)
    with opened(data, config) as house:
        change_feed(name, pairs, CONSOLE, db=house.db, clock=house.clock)
    tell(f"Changed the feed {name}.")


@commands.command("list")
def show_all(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """List the feeds."""
    from motherlode.store import feeds

    with opened(data, config) as house, house.db.read() as tx:
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
    """Print a feed's settings."""
    from motherlode.store import feeds

    with opened(data, config) as house, house.db.read() as tx:
        row = feeds.get(tx, name)
    if as_json:
        put_json(_describe(row))
    else:
        put_table(("SETTING", "VALUE"), _settings_of(row).items())


def _describe(row: "FeedRow") -> dict[str, object]:
    return {
        "name": row.name,
        "service_index": _index_path(row.name),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "settings": _settings_of(row),
    }


def _settings_of(row: "FeedRow") -> dict[str, str]:
    return format_feed_policy(parse_feed_policy(row.settings))


def _index_path(name: str) -> str:
    return Urls(feed_path(name)).service_index
