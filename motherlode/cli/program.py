"""The program `motherlode`: its commands and exit codes.

Exit codes: 0 done; 1 refused or failed, with a message that says why and what to do; 2 wrong usage.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from motherlode.cli import (
    audit,
    config,
    feeds,
    gc,
    jobs,
    keys,
    new_history,
    owners,
    packages,
    rebuild,
    rederive,
    reindex,
    serve,
    teams,
    users,
    verify,
)
from motherlode.cli.output import CommandFailed, put, tell
from motherlode.domain.refusals import Refusal
from motherlode.nuget.quoting import printable


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Make usage errors printable: they quote arguments, which may be file names that a shell expanded."""
    try:
        yield
    except TyperException as error:
        error.message = printable(error.message)
        raise


class _Commands(TyperGroup):
    """The commands; usage errors show arguments without terminal control characters."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Make the context as Typer does, with printable errors."""
        with _printable_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Invoke the command as Typer does, with printable errors."""
        with _printable_errors():
            return super().invoke(ctx)


program = typer.Typer(
    name="motherlode",
    cls=_Commands,
    help="A NuGet server. 'motherlode serve' runs it. The other commands work on its data while it runs or is stopped.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked: bool) -> None:  # noqa: FBT001 Typer calls it with the option's value
    if is_asked:
        put(f"motherlode {version_of('motherlode')}")
        raise typer.Exit


@program.callback()
def _take_options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


program.command("serve")(serve.serve)
program.add_typer(keys.commands, name="key")
program.add_typer(users.commands, name="user")
program.add_typer(teams.commands, name="team")
program.add_typer(feeds.commands, name="feed")
program.add_typer(owners.commands, name="owner")
program.command("push")(packages.push)
program.command("check")(packages.check)
program.command("unlist")(packages.unlist)
program.command("relist")(packages.relist)
program.command("delete")(packages.delete)
program.command("restore-version")(packages.restore_version)
program.command("lock")(packages.lock)
program.command("unlock")(packages.unlock)
program.command("audit")(audit.audit)
program.command("verify")(verify.verify)
program.command("gc")(gc.gc)
program.command("jobs")(jobs.jobs)
program.command("reindex")(reindex.reindex)
program.command("rederive")(rederive.rederive)
program.command("rebuild")(rebuild.rebuild)
program.command("new-history")(new_history.new_history)
program.add_typer(config.commands, name="config")


def run(arguments: Sequence[str]) -> int:
    """Run one command. Returns its exit code, or raises SystemExit with it.

    Prints a refusal as its message, never as a traceback.
    """
    if any(not _is_text(argument) for argument in arguments):
        tell("An argument is not valid UTF-8. If it is a file, rename it.")
        return 2
    try:
        program(list(arguments), prog_name="motherlode")
    except (Refusal, CommandFailed) as refusal:
        tell(str(refusal))
        return 1
    except OSError as error:
        tell(f"The command failed: {error}.")
        return 1
    return 0


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True
