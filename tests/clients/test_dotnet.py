"""The .NET SDK's client: push, delete, restore, tools, and what it prints when it is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.client import User
from tests.support.builders import nupkg
from tests.support.servers import Server


@pytest.fixture
def developer(user: User, server: Server) -> User:
    """Someone who has configured the server as `local`."""
    return user.knows(f"{server.url}/v3/index.json")


def publish(server: Server, *versions: str, id: str = "Acme.Widgets") -> None:  # noqa: A002
    """Have these versions on the server."""
    for version in versions:
        assert server.push(nupkg(id, version)).status == 201


def chosen(project: Path) -> dict[str, str]:
    """The versions in a project's lock file, by id."""
    locked = json.loads((project / "packages.lock.json").read_text())["dependencies"]
    return {
        package_id: package["resolved"] for framework in locked.values() for package_id, package in framework.items()
    }


def listed_versions(server: Server) -> list[str]:
    """The version list of Acme.Widgets."""
    versions: list[str] = json.loads(server.get("/v3/flat/acme.widgets/index.json").body)["versions"]
    return versions


class TestPush:
    """`dotnet nuget push`."""

    def test_a_pushed_package_is_on_the_server(self, developer: User, server: Server) -> None:
        package = nupkg()
        developer.put("a.nupkg", package)
        printed = developer.does("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", server.key)
        assert "Your package was pushed." in printed
        assert server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").body == package

    def test_every_package_of_a_pattern_is_pushed(self, developer: User, server: Server) -> None:
        for version in ("1.0.0", "1.1.0", "2.0.0-rc.1"):
            developer.put(f"out/{version}.nupkg", nupkg(version=version))
        developer.does("dotnet", "nuget", "push", "out/*.nupkg", "-s", "local", "-k", server.key)
        assert listed_versions(server) == ["1.0.0", "1.1.0", "2.0.0-rc.1"]

    def test_a_duplicate_is_an_error_that_says_what_to_do(self, developer: User, server: Server) -> None:
        publish(server, "1.0.0")
        developer.put("a.nupkg", nupkg(seed=1))
        outcome = developer.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", server.key)
        assert outcome.code == 1
        assert "warn : Acme.Widgets 1.0.0 already exists on this feed" in outcome.output
        assert "push it under a new version." in outcome.output
        assert "409 (Conflict)" in outcome.output
        assert "--skip-duplicate" in outcome.output

    def test_skip_duplicate_goes_on_with_the_next_package(self, developer: User, server: Server) -> None:
        publish(server, "1.0.0")
        for version in ("1.0.0", "1.1.0"):
            developer.put(f"out/{version}.nupkg", nupkg(version=version))
        developer.does("dotnet", "nuget", "push", "out/*.nupkg", "-s", "local", "-k", server.key, "--skip-duplicate")
        assert listed_versions(server) == ["1.0.0", "1.1.0"]

    def test_a_wrong_key_is_named_as_the_reason_in_one_try(self, developer: User, server: Server) -> None:
        developer.put("a.nupkg", nupkg())
        outcome = developer.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", "wrong")
        assert outcome.code == 1
        assert "warn : The API key is unknown, expired or revoked. Check it" in outcome.output
        assert "403 (Forbidden)" in outcome.output
        assert outcome.output.count("  PUT ") == 1

    def test_a_missing_key_is_named_as_the_reason_in_one_try(self, developer: User, server: Server) -> None:
        developer.put("a.nupkg", nupkg())
        outcome = developer.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local")
        assert outcome.code == 1
        assert "warn : An API key is required. Send it in the X-NuGet-ApiKey header" in outcome.output
        assert "401 (Unauthorized)" in outcome.output
        assert outcome.output.count("  PUT ") == 1

    def test_a_broken_package_is_named_as_the_reason(self, developer: User, server: Server) -> None:
        developer.put("a.nupkg", b"This is no archive.")
        outcome = developer.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", server.key)
        assert outcome.code == 1
        assert "warn : The package is invalid:" in outcome.output
        assert "400 (Bad Request)" in outcome.output

    def test_a_package_over_the_limit_is_refused_with_its_reason_and_sent_once(
        self, user: User, serve: Callable[..., Server]
    ) -> None:
        server = serve(environment={"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB"})
        user.knows(f"{server.url}/v3/index.json").put("a.nupkg", nupkg(payload_bytes=40_000_000))
        outcome = user.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", server.key)
        assert outcome.code == 1
        assert "warn : The package is larger than this feed allows" in outcome.output
        assert "413" in outcome.output
        assert "Broken pipe" not in outcome.output
        assert outcome.output.count("  PUT ") == 1
        assert server.get("/v3/flat/acme.widgets/index.json").status == 404


