"""`motherlode config`: print the settings in force and where each value comes from."""

from dataclasses import asdict

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, read_settings
from motherlode.cli.output import put_json, put_table

commands = typer.Typer(help="The server's settings.", no_args_is_help=True)


@commands.callback()
def _only_groups() -> None:
    """The server's settings."""


@commands.command("show")
def show(*, as_json: JsonOption = False, data: DataOption = None, config: ConfigOption = None) -> None:
    """Print the settings in force and where each value comes from."""
    in_force = read_settings(data, config).in_force
    if as_json:
        put_json([asdict(setting) for setting in in_force])
    else:
        put_table(("SETTING", "VALUE", "FROM"), ((each.name, each.value, each.origin) for each in in_force))
