"""Target frameworks as clients read them, over real sockets: old names, mappings, and names that nobody knows."""

from collections.abc import Sequence

import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.wire import json_of
from tests.support.builders import Member, hostile, nupkg
from tests.support.servers import Server

LENIENT = "/feeds/lenient"
OLD_FOLDERS = ("40", "4.0", "4", "45", "35", "2.0")
STOPPING = (
    ".NETFramework,Version=V4.5",
    "portable-net45+sl5+monotouch-netcore451",
    "portable-net40-client+sl5",
    "Acme,Version=two",
)


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with a lenient feed beside the default one."""
    create_feed(shared_server, "lenient", "strictness=lenient")
    return shared_server


def with_groups(package_id: str, names: Sequence[str]) -> bytes:
    """A package with a group of dependencies for each of the frameworks."""
    return nupkg(package_id, groups={name: {"Acme.Core": "1.0"} for name in names})


def groups_of(server: Server, package_id: str, *, feed: str = "") -> list[str]:
    """The frameworks of the dependency groups that the registration shows."""
    (page,) = json_of(server.get(f"{feed}/v3/registration/{package_id.lower()}/index.json"))["items"]
    (leaf,) = page["items"]
    return [group["targetFramework"] for group in leaf["catalogEntry"]["dependencyGroups"]]


def is_found(server: Server, package_id: str, framework: str) -> bool:
    """Whether a search for the framework finds it."""
    hits = json_of(server.get(f"/v3/search?q=packageid:{package_id}&framework={framework}"))["data"]
    return [hit["id"] for hit in hits] == [package_id]


@pytest.mark.parametrize("folder", OLD_FOLDERS)
def test_a_folder_of_the_time_before_names_is_for_net_framework(stocked: Server, folder: str) -> None:
    package_id = f"Acme.Folder{OLD_FOLDERS.index(folder)}"
    assert stocked.push(hostile(Member(f"lib/{folder}/a.dll", b"MZ"), id=package_id)).status == 201
    assert is_found(stocked, package_id, "net48")
    assert not is_found(stocked, package_id, "net8.0")


def test_a_group_may_have_an_old_or_a_foreign_name(stocked: Server) -> None:
    names = ["4.0", "45", "3.5", "2", "Unity,Version=v2021.0", "dotnet", "portable-net45+winrt45"]
    assert stocked.push(with_groups("Acme.Old", names)).status == 201
    assert groups_of(stocked, "Acme.Old") == names


def test_a_framework_assembly_may_list_old_names(stocked: Server) -> None:
    assemblies = '<frameworkAssembly assemblyName="System.Web" targetFramework="3.5, 4.0" />'
    package = nupkg("Acme.Assemblies", more=f"<frameworkAssemblies>{assemblies}</frameworkAssemblies>")
    assert stocked.push(package).status == 201


@pytest.mark.parametrize(
    "names",
    [
        ("net40", "net40-full"),
        ("net45", "4.5"),
        ("dotnet", "dotnet5.0"),
        ("portable-net45+win8", "portable-net45+winrt45"),
    ],
)
def test_two_names_of_one_framework_are_refused_as_the_same(stocked: Server, names: tuple[str, str]) -> None:
    refused = stocked.push(with_groups("Acme.Same", names))
    assert refused.status == 400
    assert b"There are 2 dependency groups for" in refused.body


@pytest.mark.parametrize("name", STOPPING)
def test_a_name_on_which_clients_stop_is_refused_on_every_feed(stocked: Server, name: str) -> None:
    for feed in ("", LENIENT):
        refused = stocked.push(with_groups("Acme.Stops", [name]), feed=feed)
        assert refused.status == 400
        assert b"Clients cannot read the target framework" in refused.body


@pytest.mark.parametrize("name", [" netstandard2.0 ", "net8.0\u00a0", "\u3000net8.0"])
def test_a_name_that_clients_do_not_trim_is_not_trimmed(stocked: Server, name: str) -> None:
    package_id = f"Acme.Blank{ord(name[0])}"
    package = with_groups(package_id, [name])
    refused = stocked.push(package)
    assert refused.status == 400
    assert b"for the unknown target framework" in refused.body
    assert stocked.push(package, feed=LENIENT).status == 201
    assert groups_of(stocked, package_id, feed=LENIENT) == [name]
