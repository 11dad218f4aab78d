"""dotnet pushes whole sets of packages, and restores what the official client resolved from the same files."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.client import User, new_user
from tests.support.servers import MOTHERLODE, Server, clean_environment, start_server

FOLDER = Path(os.environ.get("MOTHERLODE_PACKAGES", "/nowhere"))
WITHOUT_FRAMEWORK = "-p:DisableImplicitFrameworkReferences=true"  # what the SDK adds by itself is on no feed here


def read_closures() -> list[Any]:
    """(origin, closure) of every closure; one empty pair when they are not here, so that the fixture may say so."""
    path = FOLDER / "closures.json"
    if not path.is_file():
        return [("", {})]
    return [
        pytest.param(origin, closure, id=f"{origin}-{name}")
        for origin, closures in json.loads(path.read_text()).items()
        for name, closure in closures.items()
    ]


def files_of(origin: str, packages: Path) -> list[Path]:
    """The packages of a feed: all of `real`, or those of `made` that may lie beside each other."""
    if origin == "real":
        return sorted((packages / "real").glob("*.nupkg"))
    cases = json.loads((packages / "made" / "cases.json").read_text())
    return [
        packages / "made" / case["file"]
        for case in cases
        if case["endpoint"] == "package" and case["expect"] == 201 and "same_identity_as" not in case
    ]


@pytest.fixture(scope="module")
def filled_server(packages: Path, clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two workers with the feeds `real` and `made`, which dotnet filled."""
    room = tmp_path_factory.mktemp("closures")
    server = start_server(data=room / "data", workers=2)
    try:
        for origin in ("real", "made"):
            command = [str(MOTHERLODE), "feed", "create", origin, "--data", str(server.data)]
            subprocess.run(command, check=True, capture_output=True, timeout=60, env=clean_environment())
            publisher = new_user(clients / "bin", room / origin).knows(f"{server.url}/feeds/{origin}/v3/index.json")
            files = files_of(origin, packages)
            printed = publisher.does("dotnet", "nuget", "push", *files, "-s", "local", "-k", server.key, "--no-symbols")
            assert printed.count("Your package was pushed.") == len(files) > 0
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize(("origin", "closure"), read_closures())
def test_a_closure_is_restored_with_the_same_content(
    origin: str, closure: dict[str, Any], filled_server: Server, user: User
) -> None:
    """Every package got has the id, version and content hash that the official client got."""
    user.knows(f"{filled_server.url}/feeds/{origin}/v3/index.json")
    asked = dict(ask.split("/") for ask in closure["ask"])
    project = user.put_project("App", asked, framework=closure["framework"])
    user.does("dotnet", "restore", project, WITHOUT_FRAMEWORK)
    assert restored(project) == {key.lower(): content_hash for key, content_hash in closure["get"].items()}


def restored(project: Path) -> dict[str, str]:
    """`id/version` in lower case to the content hash, from the lock file."""
    frameworks = json.loads((project / "packages.lock.json").read_text())["dependencies"].values()
    return {
        f"{package_id}/{package['resolved']}".lower(): package["contentHash"]
        for packages in frameworks
        for package_id, package in packages.items()
    }
