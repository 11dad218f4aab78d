"""Search over real sockets: documents, parameters with their defaults, and any text as a query."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from motherlode.nuget.ids import parse_package_id
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.packages.owners import add_owner, remove_owner
from motherlode.web.v3.search import parse_asked
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, change
from tests.protocol.wire import exchange, golden, json_of, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server, start_server

RECORDED = ("dotnet-10-search", "nuget-exe-5.8-search", "dotnet-10-search-template", "dotnet-10-search-raw-term")
ALL = "prerelease=true&semVerLevel=2.0.0"
TEXTS = (
    "widgets",
    "(widgets OR",
    '"widgets',
    'id:"',
    ":",
    "id:",
    "bogus:x",
    "AND OR NOT",
    "+-&|!(){}[]^~*?\\/",
    "*",
    "a*b?",
    "[1 TO 2]",
    "\x00\x1f",
    "ällö",
    "包",
    "😀",
    "\u202eabc\u0627",
    "x" * 4096,
    "x " * 2048,
    "id:x " * 800,
    "';--",
    "<script>",
    "%",
    "%zz",
)


def owners_in(server: Server, package_id: str) -> list[str]:
    """The owners that search names."""
    [hit] = json_of(server.get(f"/v3/search?q=packageid:{package_id}&{ALL}"))["data"]
    return list(hit["owners"])


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with packages of every kind that parameters tell apart."""
    packages = [
        nupkg("Acme.Widgets", "1.0.0"),
        nupkg("Acme.Widgets", "1.1.0+build.7"),
        nupkg("acme.widgets", "2.0.0-rc.1"),
        nupkg("Acme.Old", "1.0.0-beta"),
        nupkg("Acme.Tool", more='<packageTypes><packageType name="DotnetTool" /></packageTypes>'),
        nupkg("Acme.Hidden"),
    ]
    for package in packages:
        assert shared_server.push(package).status == 201
    assert shared_server.change("DELETE", "Acme.Hidden", "1.0.0").status == 204
    return shared_server


def found(server: Server, query: str) -> list[str]:
    """The ids that a search finds."""
    return [hit["id"] for hit in json_of(server.get(f"/v3/search?{query}"))["data"]]


class TestHit:
    """One result: everything that clients read, nothing null."""

    def test_it_shows_the_latest_version_and_leads_into_the_registrations(self, shared_server: Server) -> None:
        package = nupkg(
            "Acme.Full",
            "1.2.0+build.1",
            description="What it is.",
            authors="Ann, Bob",
            title="Full",
            summary="Short.",
            tags="one two",
            projectUrl="https://project.example/",
            icon="icon.png",
            files={"icon.png": b"\x89PNG\r\n\x1a\n"},
            more='<license type="expression">MIT</license>',
        )
        assert shared_server.push(nupkg("acme.full", "1.0.0")).status == 201
        assert shared_server.push(package).status == 201
        answer = json_of(shared_server.get(f"/v3/search?q=packageid:ACME.FULL&{ALL}"))
        base = shared_server.url
        registration = f"{base}/v3/registration-gz-semver2/acme.full"
        assert answer == {
            "totalHits": 1,
            "data": [
                {
                    "registration": f"{registration}/index.json",
                    "id": "Acme.Full",
                    "version": "1.2.0+build.1",
                    "description": "What it is.",
                    "summary": "Short.",
                    "title": "Full",
                    "iconUrl": f"{base}/v3/flat/acme.full/1.2.0/icon",
                    "licenseUrl": "https://licenses.nuget.org/MIT",
                    "projectUrl": "https://project.example/",
                    "tags": ["one", "two"],
                    "authors": ["Ann", "Bob"],
                    "owners": [],
                    "totalDownloads": 0,
                    "verified": False,
                    "packageTypes": [{"name": "Dependency"}],
                    "versions": [
                        {"@id": f"{registration}/1.0.0.json", "version": "1.0.0", "downloads": 0},
                        {"@id": f"{registration}/1.2.0.json", "version": "1.2.0+build.1", "downloads": 0},
                    ],
                    "vulnerabilities": [],
                }
            ],
        }

    def test_every_address_in_it_works(self, stocked: Server) -> None:
        for level in ("1.0.0", "2.0.0"):
            for hit in json_of(stocked.get(f"/v3/search?semVerLevel={level}&prerelease=true"))["data"]:
                for address in (hit["registration"], *(version["@id"] for version in hit["versions"])):
                    assert stocked.get(address.removeprefix(stocked.url)).status == 200

    def test_without_semver_2_links_stay_in_the_plain_hive(self, stocked: Server) -> None:
        (hit,) = json_of(stocked.get("/v3/search?q=packageid:acme.widgets"))["data"]
        assert hit["registration"] == f"{stocked.url}/v3/registration/acme.widgets/index.json"
        assert hit["versions"][0]["@id"] == f"{stocked.url}/v3/registration/acme.widgets/1.0.0.json"

    def test_an_unchecked_host_reaches_only_the_answer_to_itself(self, stocked: Server) -> None:
        other = exchange(stocked, request_bytes("GET", "/v3/search?q=widgets", host="evil.example"))
        assert b"http://evil.example/v3/registration/acme.widgets/" in other.body
        own = stocked.get("/v3/search?q=widgets")
        assert b"evil" not in own.body
        assert own.body == other.body.replace(b"http://evil.example", stocked.url.encode())

    def test_downloads_are_shown_once_they_are_written_down(self, tmp_path: Path) -> None:
        """A server that stops writes them down."""
        server = start_server(data=tmp_path / "data")
        assert server.push(nupkg()).status == 201
        assert server.get("/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg").status == 200
        assert server.stop() == 0
        server = start_server(data=tmp_path / "data")
        try:
            (hit,) = json_of(server.get("/v3/search"))["data"]
        finally:
            server.stop()
        assert (hit["totalDownloads"], hit["versions"][0]["downloads"]) == (1, 1)


