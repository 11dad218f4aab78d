"""Autocompletion over real sockets: ids by what they begin with, and the versions of one."""

import pytest

from tests.protocol.wire import exchange, golden, json_of
from tests.support.builders import nupkg
from tests.support.servers import Server


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with ids that share beginnings and words."""
    packages = [
        nupkg("Acme.Widgets", "1.0.0"),
        nupkg("Acme.Widgets", "1.1.0-beta.2"),
        nupkg("Acme.Widgets", "2.0.0+build.7"),
        nupkg("Acme.Widgets", "3.0.0"),
        nupkg("Acme.Widgets.Testing"),
        nupkg("Contoso.WidgetFactory"),
        nupkg("Contoso.Next", "1.0.0-beta"),
        nupkg("Contoso.Gone"),
        nupkg("Contoso.Tool", more='<packageTypes><packageType name="DotnetTool" /></packageTypes>'),
    ]
    for package in packages:
        assert shared_server.push(package).status == 201
    for package_id, version in (("Contoso.Gone", "1.0.0"), ("Acme.Widgets", "3.0.0")):
        assert shared_server.change("DELETE", package_id, version).status == 204
    return shared_server


def completed(server: Server, query: str) -> list[str]:
    """The ids that a beginning leads to."""
    answer = json_of(server.get(f"/v3/autocomplete?{query}"))
    assert answer.keys() == {"totalHits", "data"}
    assert answer["totalHits"] >= len(answer["data"])
    return list(answer["data"])


def versions(server: Server, query: str) -> list[str]:
    """The versions of an id."""
    answer = json_of(server.get(f"/v3/autocomplete?{query}"))
    assert answer.keys() == {"data"}
    return list(answer["data"])


@pytest.mark.parametrize("typed", ["acme.w", "ACME.W", "acme.widgets", "%20acme.w"])
def test_ids_are_found_by_what_they_begin_with(stocked: Server, typed: str) -> None:
    assert completed(stocked, f"q={typed}") == ["Acme.Widgets", "Acme.Widgets.Testing"]


def test_ids_are_found_by_the_beginning_of_any_of_their_words(stocked: Server) -> None:
    assert set(completed(stocked, "q=widg")) == {"Acme.Widgets", "Acme.Widgets.Testing", "Contoso.WidgetFactory"}
    assert completed(stocked, "q=factory") == ["Contoso.WidgetFactory"]


def test_ids_that_the_caller_may_not_see_are_left_out(stocked: Server) -> None:
    assert completed(stocked, "q=contoso.n") == completed(stocked, "q=contoso.gone&prerelease=true") == []
    assert completed(stocked, "q=contoso.n&prerelease=True") == ["Contoso.Next"]
    assert completed(stocked, "q=contoso&packageType=dotnettool") == ["Contoso.Tool"]


def test_nothing_typed_leads_everywhere_and_pages_cut_one_order(stocked: Server) -> None:
    everything = completed(stocked, "q=&take=1000")
    assert set(everything) == {"Acme.Widgets", "Acme.Widgets.Testing", "Contoso.WidgetFactory", "Contoso.Tool"}
    assert completed(stocked, "take=1000") == everything
    assert completed(stocked, "take=2") + completed(stocked, "skip=2&take=2") == everything
    assert json_of(stocked.get("/v3/autocomplete?take=0"))["totalHits"] == len(everything)


def test_the_versions_of_an_id_are_the_listed_ones_that_the_caller_may_see(stocked: Server) -> None:
    assert versions(stocked, "id=Acme.Widgets") == ["1.0.0"]
    assert versions(stocked, "id=acme.widgets&semVerLevel=2.0.0") == ["1.0.0", "2.0.0+build.7"]
    assert versions(stocked, "ID=acme.widgets&semVerLevel=2.0.0&prerelease=true&q=x") == [
        "1.0.0",
        "1.1.0-beta.2",
        "2.0.0+build.7",
    ]


@pytest.mark.parametrize("package_id", ["Nobody.Knows", "Contoso.Gone", "", "..", "a%20b", "%00", "x" * 5000])
def test_an_id_that_nobody_knows_has_no_versions(stocked: Server, package_id: str) -> None:
    assert versions(stocked, f"id={package_id}&prerelease=true") == []


def test_versions_follow_what_was_acknowledged(stocked: Server) -> None:
    assert stocked.push(nupkg("Acme.Changing", "1.0.0")).status == 201
    assert versions(stocked, "id=acme.changing") == ["1.0.0"]
    assert stocked.push(nupkg("Acme.Changing", "1.1.0")).status == 201
    assert versions(stocked, "id=acme.changing") == ["1.0.0", "1.1.0"]
    for version in ("1.0.0", "1.1.0"):
        assert stocked.change("DELETE", "Acme.Changing", version).status == 204
    assert versions(stocked, "id=acme.changing") == []


def test_the_recorded_completion_of_dotnet(stocked: Server) -> None:
    answer = json_of(exchange(stocked, golden("dotnet-10-autocomplete", stocked)))
    assert answer == {"totalHits": 2, "data": ["Acme.Widgets", "Acme.Widgets.Testing"]}


def test_the_recorded_completion_of_paket_with_a_slash_before_the_query(stocked: Server) -> None:
    answer = json_of(exchange(stocked, golden("paket-12-autocomplete", stocked)))
    assert answer["totalHits"] == len(answer["data"]) == 3
