"""The rooms hold: every contract is kept, and each one notices when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

VIOLATIONS = {
    "floors": ("nuget/package.py", "import motherlode.store.database.schema"),
    "library": ("nuget/ids.py", "import motherlode.domain.refusals"),
    "pure": ("nuget/versions.py", "import os"),
    "http-in-web": ("usecases/packages/push.py", "import starlette.responses"),
    "async-in-web": ("store/packages/versions.py", "import asyncio"),
    "sql-in-store": ("projections/documents/reader.py", "import sqlalchemy"),
    "tantivy-in-search": ("projections/search/service.py", "import tantivy"),
    "back-ends": ("store/blobs/memory.py", "import motherlode.store.blobs.filesystem"),
    "resources": ("protocol/v3/registration.py", "import motherlode.protocol.v3.details"),
    "no-cycles": ("nuget/ids.py", "import motherlode.nuget.package"),
}


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]]


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_each_contract_has_a_planted_violation() -> None:
    assert list(VIOLATIONS) == contracts()


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_planted_violation_breaks_its_contract(contract: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "motherlode", tmp_path / "motherlode", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, line = VIOLATIONS[contract]
    path = tmp_path / "motherlode" / file
    path.write_text(f"{path.read_text()}\n\n{line}\n")

    result = lint(tmp_path, contract)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken" in result.stdout
