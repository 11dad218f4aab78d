"""Fixtures of all tests: where outside data and clients lie, and servers that really run.

What a test needs from outside it finds by an environment variable. Outside CI it is skipped without, and says so; in CI
a missing package, trace, client or program is a failure.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.leaks import find_leaks
from tests.support.servers import Server, start_server

_MISSING = {
    "MOTHERLODE_PACKAGES": "real packages are not here",
    "MOTHERLODE_TRACES": "recorded requests are not here",
    "MOTHERLODE_CLIENTS": "NuGet clients are not here",
    "MOTHERLODE_ORACLE": "the program that asks NuGet's libraries is not here",
}


def pytest_configure() -> None:
    """From here on no test reaches anything but this machine."""
    sys.addaudithook(_keep_inside)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """No secret of the whole run stands in anything that a server wrote: looked for once all tests are done."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    if hasattr(session.config, "workerinput") or factory is None:
        return
    leaks = list(find_leaks(factory.getbasetemp()))
    if leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write("\n".join(["", "Secrets were written into:", *map(str, leaks), ""]))


def _keep_inside(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and _is_outside(arguments[1]):
        raise PermissionError(f"tests stay on this machine: {arguments[1]}")


def _is_outside(address: object) -> bool:
    if not isinstance(address, tuple):
        return False
    try:
        return not ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        return address[0] != "localhost"


def require(variable: str) -> Path:
    """The folder that the variable names."""
    folder = os.environ.get(variable)
    if not folder:
        skip_or_fail(f"{variable} is not set: {_MISSING[variable]}")
    return Path(folder)


def require_program(name: str) -> str:
    """The path of a program on this machine."""
    path = shutil.which(name)
    if path is None:
        skip_or_fail(f"{name} is not installed")
    return path


def skip_or_fail(reason: str) -> NoReturn:
    """End the test for want of something from outside: in CI as a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of real, odd and bad packages."""
    return require("MOTHERLODE_PACKAGES")


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder whose `bin` holds the NuGet clients."""
    return require("MOTHERLODE_CLIENTS")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers, each a process of its own; they are stopped at the end."""
    running: list[Server] = []

    def start(**options: object) -> Server:
        options.setdefault("data", tmp_path / f"data-{len(running)}")
        running.append(start_server(**options))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """A fresh server of one worker, with the key that its first start made."""
    return serve()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for a whole module of tests, which take care not to get into each other's way."""
    server = start_server(data=tmp_path_factory.mktemp("shared") / "data")
    yield server
    server.stop()
