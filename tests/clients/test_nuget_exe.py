"""nuget.exe 5.8 under mono: push, install, restore of packages.config, delete."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.client import User, closure_files
from tests.support.builders import nupkg
from tests.support.servers import Server

PACKAGES_CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<packages>
  <package id="Acme.Core" version="1.1.0" targetFramework="net472" />
  <package id="Acme.Widgets" version="2.0.0-RC.1" targetFramework="net472" />
</packages>
"""


@pytest.fixture
def source(server: Server) -> list[str]:
    """The options that name the server."""
    return ["-Source", f"{server.url}/v3/index.json"]


class TestPush:
    """`nuget push`."""

    def test_a_pushed_package_is_on_the_server(self, user: User, server: Server, source: list[str]) -> None:
        package = nupkg()
        user.put("a.nupkg", package)
        printed = user.does("nuget", "push", "a.nupkg", *source, "-ApiKey", server.key)
        assert "Your package was pushed." in printed
        assert server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").body == package

    def test_a_duplicate_is_an_error_that_says_what_to_do(self, user: User, server: Server, source: list[str]) -> None:
        server.push(nupkg())
        user.put("a.nupkg", nupkg(seed=1))
        outcome = user.run("nuget", "push", "a.nupkg", *source, "-ApiKey", server.key)
        assert outcome.code == 1
        assert "WARNING: Acme.Widgets 1.0.0 already exists on this feed" in outcome.output
        assert "409 (Conflict)" in outcome.output

    def test_a_duplicate_can_be_skipped(self, user: User, server: Server, source: list[str]) -> None:
        server.push(nupkg())
        user.put("a.nupkg", nupkg())
        printed = user.does("nuget", "push", "a.nupkg", *source, "-ApiKey", server.key, "-SkipDuplicate")
        assert "already exists at feed" in printed

    def test_a_wrong_key_is_named_as_the_reason(self, user: User, server: Server, source: list[str]) -> None:
        user.put("a.nupkg", nupkg())
        outcome = user.run("nuget", "push", "a.nupkg", *source, "-ApiKey", "wrong")
        assert outcome.code == 1
        assert "WARNING: The API key is unknown, expired or revoked. Check it" in outcome.output
        assert outcome.output.count("  PUT ") == 1

    def test_a_package_over_the_limit_is_refused_with_its_reason_and_sent_once(
        self, user: User, serve: Callable[..., Server]
    ) -> None:
        server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})
        user.put("a.nupkg", nupkg(payload_bytes=40_000_000))
        outcome = user.run("nuget", "push", "a.nupkg", "-Source", f"{server.url}/v3/index.json", "-ApiKey", server.key)
        assert outcome.code == 1
        assert "WARNING: The package is larger than this feed allows" in outcome.output
        assert outcome.output.count("  PUT ") == 1


class TestInstall:
    """`nuget install` and `nuget restore`."""

    def test_a_package_is_installed_with_its_dependencies(
        self, user: User, server: Server, source: list[str], packages: Path
    ) -> None:
        files = closure_files(packages, "serilog")
        for file in files:
            assert server.push(file.read_bytes()).status == 201
        into = ["-OutputDirectory", "out", "-Framework", "net8.0"]
        user.does("nuget", "install", "Serilog.Extensions.Logging", *source, *into)
        installed = {folder.name.lower() for folder in (user.folder / "out").iterdir()}
        assert installed == {file.stem for file in files if "sinks" not in file.stem}

    def test_an_unlisted_version_is_installed_by_who_names_it(
        self, user: User, server: Server, source: list[str]
    ) -> None:
        server.push(nupkg())
        server.change("DELETE", "Acme.Widgets", "1.0.0")
        user.does("nuget", "install", "Acme.Widgets", "-Version", "1.0.0", *source, "-OutputDirectory", "out")
        assert (user.folder / "out" / "Acme.Widgets.1.0.0" / "Acme.Widgets.1.0.0.nupkg").is_file()

    def test_packages_config_is_restored(self, user: User, server: Server, source: list[str]) -> None:
        expected = {
            "Acme.Core.1.1.0": nupkg("Acme.Core", "1.1.0"),
            "Acme.Widgets.2.0.0-RC.1": nupkg(version="2.0.0-RC.1"),
        }
        for package in expected.values():
            assert server.push(package).status == 201
        user.put("packages.config", PACKAGES_CONFIG)
        user.does("nuget", "restore", "packages.config", "-PackagesDirectory", "out", *source)
        for name, package in expected.items():
            assert (user.folder / "out" / name / f"{name}.nupkg").read_bytes() == package


class TestDelete:
    """`nuget delete`: it unlists."""

    def test_a_deleted_version_is_unlisted(self, user: User, server: Server, source: list[str]) -> None:
        server.push(nupkg())
        printed = user.does(
            "nuget", "delete", "Acme.Widgets", "1.0.0", *source, "-ApiKey", server.key, "-NonInteractive"
        )
        assert "was deleted successfully" in printed
        assert b'"listed":false' in server.get("/v3/registration/acme.widgets/1.0.0.json").body

    def test_what_does_not_exist_is_named_as_the_reason(self, user: User, server: Server, source: list[str]) -> None:
        outcome = user.run(
            "nuget", "delete", "Acme.Widgets", "1.0.0", *source, "-ApiKey", server.key, "-NonInteractive"
        )
        assert outcome.code == 1
        assert "does not exist on this feed: check the id and the version." in outcome.output
