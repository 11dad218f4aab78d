"""NuGet's own libraries as an oracle: a small .NET program that says what they make of a text.

`build_library` builds the program once; `Library.ask` has it judge any number of texts. See CONTRIBUTING.md for what
the folder of the program holds.
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCES: Final = ("Program.cs", "oracle.csproj")
BUILD_TIMEOUT_S: Final = 300
ASK_TIMEOUT_S: Final = 600
_REFUSED: Final = "NO"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the library made of one text: its `values`, or why it refused (`error` is "" where it says no reason)."""

    values: tuple[str, ...]
    error: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the library does not read the text."""
        return self.error is not None


@dataclass(frozen=True, slots=True)
class Library:
    """The built program: `programs` is the folder of the clients, `home` where they keep their state."""

    programs: Path
    home: Path
    program: Path

    def ask(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        """One reading for each text, in their order.

        `kind` is version, range, framework, id, license, uri, nuspec (texts from `encode_nuspec`) or nupkg (paths).
        """
        lines = "".join(f"{json.dumps(text)}\n" for text in texts)
        output = run_client(
            self.programs, self.home, "dotnet", self.program, kind, input_text=lines, timeout_s=ASK_TIMEOUT_S
        )
        readings = [_reading_of(line) for line in output.split("\n") if line]
        assert len(readings) == len(texts), f"{len(readings)} answers to {len(texts)} texts"
        return readings


def encode_nuspec(content: bytes) -> str:
    """A .nuspec file as the text that `Library.ask` takes."""
    return base64.b64encode(content).decode()


def build_library(source: Path, programs: Path, folder: Path) -> Library:
    """Build the program of `source` inside `folder`; `source` is only read, and may be read-only."""
    copy, home = folder / "source", folder / "home"
    for made in (copy, home):
        made.mkdir()
    for name in SOURCES:
        shutil.copyfile(source / name, copy / name)
    arguments = ("build", "-c", "Release", "-o", folder / "built", copy / "oracle.csproj")
    run_client(programs, home, "dotnet", *arguments, timeout_s=BUILD_TIMEOUT_S)
    return Library(programs, home, folder / "built" / "oracle.dll")


def run_client(
    programs: Path, home: Path, *command: str | Path, input_text: str = "", timeout_s: float = BUILD_TIMEOUT_S
) -> str:
    """Run a program as clients are run; returns what it printed. It fails the test when it fails or takes too long."""
    done = subprocess.run(
        [str(programs / "client-env"), *map(str, command)],
        input=input_text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "CLIENT_HOME": str(home.absolute())},
        timeout=timeout_s,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, output
    return output


def _reading_of(line: str) -> Reading:
    answer: Iterable[str] = json.loads(line)
    first, *rest = answer
    if first == _REFUSED:
        return Reading((), ": ".join(rest))
    return Reading((first, *rest))