class TestParameters:
    """Each has a default; unknown ones are ignored."""

    def test_without_any_all_stable_packages_are_found(self, stocked: Server) -> None:
        assert {"Acme.Widgets", "Acme.Tool"} <= set(found(stocked, "take=1000"))
        assert not {"Acme.Old", "Acme.Hidden"} & set(found(stocked, "take=1000"))

    @pytest.mark.parametrize("value", ["true", "True", "TRUE"])
    def test_prerelease_in_any_casing(self, stocked: Server, value: str) -> None:
        assert found(stocked, f"q=packageid:acme.old&prerelease={value}") == ["Acme.Old"]

    @pytest.mark.parametrize("value", ["false", "False", "", "1", "yes"])
    def test_any_other_prerelease_means_stable_versions(self, stocked: Server, value: str) -> None:
        assert found(stocked, f"q=packageid:acme.old&prerelease={value}") == []

    @pytest.mark.parametrize(
        ("level", "version"),
        [("2.0.0", "1.1.0+build.7"), ("2.0", "1.1.0+build.7"), ("3.0.0", "1.1.0+build.7")]
        + [(level, "1.0.0") for level in ("1.0.0", "", "1.9", "x", "2.0.0-beta")],
    )
    def test_semver_level(self, stocked: Server, level: str, version: str) -> None:
        (hit,) = json_of(stocked.get(f"/v3/search?q=packageid:acme.widgets&semVerLevel={level}"))["data"]
        assert hit["version"] == version

    def test_the_id_is_spelt_as_in_the_version_that_is_shown(self, stocked: Server) -> None:
        assert found(stocked, "q=packageid:acme.widgets") == ["Acme.Widgets"]
        assert found(stocked, f"q=packageid:acme.widgets&{ALL}") == ["acme.widgets"]

    @pytest.mark.parametrize("value", ["DotnetTool", "dotnettool", " dotnettool "])
    def test_package_type_in_any_casing(self, stocked: Server, value: str) -> None:
        assert found(stocked, f"packageType={quote(value)}") == ["Acme.Tool"]

    def test_packages_without_a_type_are_dependencies(self, stocked: Server) -> None:
        dependencies = found(stocked, "packageType=dependency&take=1000")
        assert "Acme.Widgets" in dependencies
        assert "Acme.Tool" not in dependencies

    def test_an_empty_package_type_filters_nothing_and_an_impossible_one_finds_nothing(self, stocked: Server) -> None:
        assert found(stocked, "packageType=&take=1000") == found(stocked, "take=1000")
        for value in ("nope", "a%20b", "%00", "/", "%C3%A9", "x" * 500):
            assert found(stocked, f"packageType={value}") == []

    def test_a_framework_finds_what_it_can_use(self, stocked: Server) -> None:
        assert stocked.push(nupkg("Acme.Desktop", "9.0.0-rc", files={"lib/net45/_._": b""})).status == 201
        for value, is_found in (("net48", True), (" NET45", True), ("net40", False), ("netframework", True)):
            assert ("Acme.Desktop" in found(stocked, f"{ALL}&framework={quote(value)}")) is is_found, value
        assert found(stocked, "framework=&take=1000") == found(stocked, "take=1000")
        completed = json_of(stocked.get(f"/v3/autocomplete?q=acme&framework=net45&{ALL}"))
        assert completed["data"] == ["Acme.Desktop"]

    def test_owners_are_those_of_the_feed(self, stocked: Server) -> None:
        create_feed(stocked, "another")
        assert stocked.push(nupkg("Acme.There"), feed="/feeds/another").status == 201
        change(stocked, create_account, "Olga")
        for feed, package_id in (("default", "Acme.Tool"), ("another", "Acme.There")):
            change(stocked, add_owner, parse_package_id(package_id), "olga", feed=feed)
        for query in ("q=owner:olga", "owner=OLGA", "Owner=olga&q=tool"):
            assert found(stocked, query) == ["Acme.Tool"]
        assert found(stocked, "owner=olga&q=owner:nobody") == found(stocked, "owner=ol") == []
        assert owners_in(stocked, "Acme.Tool") == ["Olga"]
        change(stocked, create_account, "anna")
        change(stocked, add_owner, parse_package_id("Acme.Tool"), "anna", feed="default")
        assert owners_in(stocked, "Acme.Tool") == ["anna", "Olga"]
        change(stocked, remove_owner, parse_package_id("Acme.Tool"), "Olga", feed="default")
        assert owners_in(stocked, "Acme.Tool") == ["anna"]
        there = json_of(stocked.get("/feeds/another/v3/search?owner=olga"))
        assert [(hit["id"], hit["owners"]) for hit in there["data"]] == [("Acme.There", ["Olga"])]

    def test_who_pushes_a_new_id_is_shown_as_its_owner(self, stocked: Server) -> None:
        add_user(stocked, "ada", default="publisher")
        assert stocked.push(nupkg("Acme.Hers"), key=add_key(stocked, "ada")).status == 201
        assert owners_in(stocked, "Acme.Hers") == ["ada"]

    def test_the_newest_or_the_most_downloaded_first(self, stocked: Server) -> None:
        for package_id in ("Zz.Last", "Zz.New"):
            assert stocked.push(nupkg(package_id)).status == 201
        assert found(stocked, "sort=newest&q=zz") == ["Zz.New", "Zz.Last"]
        assert set(found(stocked, "sort=Downloads&take=1000")) == set(found(stocked, "take=1000"))
        assert found(stocked, "sort=relevance&q=zz") == found(stocked, "sort=&q=zz") == found(stocked, "q=zz")

    @pytest.mark.parametrize("path", ["/v3/search", "/v3/autocomplete"])
    @pytest.mark.parametrize("given", ["framework=nonsense", "framework=net8.0%00", "sort=oldest", "sort=newest;drop"])
    def test_what_is_no_framework_or_order_is_400_with_a_sentence(self, stocked: Server, path: str, given: str) -> None:
        answer = stocked.get(f"{path}?{given}")
        problem = json.loads(answer.body)
        assert (answer.status, problem["code"]) == (400, "parameter-invalid")
        assert f"Correct {given.partition('=')[0]}, or leave it out" in problem["detail"]

    def test_skip_and_take_cut_pages_out_of_one_order(self, stocked: Server) -> None:
        everything = found(stocked, f"{ALL}&take=1000")
        assert len(everything) >= 3
        pages = [found(stocked, f"{ALL}&skip={skip}&take=2") for skip in range(0, len(everything) + 2, 2)]
        assert [each for page in pages for each in page] == everything
        assert json_of(stocked.get(f"/v3/search?{ALL}&take=0")) == {"totalHits": len(everything), "data": []}

    @pytest.mark.parametrize(
        ("given", "like"),
        [
            ("take=-1", ""),
            ("skip=-5", ""),
            ("take=", ""),
            ("skip=", ""),
            ("take=100000", "take=1000"),
            ("take=" + "9" * 5000, "take=1000"),
            ("skip=3001", "take=0"),
            ("skip=" + "9" * 5000, "take=0"),
            ("skip=3001&q=widgets&take=5", "take=0&q=widgets"),
            ("skip=001&take=+2", "skip=1&take=2"),
            ("TAKE=1&Skip=1", "take=1&skip=1"),
            ("take=1&take=2", "take=1"),
            ("unknown=1&supportedFramework=net8.0&includeDelisted=true", ""),
        ],
    )
    def test_numbers_beyond_their_limits_count_as_these(self, stocked: Server, given: str, like: str) -> None:
        assert stocked.get(f"/v3/search?{given}").body == stocked.get(f"/v3/search?{like}").body

    @pytest.mark.parametrize("path", ["/v3/search", "/v3/autocomplete"])
    @pytest.mark.parametrize("skip", ["900", "3000", "3001", "4000000000", "9" * 5000])
    def test_beyond_the_end_nothing_is_listed_and_the_total_is_told(
        self, stocked: Server, path: str, skip: str
    ) -> None:
        """A client that reads until an empty page must come to one."""
        total = json_of(stocked.get(f"{path}?{ALL}"))["totalHits"]
        assert total > 0
        for take in ("", "&take=1", "&take=1000"):
            assert json_of(stocked.get(f"{path}?{ALL}&skip={skip}{take}")) == {"totalHits": total, "data": []}

    @pytest.mark.parametrize(("skip", "take"), [(2_999, 20), (3_000, 20), (3_001, 0), (10**30, 0)])
    def test_pages_end_with_the_one_that_begins_at_3000(self, skip: int, take: int) -> None:
        question = parse_asked(f"skip={skip}".encode()).question(1)
        assert question.take == take
        assert question.skip == (skip if take else 0)

    @pytest.mark.parametrize("path", ["/v3/search", "/v3/autocomplete"])
    @pytest.mark.parametrize("given", ["take=ten", "skip=1.5", "skip=0x1", "take=%D9%A1", "take=1_0", "take=--1"])
    def test_a_number_that_is_none_is_400_with_a_sentence(self, stocked: Server, path: str, given: str) -> None:
        answer = stocked.get(f"{path}?{given}")
        assert answer.status == 400
        problem = json.loads(answer.body)
        assert problem["code"] == "parameter-invalid"
        assert given.partition("=")[0] in problem["detail"]


