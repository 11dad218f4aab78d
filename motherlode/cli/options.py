"""What every command takes after its name, and what it makes of it: settings, and the house they open."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.output import tell
from motherlode.config import Settings, load_settings

if TYPE_CHECKING:
    from motherlode.house import House

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The data folder.", show_default="./motherlode-data, or MOTHERLODE_DATA"
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="The settings file.", show_default="motherlode.toml in the data folder"
    ),
]
FeedOption = Annotated[str, typer.Option("--feed", metavar="F", help="The feed.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def settle(data: Path | None, config: Path | None, overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings in force, warnings told; raises InvalidSetting."""
    settings = load_settings(os.environ, data=data, config=config, overrides=overrides)
    for warning in settings.warnings:
        tell(f"warning: {warning}")
    return settings


@contextmanager
def opened(data: Path | None, config: Path | None) -> Iterator["House"]:
    """The house of a server's data, closed again at the end; raises NoData when there is none, and makes none."""
    from motherlode.app import open_house
    from motherlode.observe.logs import configure_logs

    settings = settle(data, config)
    configure_logs(style=settings.log.format, level="warning")
    house = open_house(settings)
    try:
        yield house
    finally:
        house.close()
