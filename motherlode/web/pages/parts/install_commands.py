"""The install commands on a package page, by package type.

Each command works as printed if the feed is set up as a package source. Ids and versions need no escaping for a shell,
XML or JSON: they contain only letters, digits, `.`, `-` and `_`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from motherlode.nuget.package import Identity, Package
from motherlode.protocol.urls import Urls


@dataclass(frozen=True, slots=True)
class Line:
    """Text to copy. `about` says where it belongs, or is "" for a terminal. `what` completes the label "Copy …"."""

    text: str
    what: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to install a package. `name` is valid as part of an HTML id."""

    name: str
    title: str
    lines: tuple[Line, ...]


def install_tabs(package: Package, urls: Urls) -> tuple[Tab, ...]:
    """Return the ways to install the package, the most common one first. Packages of unknown types are installed like
    dependencies."""
    kinds = {kind.name.lower() for kind in package.package_types}
    tabs: list[Tab] = []
    if "mcpserver" in kinds:
        tabs += _as_mcp_server(package.identity)
    if "dotnettool" in kinds:
        tabs += _as_tool(package.identity)
    if "template" in kinds:
        tabs += _as_template(package.identity)
    if "msbuildsdk" in kinds:
        tabs += _as_sdk(package.identity)
    if "dependency" in kinds or not tabs:
        tabs += _as_dependency(package, urls)
    return tuple(tabs)


def _as_dependency(package: Package, urls: Urls) -> Iterator[Tab]:
    name, version = _texts(package.identity)
    private = ' PrivateAssets="all"' if package.development_dependency else ""
    reference = f'<PackageReference Include="{name}" Version="{version}"{private} />'
    central = f'<PackageVersion Include="{name}" Version="{version}" />'
    without_version = f'<PackageReference Include="{name}"{private} />'
    yield Tab("dotnet", ".NET CLI", (Line(f"dotnet add package {name} --version {version}", "the command"),))
    console = f"Install-Package {name} -Version {version}"
    where = "In Visual Studio, under Tools › NuGet Package Manager › Package Manager Console:"
    yield Tab("console", "Package Manager Console", (Line(console, "the command", where),))
    yield Tab("reference", "PackageReference", (Line(reference, "the reference", "In the project file:"),))
    yield Tab(
        "central",
        "Central management",
        (
            Line(central, "the version", "In Directory.Packages.props:"),
            Line(without_version, "the reference", "In the project file:"),
        ),
    )
    yield Tab("paket", "Paket", (Line(f"paket add {name} --version {version}", "the command"),))
    directive = f"#:package {name}@{version}"
    yield Tab("file", "File-based", (Line(directive, "the directive", "At the top of a file-based app:"),))
    command = f"nuget install {name} -Version {version} -Source {urls.service_index}"
    yield Tab("nuget", "nuget.exe", (Line(command, "the command"),))


def _as_tool(identity: Identity) -> Iterator[Tab]:
    name, version = _texts(identity)
    install = f"dotnet tool install --global {name} --version {version}"
    manifest = Line("dotnet new tool-manifest", "the command for the manifest", "Once per repository:")
    local = Line(f"dotnet tool install --local {name} --version {version}", "the command", "Then:")
    once = Line(f"dnx {name}@{version}", "the command", "Run the tool without installing it:")
    yield Tab("tool-global", "Global tool", (Line(install, "the command"),))
    yield Tab("tool-local", "Local tool", (manifest, local))
    yield Tab("tool-once", "dnx", (once,))


def _as_template(identity: Identity) -> Iterator[Tab]:
    name, version = _texts(identity)
    yield Tab("template", "dotnet new", (Line(f"dotnet new install {name}@{version}", "the command"),))


def _as_sdk(identity: Identity) -> Iterator[Tab]:
    name, version = _texts(identity)
    pinned = f'{{\n  "msbuild-sdks": {{\n    "{name}": "{version}"\n  }}\n}}'
    project = Line(f'<Project Sdk="{name}/{version}">', "the element", "At the top of the project file:")
    yield Tab("sdk", "MSBuild SDK", (project,))
    yield Tab(
        "sdk-pinned",
        "global.json",
        (
            Line(pinned, "the setting", "In global.json:"),
            Line(f'<Project Sdk="{name}">', "the element", "At the top of the project file:"),
        ),
    )
    directive = Line(f"#:sdk {name}@{version}", "the directive", "At the top of a file-based app:")
    yield Tab("sdk-file", "File-based", (directive,))


def _as_mcp_server(identity: Identity) -> Iterator[Tab]:
    name, version = _texts(identity)
    server = f'"type": "stdio",\n      "command": "dnx",\n      "args": ["{name}@{version}", "--yes"]'
    text = f'{{\n  "servers": {{\n    "{name}": {{\n      {server}\n    }}\n  }}\n}}'
    yield Tab("mcp", "MCP server", (Line(text, "the configuration", "In .vscode/mcp.json:"),))


def _texts(identity: Identity) -> tuple[str, str]:
    return identity.id.written, identity.version.normalized
