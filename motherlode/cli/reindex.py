"""`motherlode reindex`: build the search index anew, beside a running server or without one."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from motherlode.cli.options import ConfigOption, DataOption, opened
from motherlode.cli.output import CommandFailed, put, tell
from motherlode.domain.refusals import SearchUnready


def reindex(data: DataOption = None, config: ConfigOption = None) -> None:
    """Build a new search index, which then takes the place of the old one; a running server goes on searching."""
    with opened(data, config) as house, _progress() as advance:
        counted = 0

        def count(done: int, total: int) -> None:
            nonlocal counted
            counted = done
            advance(done, total)

        try:
            house.searching.rebuild(count)
        except SearchUnready as refusal:
            raise CommandFailed("The search index is being built already: wait until that is done.") from refusal
    put(f"indexed {counted} packages")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere a line for each tenth that is done."""
    if not sys.stderr.isatty():
        yield _line_for_each_tenth()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())
    with bar:
        task = bar.add_task("index", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _line_for_each_tenth() -> Callable[[int, int], None]:
    told = 0

    def advance(done: int, total: int) -> None:
        nonlocal told
        tenths = 10 * done // max(1, total)
        if tenths > told:
            told = tenths
            tell(f"read {done} of {total} packages")

    return advance
