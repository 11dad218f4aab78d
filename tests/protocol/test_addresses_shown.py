"""Addresses that a package names, over real sockets: what clients cannot read stands in no document and on no page.

Clients read `iconUrl`, `licenseUrl` and `projectUrl` as System.Uri; one that it refuses makes a whole page of search
results unreadable for everybody.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from html import escape
from pathlib import Path

import pytest

from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Server

UNCLEAN = (
    "https://me@corp.example@files.example/i.png",
    "https://me:secret@files.example/i.png",
    "http://a[::1]b/x.png",
    "http://[v1.a]/x.png",
    "http://١٢.example/x.png",
    "http://a１.example/x.png",
    "http://xn--zzzzz99/x.png",
    "http://0x7f.1/x.png",
    "http://a%41b.example/x.png",
    "http://a.example:0/x.png",
    "http://a.example/%zz.png",
    "http://a.example/x y.png",
    "http://a.example/x\u202egnp",
)
CLEAN = "https://files.example:8443/é/i.png?a[]=1#top"
NAMES = ("iconUrl", "projectUrl", "licenseUrl")
SEARCH = "/v3/search?q=&prerelease=true&semVerLevel=2.0.0&take=1000"
HIVES = ("registration", "registration-gz", "registration-gz-semver2")


def package_with(package_id: str, address: str) -> bytes:
    """A package that names the address wherever one may stand."""
    readme = f"# A\n\n[link](<{address}>) ![image](<{address}>) {address}\n"
    return nupkg(
        package_id,
        readme="README.md",
        files={"README.md": readme.encode()},
        more=f'<repository type="git" url="{escape(address)}" commit="{"a" * 40}" />',
        **dict.fromkeys(NAMES, address),
    )


def places_of(server: Server, package_id: str, address: str) -> list[str]:
    """Where a client or a browser is given the address to read or to follow."""
    key = package_id.lower()
    written = {json.dumps(address), json.dumps(address, ensure_ascii=False), f'"{escape(address)}"'}
    found = []
    for path in (
        SEARCH,
        *(f"/v3/{hive}/{key}/index.json" for hive in HIVES),
        f"/v3/catalog/data/{key}/1.0.0.json",
        f"/packages/{key}",
        f"/packages/{key}/1.0.0",
        f"/packages/{key}/feed.atom",
        f"/packages?q={key}",
        "/",
    ):
        answer = server.get(path)
        assert answer.status == 200, path
        if any(quoted in answer.body.decode() for quoted in written):
            found.append(path)
    return found


@pytest.mark.parametrize("address", UNCLEAN)
def test_an_address_that_clients_cannot_read_is_shown_nowhere(shared_server: Server, address: str) -> None:
    package_id = f"Acme.Unclean{UNCLEAN.index(address)}"
    pushed = shared_server.push(package_with(package_id, address))
    assert pushed.status == 201
    warnings = pushed.all_headers("X-NuGet-Warning")
    assert all(any(f"<{name}>" in warning for warning in warnings) for name in (*NAMES, "repository"))
    assert places_of(shared_server, package_id, address) == []


def test_a_clean_address_is_shown(shared_server: Server) -> None:
    assert shared_server.push(package_with("Acme.Clean", CLEAN)).status == 201
    hits = {hit["id"]: hit for hit in json_of(shared_server.get(SEARCH))["data"]}
    details = json_of(shared_server.get("/v3/catalog/data/acme.clean/1.0.0.json"))
    assert [hits["Acme.Clean"][name] for name in NAMES] == [details[name] for name in NAMES] == [CLEAN] * 3
    assert details["repository"]["url"] == CLEAN
    assert len(places_of(shared_server, "Acme.Clean", CLEAN)) > 4


def test_what_an_older_program_stored_is_left_out_without_reading_it_again(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = serve(data=data)
    groups = {".NETFramework4.5": {"Acme.Core": "1.0"}, "net8.0": {"Acme.Core": "1.0"}}
    assert first.push(nupkg("Acme.Old", groups=groups)).status == 201
    first.stop()
    _store_as_it_was(data, UNCLEAN[0])
    server = serve(data=data)
    assert places_of(server, "Acme.Old", UNCLEAN[0]) == []
    (hit,) = json_of(server.get(SEARCH))["data"]
    assert not {*NAMES} & {*hit}
    (page,) = json_of(server.get("/v3/registration/acme.old/index.json"))["items"]
    (leaf,) = page["items"]
    assert [group["targetFramework"] for group in leaf["catalogEntry"]["dependencyGroups"]] == ["net8.0"]


def _store_as_it_was(data: Path, address: str) -> None:
    """Let the facts of all packages hold what an older program took: the address, and a framework with a capital V."""
    with closing(sqlite3.connect(data / "motherlode.db", timeout=30)) as connection, connection:
        for content_id, text in connection.execute("SELECT id, facts FROM contents").fetchall():
            facts = json.loads(text)
            facts |= dict.fromkeys(("icon_url", "project_url", "license_url"), address)
            facts["repository"] = {"type": "git", "url": address}
            facts["dependency_groups"][0]["framework"] = ".NETFramework,Version=V4.5"
            connection.execute("UPDATE contents SET facts = ? WHERE id = ?", (json.dumps(facts), content_id))
