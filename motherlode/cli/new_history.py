"""`motherlode new-history`: keep an older copy of the database, though the stored packages belong to a newer one."""

import shutil
from typing import Final

from motherlode.cli.options import ConfigOption, DataOption, YesOption, confirm, lock_folder, opened_with_settings
from motherlode.cli.output import put, tell
from motherlode.domain.refusals import Refusal

_QUESTION: Final = "Keep this copy of the database and lose everything pushed or changed after it was made?"


def new_history(
    *,
    yes: YesOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Keep this older copy of the database and start a new history with it. Stop the server first.

    Packages that were pushed after the copy was made are no longer on any feed. gc removes their files after
    storage.quarantine; until then 'motherlode verify' lists them.
    """
    from motherlode.store.data_folder import search_path
    from motherlode.usecases.maintenance.history import check_history
    from motherlode.usecases.maintenance.new_history import begin_history
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened_with_settings(data, config, is_warned=False) as (services, settings):
        lock = lock_folder(settings.data)
        try:
            try:
                check_history(db=services.db, blobs=services.blobs, indexed=services.searching.indexed())
            except Refusal as refusal:
                tell(str(refusal))
            confirm(_QUESTION, yes=yes)
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
    tell("The server rebuilds the search index when it starts.")
