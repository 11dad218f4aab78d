"""Two sources in one nuget.config, as docs/clients.md describes it: a mapping says which ids come from which."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.clients.client import User
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user
from tests.support.builders import nupkg
from tests.support.servers import Server

DOCUMENTED: Final = Path(__file__).parents[2] / "docs" / "clients.md"
HTTP: Final = 'protocolVersion="3" allowInsecureConnections="true"'
SOURCES: Final = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear />
    <add key="motherlode" value="{url}/v3/index.json" {http} />
    <add key="nuget.org" value="{url}/feeds/gallery/v3/index.json" {http} />
  </packageSources>
{mapping}
</configuration>
"""


def documented_mapping() -> str:
    """The mapping that the documentation shows."""
    found = re.search(
        r"^ *<packageSourceMapping>.*?</packageSourceMapping>$", DOCUMENTED.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    return found.group()


@pytest.fixture
def place(server: Server) -> Server:
    """A server with our own packages on the default feed, and a feed `gallery` that holds what strangers push."""
    create_feed(server, "gallery")
    assert server.push(nupkg("Contoso.Widgets", "1.0.0")).status == 201
    for package_id, version in (("Contoso.Widgets", "9.0.0"), ("Other.Thing", "1.0.0")):
        assert server.push(nupkg(package_id, version, seed=1), feed="/feeds/gallery").status == 201
    return server


@pytest.mark.parametrize("is_mapped", [True, False], ids=["mapped", "not mapped"])
def test_with_the_mapping_no_stranger_s_version_of_our_id_is_restored(
    user: User, place: Server, *, is_mapped: bool
) -> None:
    """Without it the highest version of any source wins: dependency confusion."""
    user.put(
        "nuget.config", SOURCES.format(url=place.url, http=HTTP, mapping=documented_mapping() if is_mapped else "")
    )
    project = user.put_project("app", {"Contoso.Widgets": "*", "Other.Thing": "1.0.0"})
    user.does("dotnet", "restore", folder=project)
    [version] = re.findall(
        r'"Contoso.Widgets": \{[^}]*?"resolved": "([^"]*)"', (project / "packages.lock.json").read_text()
    )
    assert version == ("1.0.0" if is_mapped else "9.0.0")


def test_a_key_as_password_of_a_public_feed_neither_hinders_reading_nor_pushes(user: User, place: Server) -> None:
    """dotnet sends a login only when it is asked for one, and a public feed asks nobody."""
    add_user(place, "build", default="publisher")
    key = add_key(place, "build", rights=["push", "read"])
    user.knows(f"{place.url}/v3/index.json", login=("any", key))
    user.does("dotnet", "restore", folder=user.put_project("app", {"Contoso.Widgets": "1.0.0"}))
    user.put("a.nupkg", nupkg("Contoso.Pushed"))
    assert not user.run("dotnet", "nuget", "push", "a.nupkg", "-s", "local").is_done
    user.does("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", key)


def test_nuget_exe_installs_an_unlisted_version_unless_one_is_named(user: User, place: Server) -> None:
    """The client's own fault (NuGet/Home#7466)."""
    assert place.push(nupkg("Contoso.Widgets", "2.0.0")).status == 201
    assert place.change("DELETE", "Contoso.Widgets", "2.0.0").status == 204
    install = (
        "install",
        "Contoso.Widgets",
        "-Source",
        f"{place.url}/v3/index.json",
        "-NonInteractive",
        "-OutputDirectory",
    )
    user.does("nuget", *install, "any")
    user.does("nuget", *install, "named", "-Version", "1.0.0")
    assert [path.name for path in (user.folder / "any").iterdir()] == ["Contoso.Widgets.2.0.0"]
    assert [path.name for path in (user.folder / "named").iterdir()] == ["Contoso.Widgets.1.0.0"]
