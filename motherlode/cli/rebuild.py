"""`motherlode rebuild`: create a new database from the stored packages if the old one is lost or damaged."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, check_owner, lock_folder, read_settings
from motherlode.cli.output import CommandFailed, put, tell
from motherlode.cli.progress import counting_packages
from motherlode.config import find_data_folder

if TYPE_CHECKING:
    from motherlode.settings import Settings
    from motherlode.usecases.maintenance.rebuild import Rebuilt


def rebuild(
    *,
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The feed for all packages.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Create a new database from the stored packages. Stop the server first.

    Use it only if the database is lost or damaged and you have no backup. A damaged database is kept under another
    name.
    """
    from motherlode.observe.logs import configure_logs

    folder = find_data_folder(os.environ, data)
    if not folder.is_dir():
        raise CommandFailed(f"The data folder {folder} does not exist. Give the server's data folder with --data.")
    check_owner(folder)
    settings = read_settings(data, config)
    configure_logs(style=settings.log.format, level="warning")
    lock = lock_folder(settings.data)
    try:
        with counting_packages("reading") as advance:
            rebuilt, set_aside = _rebuild(settings, feed, advance)
    finally:
        lock.release()
    put(f"created a database with {rebuilt.packages} packages on the feed {feed}, which signed-in users can read")
    if set_aside is not None:
        tell(f"The previous database is now {set_aside}.")
    if rebuilt.older or rebuilt.unreadable:
        tell(
            f"Files left out: {rebuilt.older} with a newer file of the same id and version, {rebuilt.unreadable} that "
            "could not be read. gc removes them after storage.quarantine."
        )
    tell(
        "Packages do not contain the following, so it is lost: owners, users, teams and keys; feeds and their "
        "settings; deletions and unlistings (every version is available and listed); the times of replaced versions; "
        "download counts; the audit log. The next start of the server writes a new administrator's key to "
        "first-key.txt."
    )


def _rebuild(settings: "Settings", feed: str, advance: Callable[[int, int], None]) -> "tuple[Rebuilt, Path | None]":
    from motherlode.app import rebuild_database

    return rebuild_database(settings, feed, report=put, advance=advance)
