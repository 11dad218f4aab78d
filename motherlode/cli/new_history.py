"""`motherlode new-history`: say that this database is meant, though the packages beside it know a newer one."""

import shutil
import sys
from typing import Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, opened_with_settings, take_folder
from motherlode.cli.output import CommandFailed, put, tell
from motherlode.domain.refusals import Refusal


def new_history(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Keep an older copy of the database, and begin a new history with it; while the server is stopped.

    Packages that were pushed since that copy was made are no longer on any feed. Their files stay for
    storage.quarantine, and are then removed by gc; until then 'motherlode verify' names them.
    """
    from motherlode.store.data_folder import search_path
    from motherlode.usecases.maintenance.history import check_history
    from motherlode.usecases.maintenance.new_history import begin_history
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened_with_settings(data, config, is_warned=False) as (services, settings):
        lock = take_folder(settings.data)
        try:
            try:
                check_history(db=services.db, blobs=services.blobs, indexed=services.searching.indexed())
            except Refusal as refusal:
                tell(str(refusal))
            if not yes:
                _ask()
            folder = search_path(settings.data)
            history = begin_history(
                CONSOLE,
                db=services.db,
                blobs=services.blobs,
                clock=services.clock,
                drop_index=lambda: shutil.rmtree(folder, ignore_errors=True),
            )
        finally:
            lock.release()
    put(f"new history {history}")
    tell("The search index is built anew when the server starts.")


def _ask() -> None:
    """Go on only if somebody at a terminal says so; raises CommandFailed."""
    question = "Keep the database as it is now, and give up what was pushed or changed since?"
    if not sys.stdin.isatty():
        raise CommandFailed(f"{question} Say so with --yes. Nothing was changed.")
    if not typer.confirm(question):
        raise CommandFailed("Nothing was changed.")