class TestDelete:
    """`dotnet nuget delete`: it unlists."""

    def test_an_unlisted_version_is_still_restored_by_who_names_it(self, developer: User, server: Server) -> None:
        publish(server, "1.0.0", "1.1.0")
        developer.does("dotnet", "nuget", "delete", "acme.WIDGETS", "1.1", *self.login(server))
        project = developer.put_project("App", {"Acme.Widgets": "[1.1.0]"})
        developer.does("dotnet", "restore", project)
        assert chosen(project) == {"Acme.Widgets": "1.1.0"}

    def test_an_unlisted_version_is_no_longer_chosen(self, developer: User, server: Server) -> None:
        publish(server, "1.0.0", "1.1.0")
        developer.does("dotnet", "nuget", "delete", "Acme.Widgets", "1.1.0", *self.login(server))
        project = developer.put_project("App", {})
        developer.does("dotnet", "package", "add", "Acme.Widgets", folder=project)
        assert chosen(project) == {"Acme.Widgets": "1.0.0"}

    def test_a_relisted_version_is_chosen_again(self, developer: User, server: Server) -> None:
        publish(server, "1.0.0", "1.1.0")
        developer.does("dotnet", "nuget", "delete", "Acme.Widgets", "1.1.0", *self.login(server))
        assert server.change("POST", "Acme.Widgets", "1.1.0").status == 200
        project = developer.put_project("App", {})
        developer.does("dotnet", "package", "add", "Acme.Widgets", folder=project)
        assert chosen(project) == {"Acme.Widgets": "1.1.0"}

    def test_what_does_not_exist_is_named_as_the_reason(self, developer: User, server: Server) -> None:
        outcome = developer.run("dotnet", "nuget", "delete", "Acme.Widgets", "1.0.0", *self.login(server))
        assert outcome.code == 1
        assert "does not exist on this feed: check the id and the version." in outcome.output

    @staticmethod
    def login(server: Server) -> list[str]:
        return ["-s", "local", "-k", server.key, "--non-interactive"]


class TestChoosing:
    """Commands that read the registrations."""

    def test_add_takes_the_highest_stable_version(self, developer: User, server: Server) -> None:
        publish(server, "1.10.0", "1.9.0", "2.0.0-rc.1")
        project = developer.put_project("App", {})
        developer.does("dotnet", "package", "add", "Acme.Widgets", folder=project)
        assert chosen(project) == {"Acme.Widgets": "1.10.0"}

    def test_outdated_packages_are_found_among_more_versions_than_a_page_holds(
        self, developer: User, server: Server
    ) -> None:
        publish(server, *(f"1.0.{patch}" for patch in range(130)), "1.1.0", "1.2.0", "2.0.0-rc.1")
        server.change("DELETE", "Acme.Widgets", "1.2.0")
        project = developer.put_project("App", {"Acme.Widgets": "1.0.7"})
        developer.does("dotnet", "restore", project)
        printed = developer.does("dotnet", "list", "package", "--outdated", "--format", "json", folder=project)
        (framework,) = json.loads(printed)["projects"][0]["frameworks"]
        assert [package["latestVersion"] for package in framework["topLevelPackages"]] == ["1.1.0"]

    def test_a_package_that_is_not_there_is_not_found(self, developer: User, server: Server) -> None:
        project = developer.put_project("App", {"Acme.Widgets": "1.0.0"})
        outcome = developer.run("dotnet", "restore", project)
        assert outcome.code == 1
        assert "NU1101" in outcome.output


class TestTool:
    """`dotnet tool install`."""

    def test_an_installed_tool_runs(self, developer: User, server: Server, packages: Path) -> None:
        tool = packages / "made" / "Motherlode.Tool.1.0.0.nupkg"
        developer.does("dotnet", "nuget", "push", tool, "-s", "local", "-k", server.key)
        developer.does("dotnet", "tool", "install", "Motherlode.Tool", "--tool-path", "tools")
        printed = developer.does("client-env", "tools/motherlode-greet")
        assert printed == "Hello, world!\n"
