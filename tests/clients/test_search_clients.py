"""Search as people do it: dotnet, nuget.exe and Paket, each with its own way to ask."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.client import User
from tests.support.builders import nupkg
from tests.support.servers import Server

ODD_ADDRESSES = (
    "https://me@corp.example@files.example/i.png",
    "http://a[::1]b/x.png",
    "http://[v1.a]/x.png",
    "http://١٢.example/x.png",
)
SHOWN_ADDRESSES = (
    "https://пример.example:8443/ä?a[]=1#top",
    "https://xn--e1afmkfd.example/%D0%BF",
    "http://[::ffff:1.2.3.4]:65535/",
    "http://a_b.example./😀",
    "http://127.0.0.1",
)
PACKAGES = (
    ("Acme.Widgets", "1.0.0"),
    ("Acme.Widgets", "1.1.0"),
    ("Acme.Widgets", "2.0.0-rc.1"),
    ("Acme.Widgets.Testing", "1.0.0"),
    ("Acme.Hidden", "1.0.0"),
    ("Contoso.CSharp", "1.0.0"),
)


@pytest.fixture
def stocked(server: Server) -> Server:
    """The server with packages to be found, and one that is not."""
    for package_id, version in PACKAGES:
        assert server.push(nupkg(package_id, version)).status == 201
    assert server.change("DELETE", "Acme.Hidden", "1.0.0").status == 204
    assert server.change("DELETE", "Acme.Widgets", "1.1.0").status == 204
    return server


@pytest.fixture
def developer(user: User, stocked: Server) -> User:
    """Someone who has configured the server as `local`."""
    return user.knows(f"{stocked.url}/v3/index.json")


class TestDotnetPackageSearch:
    """`dotnet package search`."""

    def search(self, developer: User, *arguments: str) -> list[dict[str, Any]]:
        """What it prints, as JSON."""
        printed = developer.does("dotnet", "package", "search", *arguments, "--format", "json")
        document = json.loads(printed)
        assert document["problems"] == []
        (source,) = document["searchResult"]
        return list(source["packages"])

    def test_a_term_finds_the_latest_listed_stable_versions(self, developer: User) -> None:
        found = self.search(developer, "widgets")
        assert [(each["id"], each["latestVersion"]) for each in found] == [
            ("Acme.Widgets", "1.0.0"),
            ("Acme.Widgets.Testing", "1.0.0"),
        ]

    def test_prerelease_versions_are_found_when_asked_for(self, developer: User) -> None:
        found = self.search(developer, "acme.widgets", "--prerelease", "--take", "1")
        assert [(each["id"], each["latestVersion"]) for each in found] == [("Acme.Widgets", "2.0.0-rc.1")]

    def test_pages_follow_each_other(self, developer: User) -> None:
        pages = [self.search(developer, "acme", "--take", "1", "--skip", str(skip)) for skip in range(3)]
        assert [[each["id"] for each in page] for page in pages] == [["Acme.Widgets"], ["Acme.Widgets.Testing"], []]

    def test_an_exact_match_lists_the_versions(self, developer: User) -> None:
        found = self.search(developer, "acme.widgets", "--exact-match")
        assert [each["version"] for each in found] == ["1.0.0"]
        found = self.search(developer, "Acme.Widgets", "--exact-match", "--prerelease")
        assert [each["version"] for each in found] == ["1.0.0", "2.0.0-rc.1"]

    def test_an_unlisted_package_is_not_found(self, developer: User) -> None:
        assert self.search(developer, "hidden") == []

    @pytest.mark.parametrize("term", ["csharp&x=1", "c+sharp", "csharp#", "#", "&", "+", "C# (x) [y] *?"])
    def test_a_term_is_answered_though_it_is_sent_unescaped(self, developer: User, term: str) -> None:
        found = [each["id"] for each in self.search(developer, term)]
        assert ("Contoso.CSharp" in found) or not any(word in term for word in ("csharp", "sharp"))


class TestDotnetOtherwise:
    """Commands that look for packages on the way."""

    def test_add_picks_the_highest_listed_stable_version(self, developer: User, stocked: Server) -> None:
        project = developer.put_project("App", {})
        developer.does("dotnet", "package", "add", "Acme.Widgets", folder=project)
        assert 'Version="1.0.0"' in (project / "App.csproj").read_text()
        assert stocked.change("POST", "Acme.Widgets", "1.1.0").status == 200
        developer.forgets_packages()
        other = developer.put_project("Other", {})
        developer.does("dotnet", "package", "add", "Acme.Widgets", folder=other)
        assert 'Version="1.1.0"' in (other / "Other.csproj").read_text()

    def test_outdated_packages_are_told(self, developer: User, stocked: Server) -> None:
        assert stocked.push(nupkg("Acme.Widgets", "1.2.0")).status == 201
        project = developer.put_project("App", {"Acme.Widgets": "1.0.0"})
        developer.does("dotnet", "restore", project)
        printed = developer.does("dotnet", "list", project, "package", "--outdated", "--format", "json")
        (framework,) = json.loads(printed)["projects"][0]["frameworks"]
        (package,) = framework["topLevelPackages"]
        assert (package["resolvedVersion"], package["latestVersion"]) == ("1.0.0", "1.2.0")

    def test_templates_are_installed(self, developer: User, stocked: Server, packages: Path) -> None:
        template = (packages / "made" / "Motherlode.Templates.1.0.0.nupkg").read_bytes()
        assert stocked.push(template).status == 201
        printed = developer.does("dotnet", "new", "install", "Motherlode.Templates", "--force")
        assert "Success: Motherlode.Templates" in printed


def test_nuget_exe_searches(user: User, stocked: Server) -> None:
    source = ("-Source", f"{stocked.url}/v3/index.json")
    printed = user.does("nuget", "search", "widgets", *source)
    assert "> Acme.Widgets | 1.0.0 | Downloads: 0" in printed
    assert "> Acme.Widgets.Testing | 1.0.0" in printed
    printed = user.does("nuget", "search", "widgets", "-PreRelease", "-Take", "1", *source)
    assert "> Acme.Widgets | 2.0.0-rc.1" in printed
    assert "Testing" not in printed
    assert "Acme.Hidden" not in user.does("nuget", "search", "hidden", *source)


def test_paket_finds_packages_with_its_odd_slash(user: User, stocked: Server) -> None:
    user.put("paket.dependencies", f"source {stocked.url}/v3/index.json\n")
    source = ("--source", f"{stocked.url}/v3/index.json")
    printed = user.does("paket", "find-packages", "widg", *source, "--max", "5")
    assert {"Acme.Widgets", "Acme.Widgets.Testing"} <= set(printed.split())
    assert "Acme.Hidden" not in user.does("paket", "find-packages", "acme", *source)


def test_no_address_of_a_package_breaks_the_search_for_all(user: User, server: Server) -> None:
    for number, address in enumerate((*ODD_ADDRESSES, *SHOWN_ADDRESSES)):
        package = nupkg(f"Acme.N{number}", iconUrl=address, projectUrl=address, licenseUrl=address)
        assert server.push(package).status == 201
    user.knows(f"{server.url}/v3/index.json")
    names = [f"Acme.N{number}" for number in range(len(ODD_ADDRESSES) + len(SHOWN_ADDRESSES))]
    found = json.loads(user.does("dotnet", "package", "search", "Acme", "--format", "json"))["searchResult"][0][
        "packages"
    ]
    assert sorted(package["id"] for package in found) == names
    exact = user.does("dotnet", "package", "search", "Acme.N4", "--exact-match", "--format", "json")
    assert json.loads(exact)["problems"] == []
    printed = user.does("nuget", "search", "Acme", "-Source", f"{server.url}/v3/index.json")
    assert all(f"> {name} |" in printed for name in names)
