"""The panel: three lines to paste, each alone, as they can be typed."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from motherlode.cli.panel import Panel, key_argument, typed_command
from motherlode.config import load_settings
from motherlode.protocol.welcome import welcome_lines


def test_the_lines_are_those_that_clients_take():
    assert welcome_lines("http://127.0.0.1:5555/v3/index.json", "http://127.0.0.1:5555/", "K") == (
        "dotnet nuget add source http://127.0.0.1:5555/v3/index.json --name motherlode --allow-insecure-connections",
        'dotnet nuget push "*.nupkg" --source motherlode --api-key K',
        "http://127.0.0.1:5555/",
    )


def test_https_needs_no_leave_and_a_page_names_no_key():
    add, push, web = welcome_lines("https://example.com/nuget/v3/index.json", "https://example.com/nuget/")
    assert add == "dotnet nuget add source https://example.com/nuget/v3/index.json --name motherlode"
    assert push.endswith("--api-key KEY")
    assert web == "https://example.com/nuget/"


def test_each_line_stands_alone_and_the_key_is_shown_with_the_place_it_is_kept():
    lines = Panel("http://127.0.0.1:1", "mlk_x", Path("d"), "/opt/motherlode", "shown").render().splitlines()
    assert set(welcome_lines("http://127.0.0.1:1/v3/index.json", "http://127.0.0.1:1/", "mlk_x")) <= set(lines)
    assert any("first-key.txt" in line and "once" in line for line in lines)
    assert any("never expires" in line for line in lines)
    assert any("expire after 90 days" in line for line in lines)
    assert f"/opt/motherlode key create --name NAME --data {Path('d').absolute()}" in lines
    assert "\x1b" not in "".join(lines)


def test_later_the_key_is_where_a_shell_finds_it(tmp_path):
    data = tmp_path / "it's a folder"
    data.mkdir()
    (data / "first-key.txt").write_text("mlk_secret\n")
    argument = key_argument(load_settings({}, data=data), None)
    assert "mlk_secret" not in argument
    assert subprocess.check_output(["sh", "-c", f"printf %s {argument}"], text=True) == "mlk_secret"


def test_a_bootstrap_key_stays_in_the_environment(tmp_path):
    environ = {"MOTHERLODE_BOOTSTRAP_KEY": "b0otstrap $key'x\"`".replace(" ", "_")}
    argument = key_argument(load_settings(environ, data=tmp_path), None)
    assert (
        subprocess.check_output(["sh", "-c", f"printf %s {argument}"], text=True, env=environ) == environ.popitem()[1]
    )


def test_a_key_that_is_gone_is_not_made_up(tmp_path):
    assert key_argument(load_settings({}, data=tmp_path), None) == "KEY"


@pytest.mark.parametrize(
    ("program", "typed"),
    [
        ("{here}/.venv/bin/motherlode", ".venv/bin/motherlode"),
        ("{here}/motherlode", "./motherlode"),
        ("{here}/bin/motherlode", "motherlode"),
        ("/nowhere else/motherlode", "'/nowhere else/motherlode'"),
    ],
)
def test_a_command_is_named_as_it_can_be_typed(tmp_path, monkeypatch, program, typed):
    (tmp_path / "bin").mkdir()
    on_path = tmp_path / "bin" / "motherlode"
    on_path.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert typed_command(program.format(here=tmp_path)) == typed


def test_a_module_is_named_by_its_interpreter():
    package = Path(__file__).parents[2] / "motherlode" / "cli"
    typed = typed_command(str(package / "__main__.py"))
    assert shlex.split(typed) == [sys.executable, "-m", "motherlode.cli"]
    assert os.access(shlex.split(typed)[0], os.X_OK)
