"""`motherlode rebuild`: make a database out of the packages that lie there, where the one that knew them is lost."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, check_owner, settle, take_folder
from motherlode.cli.output import CommandFailed, put, tell
from motherlode.cli.progress import counting_packages
from motherlode.config import find_data_folder

if TYPE_CHECKING:
    from motherlode.settings import Settings
    from motherlode.usecases.maintenance.rebuild import Rebuilt


def rebuild(
    *,
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The feed that gets all packages.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a new database out of the packages that lie there; while the server is stopped.

    For a database that is lost or damaged, and of which there is no backup. A damaged one is set aside, not removed.
    """
    from motherlode.observe.logs import configure_logs

    folder = find_data_folder(os.environ, data)
    if not folder.is_dir():
        raise CommandFailed(f"There is no data folder {folder}: name the server's with --data.")
    check_owner(folder)
    settings = settle(data, config)
    configure_logs(style=settings.log.format, level="warning")
    lock = take_folder(settings.data)
    try:
        with counting_packages("reading") as advance:
            rebuilt, set_aside = _rebuild(settings, feed, advance)
    finally:
        lock.release()
    put(f"made a database of {rebuilt.packages} packages, all on the feed {feed}, for those who sign in")
    if set_aside is not None:
        tell(f"The former database is now {set_aside}.")
    if rebuilt.older or rebuilt.unreadable:
        tell(
            f"Left out were {rebuilt.older} files of which there is a newer one, and {rebuilt.unreadable} unreadable "
            "ones: gc removes them after storage.quarantine."
        )
    tell(
        "Lost are what packages do not say: owners, users, teams and keys; feeds and their settings; deletions and "
        "unlistings, so that every version is there and listed; replaced versions' times; downloads; the audit log. "
        "The next start makes a first key, in first-key.txt."
    )


def _rebuild(settings: "Settings", feed: str, advance: Callable[[int, int], None]) -> "tuple[Rebuilt, Path | None]":
    from motherlode.app import rebuild_database

    return rebuild_database(settings, feed, report=put, advance=advance)