class TestQuery:
    """Any text is a query."""

    @pytest.mark.parametrize("path", ["/v3/search", "/v3/autocomplete"])
    @pytest.mark.parametrize("text", TEXTS)
    def test_any_text_is_answered(self, stocked: Server, path: str, text: str) -> None:
        answer = json_of(stocked.get(f"{path}?q={quote(text)}&{ALL}"))
        assert answer["totalHits"] >= len(answer["data"])

    @pytest.mark.parametrize("raw", [b"q=%", b"q=%zz", b"q=%ff%fe", b"q", b"&&=&", b"q=\xc3\xa4", b"q=a;b", b"q=%00"])
    def test_any_query_string_is_answered(self, stocked: Server, raw: bytes) -> None:
        request = request_bytes("GET", "/v3/search?QUERY").replace(b"QUERY", raw)
        assert exchange(stocked, request).status == 200

    def test_fields_phrases_and_beginnings(self, stocked: Server) -> None:
        for query in ("id:widgets", '"acme widgets"', "acme wid", "packageid:Acme.Widgets", "ACME.WIDGETS"):
            assert "Acme.Widgets" in found(stocked, f"q={quote(query)}"), query

    def test_the_exact_id_comes_first(self, stocked: Server) -> None:
        assert stocked.push(nupkg("Acme", description="The first.")).status == 201
        assert found(stocked, "q=acme")[0] == "Acme"

    def test_terms_that_were_not_escaped(self, stocked: Server) -> None:
        """# quirk: dotnet sends the term as it was typed; what follows "&" is another parameter."""
        assert "Acme.Widgets" in found(stocked, "q=acme+widgets&d=e%20")
        assert "Acme.Widgets" in found(stocked, "q=acme%20widgets&&skip=0")

    @pytest.mark.parametrize("name", RECORDED)
    def test_a_recorded_search_is_answered(self, stocked: Server, name: str) -> None:
        request = golden(name, stocked)
        path = request.split(b" ", 2)[1].decode()
        answer = exchange(stocked, request)
        assert json_of(answer) == json_of(stocked.get(path))
        assert bool(json_of(answer)["data"]) == (b"q=widgets" in request)


