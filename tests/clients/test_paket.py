"""Paket 12, a client of its own making: install and push. Of a refusal it prints the body, as it is."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.client import User, closure_files
from tests.support.builders import nupkg
from tests.support.servers import Server

DEPENDENCIES = """source {server}/v3/index.json
framework: net8.0
storage: none
nuget Serilog.Extensions.Logging 8.0.0
nuget Serilog.Sinks.Console 5.0.0
nuget Serilog.Sinks.File 5.0.0
"""


def test_a_package_is_installed_with_its_dependencies(user: User, server: Server, packages: Path) -> None:
    """The lock file names what the official client got."""
    files = closure_files(packages, "serilog")
    for file in files:
        assert server.push(file.read_bytes()).status == 201
    user.put("paket.dependencies", DEPENDENCIES.format(server=server.url))
    user.does("paket", "install")
    locked = re.findall(r"^ {4}(\S+) \((\S+)\)", (user.folder / "paket.lock").read_text(), re.MULTILINE)
    assert {f"{package_id}.{version}".lower() for package_id, version in locked} == {file.stem for file in files}


def test_an_unlisted_version_is_not_chosen(user: User, server: Server) -> None:
    """It reads `listed` of the registration."""
    for version in ("1.0.0", "1.1.0"):
        server.push(nupkg(version=version))
    server.change("DELETE", "Acme.Widgets", "1.1.0")
    source = f"source {server.url}/v3/index.json\nstorage: none\nnuget Acme.Widgets\n"
    user.put("paket.dependencies", source)
    user.does("paket", "install")
    assert "Acme.Widgets (1.0.0)" in (user.folder / "paket.lock").read_text()


class TestPush:
    """`paket push`."""

    @pytest.fixture
    def target(self, server: Server) -> list[str]:
        """The options that name the server and the key."""
        return ["--url", server.url, "--api-key", server.key]

    def test_a_pushed_package_is_on_the_server(self, user: User, server: Server, target: list[str]) -> None:
        package = nupkg()
        user.put("a.nupkg", package)
        user.does("paket", "push", "a.nupkg", *target)
        assert server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").body == package

    def test_a_duplicate_is_an_error_that_says_what_to_do(self, user: User, server: Server, target: list[str]) -> None:
        server.push(nupkg())
        user.put("a.nupkg", nupkg(seed=1))
        outcome = user.run("paket", "push", "a.nupkg", *target)
        assert outcome.code == 1
        assert '409 Conflict — {"detail": "Acme.Widgets 1.0.0 already exists on this feed' in outcome.output
        assert "trial 2" not in outcome.output

    def test_a_duplicate_can_be_ignored(self, user: User, server: Server, target: list[str]) -> None:
        server.push(nupkg())
        user.put("a.nupkg", nupkg())
        assert "already exists" in user.does("paket", "push", "a.nupkg", *target, "--ignoreConflicts")

    def test_a_wrong_key_is_named_as_the_reason(self, user: User, server: Server) -> None:
        user.put("a.nupkg", nupkg())
        outcome = user.run("paket", "push", "a.nupkg", "--url", server.url, "--api-key", "wrong")
        assert outcome.code == 1
        assert '403 Forbidden — {"detail": "The API key is unknown, expired or revoked. Check it' in outcome.output

    def test_a_package_over_the_limit_is_refused_with_its_reason(
        self, user: User, serve: Callable[..., Server]
    ) -> None:
        server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})
        user.put("a.nupkg", nupkg(payload_bytes=40_000_000))
        outcome = user.run("paket", "push", "a.nupkg", "--url", server.url, "--api-key", server.key)
        assert outcome.code == 1
        assert '{"detail": "The package is larger than this feed allows' in outcome.output
        assert "Broken pipe" not in outcome.output
