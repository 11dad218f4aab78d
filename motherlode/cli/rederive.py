"""`motherlode rederive`: read stored packages again, beside a running server or without one."""

from typing import Annotated

import typer

from motherlode.cli.options import ConfigOption, DataOption, opened
from motherlode.cli.output import put, tell
from motherlode.cli.progress import counting_packages


def rederive(
    feed: Annotated[
        list[str] | None,
        typer.Option(metavar="F", help="A feed whose packages are read.", show_default="all"),
    ] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Read also those that this version has read already.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Read stored packages again from their bytes, so that documents say what this version of the program reads.

    It goes on where it was stopped. 1 if anything could not be read, and stays as it was.
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
    put(f"read {rederived.packages} packages, {rederived.changed} of them say something else now")
    if rederived.left:
        tell(f"{rederived.left} packages stay as they were: the next run tries them again.")
        raise typer.Exit(1)
    if not rederived.packages and not again:
        tell("All packages were read by this version already; --again reads them once more.")
