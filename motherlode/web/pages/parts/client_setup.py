"""Commands and configuration for setting up each client for a feed, ready to paste.

Each line works as printed. For private feeds, `NAME` and `KEY` are placeholders for the reader's own values. Files that
are committed contain the name of a variable or secret instead of a key.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from motherlode.domain.feed_settings import DEFAULT_FEED

_IN_CLEAR: Final = "--store-password-in-clear-text"
_PACKAGES: Final = "packages/*.nupkg"
_VARIABLE: Final = '"$MOTHERLODE_KEY"'


@dataclass(frozen=True, slots=True)
class Line:
    """Text to paste. `what` completes the label of its copy button: "Copy …"."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class Step:
    """One manual step. `text` is what the reader enters, if anything; `what` completes its label "Copy …"."""

    about: str
    text: str | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """The setup of one client."""

    name: str
    title: str
    about: str
    lines: tuple[Line, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class SetUp:
    """The setup part of a home page; `first_push` are the commands for an empty feed."""

    tabs: tuple[Tab, ...]
    first_push: tuple[Line, ...]
    is_private: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A package source for clients. `address` is its service index; `is_plain` if that is http."""

    name: str
    address: str
    is_plain: bool
    is_private: bool

    def add_line(self, user: str = "NAME", password: str = "KEY") -> str:  # noqa: S107 a placeholder
        """Return the command that adds the source to the user's NuGet configuration."""
        login = f" --username {user} --password {password} {_IN_CLEAR}" if self.is_private else ""
        # quirk: from NuGet 6.12 (SDK 9) on, a source over plain http is an error unless it is explicitly allowed
        insecure = " --allow-insecure-connections" if self.is_plain else ""
        return f"dotnet nuget add source {self.address} --name {self.name}{login}{insecure}"

    def push_line(self, files: str, key: str) -> str:
        """Return the command that pushes files to the source, once it is added."""
        return f'dotnet nuget push "{files}" --source {self.name} --api-key {key}'


def set_up(feed: str, service_index: str, root: str, *, is_private: bool) -> SetUp:
    """Return the setup for a feed. `root` is the site's address. Only `root` tells whether the site uses http, because
    `service_index` may still begin with a placeholder."""
    name = "motherlode" if feed == DEFAULT_FEED else feed
    source = Source(name, service_index, urlsplit(root).scheme == "http", is_private)
    tabs = (_dotnet(source), _config(source), _visual_studio(source), _github(source), _gitlab(source))
    first_push = (
        Line("dotnet pack --output packages", "the command that builds a package"),
        Line(source.add_line(), "the command that adds the source"),
        Line(source.push_line(_PACKAGES, "KEY"), "the command that pushes"),
    )
    return SetUp(tabs, first_push, is_private)


def _dotnet(source: Source) -> Tab:
    return Tab(
        "dotnet",
        "dotnet CLI",
        "Adds this feed to your package sources, for all your projects.",
        (Line(source.add_line(), "the command for the dotnet CLI"),),
    )


def _config(source: Source) -> Tab:
    insecure = ' allowInsecureConnections="true"' if source.is_plain else ""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<configuration>",
        "  <packageSources>",
        f"    <add key={quoteattr(source.name)} value={quoteattr(source.address)}{insecure} />",
        "  </packageSources>",
        *(_credentials(source) if source.is_private else ()),
        "</configuration>",
    ]
    where = "Save this file next to your solution and commit it, so that every build finds the packages."
    about = f"{where} The key is read from the environment variable MOTHERLODE_KEY." if source.is_private else where
    return Tab("config", "nuget.config", about, (Line("\n".join(lines), "nuget.config"),))


def _credentials(source: Source) -> tuple[str, ...]:
    # quirk: the element has the source's name; XML names cannot begin with a digit, so .NET escapes it as `_x0037_`
    element = f"_x{ord(source.name[0]):04X}_{source.name[1:]}" if source.name[0].isdigit() else source.name
    return (
        "  <packageSourceCredentials>",
        f"    <{element}>",
        '      <add key="Username" value="NAME" />',
        '      <add key="ClearTextPassword" value="%MOTHERLODE_KEY%" />',
        f"    </{element}>",
        "  </packageSourceCredentials>",
    )


def _visual_studio(source: Source) -> Tab:
    plain = (Step("Select “Allow insecure connections”: this feed uses http."),) if source.is_plain else ()
    sign_in = "When Visual Studio asks you to sign in, enter your user name, and an API key as the password."
    login = (Step(sign_in),) if source.is_private else ()
    steps = (
        Step("Open Tools › Options › NuGet Package Manager › Package Sources, and click +."),
        Step("Name:", source.name, "the name"),
        Step("Source:", source.address, "the address"),
        *plain,
        Step("Click Update, then OK."),
        *login,
    )
    return Tab("visual-studio", "Visual Studio", "Adds this feed to the package sources of Visual Studio.", steps=steps)


def _github(source: Source) -> Tab:
    env = ("  env:", "    MOTHERLODE_KEY: ${{ secrets.MOTHERLODE_KEY }}")
    lines = [
        "- uses: actions/setup-dotnet@v5",
        f"- run: {source.add_line(password=_VARIABLE)}",
        *(env if source.is_private else ()),
        "- run: dotnet pack --configuration Release --output packages",
        f"- run: {source.push_line(_PACKAGES, _VARIABLE)}",
        *env,
    ]
    about = "Job steps that build packages and push them here. Store the API key as the secret MOTHERLODE_KEY."
    return Tab("github", "GitHub Actions", about, (Line("\n".join(lines), "the steps for GitHub Actions"),))


def _gitlab(source: Source) -> Tab:
    lines = [
        "publish:",
        "  image: mcr.microsoft.com/dotnet/sdk:10.0",
        "  script:",
        f"    - {source.add_line(password=_VARIABLE)}",
        "    - dotnet pack --configuration Release --output packages",
        f"    - {source.push_line(_PACKAGES, _VARIABLE)}",
    ]
    about = "A job that builds packages and pushes them here. Store the API key as the masked variable MOTHERLODE_KEY."
    return Tab("gitlab", "GitLab CI", about, (Line("\n".join(lines), "the job for GitLab CI"),))
