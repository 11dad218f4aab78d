"""Progress of a command: a bar on a terminal, elsewhere a line for each tenth or nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from motherlode.cli.output import tell

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


def is_bar_shown() -> bool:
    """Whether standard error is a terminal, which can show a progress bar."""
    return sys.stderr.isatty()


@contextmanager
def counting_packages(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to call with the number of packages read and their total; `label` is the label of the bar."""
    if not is_bar_shown():
        yield _print_each_tenth("packages")
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    with bar_of(TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def counting_bytes(label: str, measure: Callable[[], int], *, has_lines: bool) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of bytes read since the last call; `label` is the label of the bar.

    `measure` returns the total, and is called only if progress is shown. `has_lines` says whether to print lines where
    there is no terminal: a command that prints a line for each package does not need them.
    """
    if not is_bar_shown():
        yield _sum_up(_print_each_tenth("bytes"), measure()) if has_lines else _ignore
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

    with bar_of(TextColumn(label), BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn()) as bar:
        task = bar.add_task(label, total=measure())
        yield lambda count: bar.advance(task, count)


def bar_of(*columns: "ProgressColumn") -> "Progress":
    """Return a bar on standard error that disappears at the end. Output printed meanwhile appears above it."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())


def _print_each_tenth(unit: str) -> Callable[[int, int], None]:
    printed = 0

    def advance(done: int, total: int) -> None:
        nonlocal printed
        tenths = min(10, 10 * done // max(1, total))
        if tenths > printed:
            printed = tenths
            tell(f"read {done} of {total} {unit}")

    return advance


def _sum_up(advance: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        advance(done, total)

    return add


def _ignore(count: int) -> None:
    """Do not show progress."""
    del count
