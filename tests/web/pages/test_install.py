"""The lines that install a package, by what it is for."""

import json

import pytest

from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Package
from motherlode.protocol.urls import Urls
from motherlode.web.pages.parts.install_commands import Tab, install_tabs
from tests.support.builders import nuspec

URLS = Urls("https://packages.example/feeds/tools")


def package(*types: str, version: str = "1.2.0-rc.1", more: str = "") -> Package:
    named = "".join(f'<packageType name="{name}" />' for name in types)
    found = parse_nuspec(nuspec("Acme.Tool_x", version, more=f"<packageTypes>{named}</packageTypes>{more}")).package
    assert found
    return found


def lines(tabs: tuple[Tab, ...]) -> dict[str, list[str]]:
    return {tab.name: [line.text for line in tab.lines] for tab in tabs}


def test_a_dependency_is_installed_in_seven_ways() -> None:
    assert lines(install_tabs(package(), URLS)) == {
        "dotnet": ["dotnet add package Acme.Tool_x --version 1.2.0-rc.1"],
        "console": ["Install-Package Acme.Tool_x -Version 1.2.0-rc.1"],
        "reference": ['<PackageReference Include="Acme.Tool_x" Version="1.2.0-rc.1" />'],
        "central": [
            '<PackageVersion Include="Acme.Tool_x" Version="1.2.0-rc.1" />',
            '<PackageReference Include="Acme.Tool_x" />',
        ],
        "paket": ["paket add Acme.Tool_x --version 1.2.0-rc.1"],
        "file": ["#:package Acme.Tool_x@1.2.0-rc.1"],
        "nuget": [
            "nuget install Acme.Tool_x -Version 1.2.0-rc.1 -Source https://packages.example/feeds/tools/v3/index.json"
        ],
    }


def test_what_is_for_development_alone_is_kept_from_those_who_use_the_result() -> None:
    found = lines(install_tabs(package(more="<developmentDependency>true</developmentDependency>"), URLS))
    assert found["reference"] == ['<PackageReference Include="Acme.Tool_x" Version="1.2.0-rc.1" PrivateAssets="all" />']
    assert found["central"][1] == '<PackageReference Include="Acme.Tool_x" PrivateAssets="all" />'


def test_a_tool_is_installed_for_all_for_a_folder_or_not_at_all() -> None:
    assert lines(install_tabs(package("DotnetTool"), URLS)) == {
        "tool-global": ["dotnet tool install --global Acme.Tool_x --version 1.2.0-rc.1"],
        "tool-local": [
            "dotnet new tool-manifest",
            "dotnet tool install --local Acme.Tool_x --version 1.2.0-rc.1",
        ],
        "tool-once": ["dnx Acme.Tool_x@1.2.0-rc.1"],
    }


def test_templates_are_installed_by_dotnet_new() -> None:
    assert lines(install_tabs(package("Template"), URLS)) == {"template": ["dotnet new install Acme.Tool_x@1.2.0-rc.1"]}


def test_an_sdk_is_named_by_the_project_or_pinned_beside_it() -> None:
    found = lines(install_tabs(package("MSBuildSdk"), URLS))
    assert found["sdk"] == ['<Project Sdk="Acme.Tool_x/1.2.0-rc.1">']
    assert json.loads(found["sdk-pinned"][0]) == {"msbuild-sdks": {"Acme.Tool_x": "1.2.0-rc.1"}}
    assert found["sdk-file"] == ["#:sdk Acme.Tool_x@1.2.0-rc.1"]


def test_an_mcp_server_comes_with_its_configuration_and_as_the_tool_that_it_is() -> None:
    found = lines(install_tabs(package("McpServer", "DotnetTool"), URLS))
    assert list(found) == ["mcp", "tool-global", "tool-local", "tool-once"]
    server = {"type": "stdio", "command": "dnx", "args": ["Acme.Tool_x@1.2.0-rc.1", "--yes"]}
    assert json.loads(found["mcp"][0]) == {"servers": {"Acme.Tool_x": server}}


@pytest.mark.parametrize("types", [("Dependency",), ("SomethingElse",), ("dependency", "SomethingElse")])
def test_what_nobody_knows_is_installed_like_a_dependency(types: tuple[str, ...]) -> None:
    assert install_tabs(package(*types), URLS)[0].name == "dotnet"


def test_of_several_types_each_has_its_ways() -> None:
    names = [tab.name for tab in install_tabs(package("dotnettool", "Dependency"), URLS)]
    assert names[0] == "tool-global"
    assert "dotnet" in names
    assert len(set(names)) == len(names)


def test_a_version_is_written_in_its_normal_form() -> None:
    found = lines(install_tabs(package(version="1.02.0.0+build.7"), URLS))
    assert found["dotnet"] == ["dotnet add package Acme.Tool_x --version 1.2.0"]
