"""Options that commands share, and what commands open with them: settings, database and services."""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from motherlode.cli.output import CommandFailed, tell
from motherlode.config import find_data_folder, load_settings
from motherlode.domain.refusals import Refusal
from motherlode.os_files import FileLock, find_other_owner, is_superuser, try_lock
from motherlode.settings import Settings
from motherlode.store.data_folder import database_path, run_path

if TYPE_CHECKING:
    from motherlode.nuget.ids import PackageId
    from motherlode.services import Services
    from motherlode.store.blobs.protocol import Blobs
    from motherlode.store.database.sqlite import Database

_LOCK: Final = "serve.lock"
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        readable=False,  # `check_owner` checks it later, and says what to do
        help="The data folder.",
        show_default="./motherlode-data, or MOTHERLODE_DATA",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="The settings file.", show_default="motherlode.toml in the data folder"
    ),
]
FeedOption = Annotated[str, typer.Option("--feed", metavar="F", help="The feed's name.")]
PackageIdArgument = Annotated[str, typer.Argument(metavar="ID", help="The package id.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def read_settings(data: Path | None, config: Path | None, overrides: Mapping[str, str] | None = None) -> Settings:
    """Load the settings in force and print their warnings. Raises InvalidSetting."""
    settings = load_settings(os.environ, data=data, config=config, overrides=overrides)
    for warning in settings.warnings:
        tell(f"warning: {warning}")
    return settings


def check_owner(data: Path) -> None:
    """Refuse to work on another user's data. A data folder that does not exist passes. Raises CommandFailed.

    The server could not read the files that this user creates, and SQLite creates files even for readers. A new data
    folder may belong to another user if this one, not root, can write to it: container volumes are such folders.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        try:
            data.stat()
        except PermissionError as error:
            raise CommandFailed(
                f"This user cannot access the data folder {data}. Run the command as the user that the server runs as."
            ) from error
    owner = find_other_owner(database_path(data))
    if owner is None and (is_superuser() or not os.access(data, os.W_OK | os.X_OK)):
        owner = find_other_owner(data)
    if owner is not None:
        raise CommandFailed(
            f"The data folder {data} belongs to the user {owner}. The server cannot read files that another user "
            f"creates there. Run the command as {owner}: {_as_user(owner, data)}"
        )


def _as_user(owner: str, data: Path) -> str:
    """Return the command to run the current one as `owner`. It names the data folder, because sudo drops variables."""
    typed = [*sys.argv]
    if not any(word == "--data" or word.startswith("--data=") for word in typed):
        typed += ["--data", str(data)]
    return f"sudo -u {shlex.quote(owner)} {shlex.join(typed)}"


def check_writable(data: Path) -> None:
    """Refuse data that this user cannot write or that belong to another user. Raises CommandFailed.

    Files and folders that do not exist pass.
    """
    check_owner(data)
    for path in (data, database_path(data)):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise CommandFailed(
                f"{path} cannot be written. Run the command as the user that the server runs as, "
                "give this user permission to read and write there, or choose another folder with --data."
            )


@contextmanager
def opened_database(data: Path | None, config: Path | None) -> Iterator["Database"]:
    """Open only the database of a data folder. Commands that need no more start in half the time.

    Raises NoData if there is no database; it is not created.
    """
    from motherlode.store.blobs.filesystem import FileBlobs
    from motherlode.store.database.sqlite import find_current_database

    settings = _read_settings_as_owner(data, config)
    db = find_current_database(database_path(settings.data)) or _open_with_reasons(settings)
    with closing(db), closing(FileBlobs(settings.data)) as blobs, _errors_explained(db, settings):
        _warn_of_history(db, blobs)
        yield db


def _open_with_reasons(settings: Settings) -> "Database":
    """Open the database with all checks; these raise the reason if it cannot be opened."""
    from motherlode.app import open_house

    return open_house(settings).db


@contextmanager
def opened(data: Path | None, config: Path | None, *, is_warned: bool = True) -> Iterator["Services"]:
    """Open the services of a data folder, and close them at the end.

    With `is_warned`, print a warning if the database is older than the packages; the command continues. Raises NoData
    if there is no database; it is not created.
    """
    with opened_with_settings(data, config, is_warned=is_warned) as (services, _):
        yield services


@contextmanager
def opened_with_settings(
    data: Path | None, config: Path | None, *, is_warned: bool = True
) -> Iterator[tuple["Services", Settings]]:
    """Open the services of a data folder as `opened` does, and yield them with their settings."""
    from motherlode.app import open_house
    from motherlode.observe.logs import configure_logs
    from motherlode.usecases.maintenance.history import record_history

    settings = _read_settings_as_owner(data, config)
    configure_logs(style=settings.log.format, level="warning")
    services = open_house(settings)
    with closing(services), _errors_explained(services.db, settings):
        if is_warned:
            _warn_of_history(services.db, services.blobs)
        yield services, settings
        with suppress(Refusal, OSError):  # the next command or server records it
            record_history(db=services.db, blobs=services.blobs, clock=services.clock)


def _read_settings_as_owner(data: Path | None, config: Path | None) -> Settings:
    """Load the settings, and check that this user may write the data. Raises CommandFailed and InvalidSetting."""
    check_owner(find_data_folder(os.environ, data))
    settings = read_settings(data, config)
    check_writable(settings.data)
    return settings


@contextmanager
def _errors_explained(db: "Database", settings: Settings) -> Iterator[None]:
    """Turn unexpected errors of the block into a sentence for the user."""
    try:
        yield
    except (Refusal, CommandFailed, OSError, typer.Exit, typer.Abort):
        raise
    except Exception as error:
        raise _explain(error, db, settings) from error


def confirm(question: str, *, yes: bool) -> None:
    """Ask the user to confirm, unless `yes`. Raises CommandFailed if the user does not, or there is no terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailed(f"{question} Nothing was changed. To confirm, run the command again with --yes.")
    if not typer.confirm(question, err=True):
        raise CommandFailed("Nothing was changed.")


def _explain(error: Exception, db: "Database", settings: Settings) -> Exception:
    """Return what to raise for an unexpected error: the damage to the database that explains it, or a CommandFailed.

    At the log level debug it is the error itself instead of CommandFailed, so that the traceback is printed.
    """
    damage = db.find_damage(error)
    if damage is not None or settings.log.level == "debug":
        return damage or error
    return CommandFailed(
        f"The command failed ({type(error).__name__}: {error}). If the database was edited by hand, restore a backup. "
        "Otherwise this is a bug in Motherlode: run the command again with MOTHERLODE_LOG_LEVEL=debug to see where."
    )


def _warn_of_history(db: "Database", blobs: "Blobs") -> None:
    from motherlode.usecases.maintenance.history import check_history

    try:
        check_history(db=db, blobs=blobs)
    except Refusal as refusal:
        tell(f"warning: {refusal}")


def lock_folder(data: Path) -> FileLock:
    """Lock the data folder for a server, or for a command that needs the server stopped. Raises CommandFailed."""
    run = run_path(data)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        run.mkdir(mode=0o700, exist_ok=True)
        lock = try_lock(run / _LOCK)
        check_writable(data)
    except OSError as error:
        raise CommandFailed(
            f"The data folder {data} cannot be written ({error.strerror or error}). "
            "Give this user permission to write there, or choose another folder with --data."
        ) from error
    if lock is None:
        raise CommandFailed(
            f"Another server is running on the data folder {data}. Stop it, or choose another folder with --data."
        )
    return lock


def parse_id(text: str) -> "PackageId":
    """Parse an argument as a package id. Raises CommandFailed."""
    from motherlode.nuget.ids import parse_package_id

    try:
        return parse_package_id(text)
    except ValueError as error:
        raise CommandFailed(str(error)) from error