class TestAnswer:
    """What holds for every answer, whatever it shows."""

    def assert_read_as_usual(self, server: Server, path: str) -> None:
        plain: Answer = server.get(path)
        assert plain.status == 200
        assert plain.header("content-type") == "application/json"
        assert plain.header("content-length") == str(len(plain.body))
        assert plain.header("access-control-allow-origin") == "*"
        assert plain.header("cache-control") == "no-store"
        assert plain.header("content-encoding") is None
        assert b"null" not in plain.body
        head = server.request("HEAD", path)
        assert (head.status, head.body, head.header("content-length")) == (200, b"", str(len(plain.body)))
        address, _, query = path.partition("?")
        for other in (f"{address}/?{query}", f"{address.upper()}?{query}", f"/feeds/default{path}"):
            assert server.get(other).status == 200
        assert server.get(f"{address}/?{query}").body == plain.body
        assert server.request("POST", path).status == 405
        assert server.request("OPTIONS", path).status == 204

    @pytest.mark.parametrize(
        "path", ["/v3/search?q=acme", "/v3/autocomplete?q=acme", "/v3/autocomplete?id=acme.widgets"]
    )
    def test_it_is_read_as_browsers_and_clients_expect(self, stocked: Server, path: str) -> None:
        self.assert_read_as_usual(stocked, path)

    def test_each_feed_is_searched_for_itself(self, stocked: Server) -> None:
        create_feed(stocked, "other")
        assert found(stocked, "q=elsewhere") == []
        assert stocked.push(nupkg("Acme.Elsewhere"), feed="/feeds/other").status == 201
        other = json_of(stocked.get("/feeds/other/v3/search?q=elsewhere"))
        assert other["data"][0]["registration"].startswith(f"{stocked.url}/feeds/other/v3/registration/")
        assert found(stocked, "q=elsewhere") == []
        index = json_of(stocked.get("/feeds/other/v3/index.json"))
        addresses = {each["@id"] for each in index["resources"] if each["@type"].startswith("SearchQueryService")}
        assert addresses == {f"{stocked.url}/feeds/other/v3/search"}


def test_every_worker_finds_what_any_of_them_acknowledged(serve: Callable[..., Server]) -> None:
    """Several clients at once, each on an id of its own; each request may reach another worker."""
    server = serve(workers=2)

    def change_and_search(client: int) -> None:
        package_id = f"Client{client}.Tools"
        shown: list[str] = []
        for number in range(12):
            version = f"{number // 3}.0.0"
            if number % 3 == 0:
                assert server.push(nupkg(package_id, version)).status == 201
            else:
                method, status = ("DELETE", 204) if number % 3 == 1 else ("POST", 200)
                assert server.change(method, package_id, version).status == status
            shown = shown[:-1] if number % 3 == 1 else [*shown, version]
            hits = json_of(server.get(f"/v3/search?q=packageid:{package_id}"))["data"]
            assert [each["version"] for hit in hits for each in hit["versions"]] == shown

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(change_and_search, client) for client in range(4)]:
            done.result(timeout=120)
