"""The program itself: its version, its help, completion, and how little it loads for a command that reads little."""

import subprocess
import sys
from importlib.metadata import version as version_of

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from tests.cli.running import run

HEAVY = {"tantivy", "granian", "starlette", "structlog", "jinja2", "argon2", "alembic", "motherlode.app"}


def test_the_version_is_that_of_the_installed_package():
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"motherlode {version_of('motherlode')}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_completion(shell):
    done = run("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0
    assert "_MOTHERLODE_COMPLETE" in done.stdout


def test_a_shell_that_asks_is_told_the_commands():
    asked = {"_MOTHERLODE_COMPLETE": "complete_bash", "COMP_WORDS": "motherlode feed ", "COMP_CWORD": "2"}
    assert {"create", "list", "show", "delete"} <= set(run(**asked).stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("feed", "list"),
        ("feed", "show", "default"),
        ("key", "list"),
        ("user", "list"),
        ("team", "list"),
        ("jobs",),
        ("audit",),
    ],
    ids=" ".join,
)
def test_a_command_that_reads_little_loads_little(tmp_path, arguments):
    prepare_house(load_settings({}, data=tmp_path / "d")).close()
    program = (
        f"import atexit, sys; atexit.register(lambda: print('loaded', *({HEAVY!r} & set(sys.modules)))); "
        "from motherlode.cli import main; main()"
    )
    command = [sys.executable, "-c", program, *arguments, "--data", str(tmp_path / "d")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "loaded"
