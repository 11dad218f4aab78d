"""How far a command is: a bar on a terminal; elsewhere lines now and then, or nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from motherlode.cli.output import tell

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


def is_bar_shown() -> bool:
    """Whether somebody sits at a terminal and looks."""
    return sys.stderr.isatty()


@contextmanager
def counting_packages(doing: str) -> Iterator[Callable[[int, int], None]]:
    """What is inside tells how many packages it has read, and how many there are; `doing` names it beside the bar."""
    if not is_bar_shown():
        yield _line_for_each_tenth("packages")
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    with bar_of(TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def counting_bytes(doing: str, measure: Callable[[], int], *, has_lines: bool) -> Iterator[Callable[[int], None]]:
    """What is inside tells how many bytes it has read since it told last, of as many as `measure` finds, which is only
    asked where that is shown; `has_lines` whether it is told where there is no terminal: a command that has a line for
    each package needs no others."""
    if not is_bar_shown():
        yield _adding_up(_line_for_each_tenth("bytes"), measure()) if has_lines else _ignore
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

    with bar_of(TextColumn(doing), BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn()) as bar:
        task = bar.add_task(doing, total=measure())
        yield lambda count: bar.advance(task, count)


def bar_of(*columns: "ProgressColumn") -> "Progress":
    """A bar on standard error that is gone at the end; what is printed meanwhile comes out above it."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())


def _line_for_each_tenth(unit: str) -> Callable[[int, int], None]:
    told = 0

    def advance(done: int, total: int) -> None:
        nonlocal told
        tenths = min(10, 10 * done // max(1, total))
        if tenths > told:
            told = tenths
            tell(f"read {done} of {total} {unit}")

    return advance


def _adding_up(advance: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        advance(done, total)

    return add


def _ignore(count: int) -> None:
    """Show nothing of progress."""
    del count
