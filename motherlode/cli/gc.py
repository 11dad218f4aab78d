"""`motherlode gc`: remove stored data that is no longer reachable, with or without a running server."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, opened
from motherlode.cli.output import put, tell
from motherlode.cli.progress import bar_of, is_bar_shown

if TYPE_CHECKING:
    from motherlode.usecases.maintenance.gc import Removed

_LINE_EVERY: Final = 1000


def gc(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; print what would be removed.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove interrupted uploads, deleted versions past their time limit, and files that no package uses."""
    from motherlode.domain.units import format_duration
    from motherlode.store.packages.garbage import read_unnamed
    from motherlode.usecases.maintenance.gc import gc as collect_garbage

    counted: Counter[str] = Counter()
    with opened(data, config, is_warned=False) as services, _progress() as advance:

        def report(removed: "Removed") -> None:
            counted[removed.kind] += 1
            put(_format_removed(removed, as_json=as_json))
            advance()

        freed = collect_garbage(
            db=services.db,
            blobs=services.blobs,
            clock=services.clock,
            reader_grace=services.reader_grace,
            quarantine=services.quarantine,
            indexed=services.searching.indexed(),
            is_dry_run=dry_run,
            report=report,
        )
        with services.db.read() as tx:
            waiting = len(read_unnamed(tx))
    if dry_run:
        tell(f"Items that would be removed: {counted.total()}. Bytes that would be freed: {freed}.")
    else:
        tell(f"Items removed: {counted.total()}. Bytes freed: {freed}.")
    if not dry_run and counted["content"]:
        grace = services.reader_grace
        tell(
            f"Package files still to be removed: {counted['content']}. gc removes them once storage.reader_grace "
            f"({grace}) is over."
        )
    if waiting:
        kept = format_duration(int(services.quarantine.total_seconds()))
        tell(
            f"Files in blobs/ that the database does not refer to: {waiting}. gc removes each one {kept} after it "
            "first noticed it (storage.quarantine). 'motherlode verify' lists them."
        )


def _format_removed(removed: "Removed", *, as_json: bool) -> str:
    from motherlode.usecases.maintenance.gc import SAID

    if as_json:
        return json.dumps({"kind": removed.kind, "name": removed.name, "bytes": removed.size}, ensure_ascii=False)
    return f"{removed.name}: {SAID[removed.kind]}"


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """Show a running count on a terminal; elsewhere print a line for every 1000 items."""
    if not is_bar_shown():
        yield _print_every_thousand()
        return
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    label = "collecting, {task.completed} items so far"
    with bar_of(SpinnerColumn(), TextColumn(label), TimeElapsedColumn()) as bar:
        task = bar.add_task("gc", total=None)
        yield lambda: bar.advance(task)


def _print_every_thousand() -> Callable[[], None]:
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if done % _LINE_EVERY == 0:
            tell(f"{done} items so far")

    return advance
