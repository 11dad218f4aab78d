"""`motherlode rederive`: read the metadata of stored packages again, with or without a running server."""

from typing import Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, opened
from motherlode.cli.output import put, tell
from motherlode.cli.progress import counting_packages


def rederive(
    feed: Annotated[
        list[str] | None,
        typer.Option(metavar="F", help="A feed whose packages are read. Can be repeated.", show_default="all"),
    ] = None,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Also read packages that this version has already read.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Read the metadata of stored packages again, for example after an upgrade that understands more of it.

    If you stop the command, the next run continues. Exit code 1 if a package could not be read; its metadata does not
    change.
    """
    from motherlode.usecases.maintenance.reprocess import rederive as rederive_all
    from motherlode.usecases.sign_in.identify import CONSOLE

    with opened(data, config) as services, counting_packages("reading") as advance:
        rederived = rederive_all(
            CONSOLE,
            feed_names=feed or (),
            is_again=again,
            db=services.db,
            blobs=services.blobs,
            clock=services.clock,
            limits=services.limits,
            report=put,
            advance=advance,
        )
    put(f"read {rederived.packages} packages, {rederived.changed} changed")
    if rederived.left:
        tell(f"Packages that could not be read: {rederived.left}. They did not change; the next run tries them again.")
        raise typer.Exit(1)
    if not rederived.packages and not again:
        tell("This version has already read all packages. To read them again, use --again.")
