"""People at their machines: each has an empty home, an empty folder, and the real NuGet clients.

What one of them has cached, configured or downloaded no other ever sees, so no test depends on another's.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.support.leaks import is_leak

RUN_TIMEOUT_S = 180  # nuget.exe under mono sometimes sits still for most of a minute

CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear />
    <add key="local" value="{source}" protocolVersion="{version}" allowInsecureConnections="{is_http}" />
  </packageSources>{login}
</configuration>
"""
LOGIN = """
  <packageSourceCredentials>
    <local>
      <add key="Username" value="{name}" />
      <add key="ClearTextPassword" value="{password}" />
    </local>
  </packageSourceCredentials>"""
PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>{framework}</TargetFramework>
    <RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>
  </PropertyGroup>
  <ItemGroup>{references}</ItemGroup>
</Project>
"""

MONO_ABORTS: Final = "* Assertion at mono-threads.c"
SAID_AT_LAST: Final = ("was deleted successfully.", "was pushed.", "successfully installed", "added package")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a client ended, and all that it printed."""

    code: int
    output: str

    @property
    def is_done(self) -> bool:
        """Whether it says that it did what was asked."""
        return self.code == 0


@dataclass(frozen=True, slots=True)
class User:
    """`programs` is the folder of the clients, `folder` where the user types, `home` where clients keep their state,
    `environment` what every client finds in its environment."""

    programs: Path
    folder: Path
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def knows(self, source: str, *, login: tuple[str, str] | None = None) -> "User":
        """Configure the source under the name `local`, with name and password; plain http is allowed if it is that."""
        values = {"version": 3 if source.endswith(".json") else 2, "is_http": str(source.startswith("http:")).lower()}
        signs_in = LOGIN.format(name=login[0], password=login[1]) if login else ""
        self.put("nuget.config", CONFIG.format(source=source, login=signs_in, **values))
        return self

    def having(self, **environment: str) -> "User":
        """The same user, with more in the environment."""
        return replace(self, environment={**self.environment, **environment})

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def put_project(self, name: str, packages: Mapping[str, str], *, framework: str = "net10.0") -> Path:
        """Write a project with a lock file that refers to `packages` (id to version); returns its folder."""
        references = "".join(
            f'<PackageReference Include="{package_id}" Version="{version}" />'
            for package_id, version in packages.items()
        )
        return self.put(f"{name}/{name}.csproj", PROJECT.format(framework=framework, references=references)).parent

    def run(
        self,
        program: str,
        *arguments: str | Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a client, or by `client-env` any program as clients are run; it is ended after RUN_TIMEOUT_S."""
        command = [str(self.programs / program), *map(str, arguments)]
        return run_bounded(command, folder or self.folder, self._environment(environment or {}))

    def does(self, program: str, *arguments: str | Path, folder: Path | None = None) -> str:
        """Run a client that must succeed; returns what it printed."""
        return done(self.run(program, *arguments, folder=folder))

    def pastes(self, line: str, *, folder: Path | None = None) -> Outcome:
        """Type a line into a shell."""
        return self.run("client-env", "sh", "-c", line, folder=folder)

    def forgets_packages(self) -> None:
        """Lose everything that was ever downloaded."""
        shutil.rmtree(self.home / ".nuget" / "packages", ignore_errors=True)
        shutil.rmtree(self.home / ".nuget" / "http-cache", ignore_errors=True)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "CLIENT_HOME": str(self.home.absolute()), **self.environment, **more}


def new_user(programs: Path, room: Path) -> User:
    """Someone whose home and folder are new, both inside `room`."""
    user = User(programs, room / "folder", room / "home")
    user.folder.mkdir(parents=True)
    user.home.mkdir()
    return user


def run_bounded(command: Iterable[str], folder: Path, environment: Mapping[str, str]) -> Outcome:
    """Run a program; after RUN_TIMEOUT_S it is ended with all that it started, and the test fails."""
    with subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=RUN_TIMEOUT_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return _without_abort(Outcome(process.returncode, output))


def _without_abort(outcome: Outcome) -> Outcome:
    """The outcome as it would have been, where mono aborted after the client had said at last that all was done.

    quirk: mono 6.8 now and then fails an assertion of its own while it ends its threads.
    """
    said, abort, _ = outcome.output.partition(MONO_ABORTS)
    lines = said.rstrip().lower().splitlines()
    if outcome.code == -signal.SIGABRT and abort and lines and any(words in lines[-1] for words in SAID_AT_LAST):
        return Outcome(0, said)
    return outcome


def done(outcome: Outcome) -> str:
    """What a client printed that did what was asked."""
    assert outcome.is_done, outcome.output
    return outcome.output


def assert_refused(outcome: Outcome, *sentences: str) -> None:
    """The client failed and said why: all of these, and nothing secret."""
    assert outcome.code == 1, outcome.output
    assert all(sentence in outcome.output for sentence in sentences), outcome.output
    assert not is_leak(outcome.output.encode()), "a client printed a secret"


def closure_files(packages: Path, name: str) -> list[Path]:
    """The files of a closure of real packages, nothing else."""
    closure = json.loads((packages / "closures.json").read_text())["real"][name]
    return [packages / "real" / f"{key.replace('/', '.').lower()}.nupkg" for key in closure["get"]]
