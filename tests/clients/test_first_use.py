"""A newcomer's first day: `make serve` in a copy of the sources, its three lines pasted as printed, a second start."""

import os
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.client import User
from tests.conftest import require_program
from tests.support.servers import clean_environment, free_port

ROOT = Path(__file__).resolve().parents[2]
INSTALL_TIMEOUT_S = 300
STOP_TIMEOUT_S = 30
FROM_AN_OUTER_MAKE = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "VENV", "PYTHON", "VIRTUAL_ENV")


@dataclass(slots=True)
class Serving:
    """A running `make serve`, and the three lines that it printed."""

    process: subprocess.Popen[str]
    add_line: str
    push_line: str
    web_line: str

    def stop(self) -> None:
        """Ask make to end; it has ended with all that it started when its output is closed."""
        assert self.process.stdout
        self.process.send_signal(signal.SIGTERM)
        with _ended_after(STOP_TIMEOUT_S, self.process):
            self.process.stdout.read()
        assert self.process.wait(STOP_TIMEOUT_S) != -signal.SIGKILL, "it did not stop by itself"


@contextmanager
def _ended_after(seconds: float, process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill the program with all that it started, should the block take longer than that."""
    timer = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The tree as a clone of it would be, with what is not committed yet."""
    git = require_program("git")
    listed = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout
    clone = tmp_path / "motherlode"
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
            (clone / name).chmod((ROOT / name).stat().st_mode)
    return clone


@pytest.fixture
def make_serve(sources: Path) -> Iterator[Callable[[], Serving]]:
    """Runs `make serve` in the sources, always on the same port, and waits for its three lines."""
    make = require_program("make")
    port = free_port()
    started: list[subprocess.Popen[str]] = []

    def start() -> Serving:
        environment = {k: v for k, v in clean_environment(COLUMNS="40").items() if k not in FROM_AN_OUTER_MAKE}
        process = subprocess.Popen(
            [make, "serve", f"ARGS=--port {port}"],
            cwd=sources,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        with _ended_after(INSTALL_TIMEOUT_S, process):
            return _read_lines(process, f"http://127.0.0.1:{port}/")

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def _read_lines(process: subprocess.Popen[str], web_line: str) -> Serving:
    """What was printed up to the web address; the two lines before it are commands."""
    assert process.stdout
    printed: list[str] = []
    for line in process.stdout:
        printed.append(line.rstrip("\n"))
        if printed[-1] == web_line:
            return Serving(process, printed[-3], printed[-2], web_line)
    raise AssertionError("\n".join(printed))


def pack(user: User, version: str) -> Path:
    """Pack the library that is in the folder Widgets; returns a folder that holds nothing but the package."""
    user.does("dotnet", "pack", "Widgets", "-o", version, f"-p:Version={version}")
    return user.folder / version


def test_the_first_day_of_a_newcomer(make_serve: Callable[[], Serving], sources: Path, user: User) -> None:
    """Add the source, push, use the package; stop, start, push, restore from nothing, and unlist."""
    first = make_serve()
    user.does("dotnet", "new", "classlib", "-o", "Widgets")
    added = user.pastes(first.add_line)
    assert added.is_done, added.output
    pushed = user.pastes(first.push_line, folder=pack(user, "1.0.0"))
    assert pushed.is_done, pushed.output
    assert first.add_line in urllib.request.urlopen(first.web_line, timeout=30).read().decode()

    user.does("dotnet", "new", "classlib", "-o", "App")
    app = user.folder / "App"
    user.does("dotnet", "package", "add", "Widgets", folder=app)
    assert 'Include="Widgets" Version="1.0.0"' in (app / "App.csproj").read_text()
    user.does("dotnet", "build", "App")

    first.stop()
    again = make_serve()
    key_file = sources / "motherlode-data" / "first-key.txt"
    for push_line in (first.push_line, again.push_line):
        assert key_file.read_text().strip() not in push_line
        assert str(key_file) in push_line
    pushed = user.pastes(again.push_line, folder=pack(user, "1.1.0"))
    assert pushed.is_done, pushed.output

    user.forgets_packages()
    user.does("dotnet", "restore", "App", "--force")
    assert (user.home / ".nuget" / "packages" / "widgets" / "1.0.0" / "widgets.1.0.0.nupkg").is_file()
    user.does("dotnet", "build", "App", "--no-restore")

    login = ["--source", "motherlode", "--api-key", key_file.read_text().strip(), "--non-interactive"]
    user.does("dotnet", "nuget", "delete", "Widgets", "1.1.0", *login)
    user.forgets_packages()
    user.does("dotnet", "new", "classlib", "-o", "Other")
    user.does("dotnet", "package", "add", "Widgets", folder=user.folder / "Other")
    assert 'Include="Widgets" Version="1.0.0"' in (user.folder / "Other" / "Other.csproj").read_text()
    again.stop()
