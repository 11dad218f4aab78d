"""How far a command is: a bar on a terminal; elsewhere a line for each tenth that is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from motherlode.cli.output import tell


@contextmanager
def counting_packages(doing: str) -> Iterator[Callable[[int, int], None]]:
    """What is inside tells how many packages it has read, and how many there are; `doing` names it beside the bar."""
    if not sys.stderr.isatty():
        yield _line_for_each_tenth()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())
    with bar:
        task = bar.add_task(doing, total=None)
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
