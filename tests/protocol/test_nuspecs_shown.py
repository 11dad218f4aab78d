"""Nuspecs as clients read them, over real sockets: what documents show of odd ones, and what no client could read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.wire import json_of
from tests.support.builders import Member, hostile, nupkg, nuspec
from tests.support.servers import Server

LENIENT = "/feeds/lenient"
DEFAULT = ""
REFUSED = ("xml-*", "type-version-*", "client-version-*", "flag-*", "reference*", "framework-capital-v", "name-259")


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with a lenient feed beside the default one."""
    create_feed(shared_server, "lenient", "strictness=lenient")
    return shared_server


def shown(server: Server, package_id: str) -> dict[str, Any]:
    """The entry of the only version, as the registration shows it."""
    (page,) = json_of(server.get(f"/v3/registration/{package_id.lower()}/index.json"))["items"]
    (leaf,) = page["items"]
    return dict(leaf["catalogEntry"])


def found(server: Server, package_id: str) -> dict[str, Any]:
    """The hit of a search for the id."""
    (hit,) = json_of(server.get(f"/v3/search?q=packageid:{package_id}"))["data"]
    return dict(hit)


def test_owners_are_shown_where_there_are_no_authors(stocked: Server) -> None:
    assert stocked.push(nupkg("Acme.Owned", authors="", owners="Ann, Bob")).status == 201
    assert shown(stocked, "Acme.Owned")["authors"] == "Ann, Bob"
    assert found(stocked, "Acme.Owned")["authors"] in ("Ann, Bob", ["Ann, Bob"], ["Ann", "Bob"])


def test_elements_in_another_letter_case_are_shown(stocked: Server) -> None:
    document = nuspec("Acme.Cased", Title="A title", SUMMARY="A summary").replace(b"description>", b"DESCRIPTION>")
    assert stocked.push(nupkg("Acme.Cased", nuspec=document)).status == 201
    entry = shown(stocked, "Acme.Cased")
    assert (entry["title"], entry["summary"], entry["description"]) == ("A title", "A summary", "A test package.")


def test_a_nuspec_in_utf16_is_served_byte_for_byte(stocked: Server) -> None:
    document = nuspec("Acme.Wide", title="Größe").decode().replace("utf-8", "utf-16").encode("utf-16")
    assert stocked.push(nupkg("Acme.Wide", nuspec=document)).status == 201
    assert shown(stocked, "Acme.Wide")["title"] == "Größe"
    assert stocked.get("/v3/flat/acme.wide/1.0.0/acme.wide.nuspec").body == document


def test_two_parts_that_wrap_the_files_are_a_warning_on_a_lenient_feed(stocked: Server) -> None:
    packed = hostile(Member("%5BContent_Types%5D.xml"), Member("[Content_Types].xml"), id="Acme.Wrapped")
    assert stocked.push(packed).status == 400
    answer = stocked.push(packed, feed=LENIENT)
    assert answer.status == 201
    assert "%5BContent_Types%5D.xml" in " ".join(answer.all_headers("X-NuGet-Warning"))


def test_an_icon_in_another_letter_case_is_refused(stocked: Server) -> None:
    answer = stocked.push(nupkg("Acme.Icon", icon="Icon.png", files={"icon.png": b"\x89PNG\r\n\x1a\n"}))
    assert answer.status == 400
    assert b"names are case-sensitive" in answer.body


@pytest.mark.parametrize("feed", [DEFAULT, LENIENT])
def test_what_clients_cannot_read_is_refused_at_push_and_in_a_check(stocked: Server, packages: Path, feed: str) -> None:
    paths = [path for pattern in REFUSED for path in sorted((packages / "found").glob(f"{pattern}.nupkg"))]
    assert len(paths) > 20
    for path in paths:
        answer = stocked.push(path.read_bytes(), feed=feed)
        assert answer.status == 400, path.name
        assert json.loads(stocked.check(path.read_bytes(), feed=feed).body)["status"] == 400, path.name
