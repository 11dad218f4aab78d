"""What every command takes after its name, and what it makes of it: settings, and the house they open."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.output import CommandFailed, tell
from motherlode.config import load_settings
from motherlode.settings import Settings
from motherlode.store.blobs.keys import database_path

if TYPE_CHECKING:
    from motherlode.domain.ids import PackageId
    from motherlode.house import House
    from motherlode.store.db import Database

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
PackageIdArgument = Annotated[str, typer.Argument(metavar="ID", help="The package's id.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def settle(data: Path | None, config: Path | None, overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings in force, warnings told; raises InvalidSetting."""
    settings = load_settings(os.environ, data=data, config=config, overrides=overrides)
    for warning in settings.warnings:
        tell(f"warning: {warning}")
    return settings


def check_writable(data: Path) -> None:
    """Refuse data that this user may read at most; what is not there passes. Raises CommandFailed."""
    for path in (data, database_path(data)):
        if path.exists() and not os.access(path, os.W_OK):
            raise CommandFailed(
                f"{path} cannot be written: run the command as the user that the server runs as, "
                "give this user the right to write there, or choose another folder with --data."
            )


@contextmanager
def opened_database(data: Path | None, config: Path | None) -> Iterator["Database"]:
    """The database of a server's data alone, for commands that need no more: they start in half the time.

    Raises NoData when there is none, and makes none.
    """
    from motherlode.store.db import open_current_database

    settings = settle(data, config)
    check_writable(settings.data)
    db = open_current_database(database_path(settings.data))
    try:
        yield db
    finally:
        db.close()


@contextmanager
def opened(data: Path | None, config: Path | None) -> Iterator["House"]:
    """The house of a server's data, closed again at the end; raises NoData when there is none, and makes none."""
    with opened_with_settings(data, config) as (house, _):
        yield house


@contextmanager
def opened_with_settings(data: Path | None, config: Path | None) -> Iterator[tuple["House", Settings]]:
    """The same house, and the settings it was opened with."""
    from motherlode.app import open_house
    from motherlode.observe.logs import configure_logs

    settings = settle(data, config)
    configure_logs(style=settings.log.format, level="warning")
    check_writable(settings.data)
    house = open_house(settings)
    try:
        yield house, settings
    finally:
        house.close()


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is done for good, unless `yes` says it already. Raises CommandFailed unless it is said."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailed(f"{question} Nobody can be asked here: repeat the command with --yes.")
    if not typer.confirm(question, err=True):
        raise CommandFailed("Nothing was changed.")


def parse_id(text: str) -> "PackageId":
    """The package id that an argument is; raises CommandFailed."""
    from motherlode.domain.ids import parse_package_id

    try:
        return parse_package_id(text)
    except ValueError as error:
        raise CommandFailed(f"{text} can be no package: {error}") from error
