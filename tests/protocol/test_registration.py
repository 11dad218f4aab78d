"""The three registration hives over real sockets."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from tests.protocol.reads import faults_of_miss, faults_of_read
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Server

PLAIN, GZIP, SEMVER2 = "registration", "registration-gz", "registration-gz-semver2"
HIVES = (PLAIN, GZIP, SEMVER2)
GROUPS = {
    "net8.0": {},
    ".NETStandard2.0": {"Acme.Core": "1.2.0", "Acme.Open": "(,2.0]", "Acme.Exact": "[1.0]", "Acme.Any": None},
    None: {"Acme.Core": "[1.0,2.0)"},
}


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with a mixed package and one whose dependency makes it SemVer 2."""
    for package in (
        nupkg("Acme.Mixed", "1.0.0", groups=GROUPS, tags="one two;three,four", description="Mixed. " * 40),
        nupkg("Acme.Mixed", "1.1.0-beta"),
        nupkg("Acme.Mixed", "2.0.0-rc.1"),
        nupkg("Acme.Mixed", "2.0.0+build.7"),
        nupkg("Acme.Mixed", "3.0.0", dependencies={"Acme.Core": "[1.0.0-beta.1, )"}),
        nupkg("Acme.New", "1.0.0-rc.1"),
    ):
        assert shared_server.push(package).status == 201
    return shared_server


def pages_of(server: Server, package_id: str, hive: str = SEMVER2) -> list[dict[str, Any]]:
    return json_of(server.get(f"/v3/{hive}/{package_id}/index.json"))["items"]


def versions_of(server: Server, package_id: str, hive: str) -> list[str]:
    return [leaf["catalogEntry"]["version"] for page in pages_of(server, package_id, hive) for leaf in page["items"]]


def get_absolute(server: Server, address: str) -> dict[str, Any]:
    assert address.startswith(f"{server.url}/")
    return json_of(server.get(urlsplit(address).path))


class TestHives:
    """SemVer 1 plain, SemVer 1 gzip, SemVer 2 gzip; a package is SemVer 2 also by a dependency's range."""

    @pytest.mark.parametrize("hive", [PLAIN, GZIP])
    def test_old_clients_see_nothing_of_semver2(self, stocked: Server, hive: str) -> None:
        assert versions_of(stocked, "acme.mixed", hive) == ["1.0.0", "1.1.0-beta"]
        for version in ("2.0.0-rc.1", "2.0.0", "3.0.0"):
            assert faults_of_miss(stocked.get(f"/v3/{hive}/acme.mixed/{version}.json")) == []
        assert faults_of_miss(stocked.get(f"/v3/{hive}/acme.new/index.json")) == []

    def test_new_clients_see_everything_in_order(self, stocked: Server) -> None:
        versions = ["1.0.0", "1.1.0-beta", "2.0.0-rc.1", "2.0.0+build.7", "3.0.0"]
        assert versions_of(stocked, "acme.mixed", SEMVER2) == versions

    @pytest.mark.parametrize("hive", HIVES)
    def test_links_stay_in_their_hive(self, stocked: Server, hive: str) -> None:
        document = stocked.get(f"/v3/{hive}/acme.mixed/index.json").body.decode()
        others = [other for other in HIVES if other != hive]
        assert not any(f"/v3/{other}/" in document for other in others)
        leaf = stocked.get(f"/v3/{hive}/acme.mixed/1.0.0.json").body.decode()
        assert not any(f"/v3/{other}/" in leaf for other in others)

    @pytest.mark.parametrize("hive", HIVES)
    @pytest.mark.parametrize("name", ["index", "page/1.0.0/1.1.0-beta", "1.0.0"])
    def test_a_document_is_read_as_caches_and_browsers_expect(self, stocked: Server, hive: str, name: str) -> None:
        assert faults_of_read(stocked, f"/v3/{hive}/acme.mixed/{name}.json", is_zipped=hive != PLAIN) == []

    @pytest.mark.parametrize("hive", HIVES)
    def test_no_client_misses_a_push_beyond_its_own_cache(self, shared_server: Server, hive: str) -> None:
        path, package_id = f"/v3/{hive}/acme.seen.{hive}/index.json", f"Acme.Seen.{hive}"
        assert shared_server.push(nupkg(package_id, "1.0.0")).status == 201
        first = shared_server.get(path)
        assert first.header("cache-control") == "no-cache"
        assert shared_server.push(nupkg(package_id, "2.0.0")).status == 201
        assert versions_of(shared_server, package_id.lower(), hive) == ["1.0.0", "2.0.0"]
        assert shared_server.get(path, If_None_Match=first.header("etag") or "").status == 200


def commit_of(document: dict[str, Any]) -> tuple[datetime, UUID]:
    """The change that it is of, by time and id."""
    return datetime.fromisoformat(document["commitTimeStamp"]), UUID(document["commitId"])


class TestShapes:
    """What clients need of index, page, leaf and catalogEntry."""

    def test_an_inlined_index(self, stocked: Server) -> None:
        index = json_of(stocked.get(f"/v3/{SEMVER2}/acme.mixed/index.json"))
        [page] = index["items"]
        assert index["count"] == 1
        assert index["@id"] == page["parent"] == f"{stocked.url}/v3/{SEMVER2}/acme.mixed/index.json"
        assert (page["count"], page["lower"], page["upper"]) == (5, "1.0.0", "3.0.0")

    def test_a_leaf_in_a_page(self, stocked: Server) -> None:
        leaf = pages_of(stocked, "acme.mixed")[0]["items"][3]
        base = f"{stocked.url}/v3/{SEMVER2}/acme.mixed"
        assert leaf["@id"] == f"{base}/2.0.0.json"
        assert leaf["registration"] == f"{base}/index.json"
        assert leaf["packageContent"] == f"{stocked.url}/v3/flat/acme.mixed/2.0.0/acme.mixed.2.0.0.nupkg"
        entry = leaf["catalogEntry"]
        assert entry["@id"] == f"{stocked.url}/v3/catalog/data/acme.mixed/2.0.0.json"
        assert (entry["id"], entry["version"], entry["listed"]) == ("Acme.Mixed", "2.0.0+build.7", True)

    def test_every_version_has_tags(self, shared_server: Server) -> None:
        """Mirrors and scripts read `tags` without asking whether it is there."""
        for version, tags in (("1.0.0", ""), ("2.0.0", "one two")):
            assert shared_server.push(nupkg("Acme.Tagged", version, tags=tags)).status == 201
        [page] = pages_of(shared_server, "acme.tagged")
        assert [leaf["catalogEntry"]["tags"] for leaf in page["items"]] == [[], ["one", "two"]]
        assert json_of(shared_server.get("/v3/catalog/data/acme.tagged/1.0.0.json"))["tags"] == []

    def test_index_page_and_leaf_say_of_which_change_they_are(self, shared_server: Server) -> None:
        for version in ("1.0.0", "2.0.0"):
            assert shared_server.push(nupkg("Acme.Commits", version)).status == 201
        index = json_of(shared_server.get(f"/v3/{SEMVER2}/acme.commits/index.json"))
        [page] = index["items"]
        first, second = page["items"]
        assert commit_of(index) == commit_of(page) == commit_of(second)
        assert commit_of(first) < commit_of(second)

        assert shared_server.change("DELETE", "Acme.Commits", "1.0.0").status == 204
        index = json_of(shared_server.get(f"/v3/{SEMVER2}/acme.commits/index.json"))
        [page] = index["items"]
        unlisted, other = page["items"]
        assert commit_of(index) == commit_of(page) == commit_of(unlisted) > commit_of(second)
        assert commit_of(other) == commit_of(second)
        for hive in HIVES:
            leaf = json_of(shared_server.get(f"/v3/{hive}/acme.commits/1.0.0.json"))
            document = json_of(shared_server.get(f"/v3/{hive}/acme.commits/page/2.0.0/2.0.0.json"))
            assert (commit_of(leaf), commit_of(document)) == (commit_of(unlisted), commit_of(second))

    def test_dependencies_are_written_so_that_every_client_reads_them(self, stocked: Server) -> None:
        """# quirk: a range is always there, and unbounded is `(, )` with a space; "any" framework is left out."""
        groups = pages_of(stocked, "acme.mixed")[0]["items"][0]["catalogEntry"]["dependencyGroups"]
        ranges = [
            (group.get("targetFramework"), [(each["id"], each["range"]) for each in group.get("dependencies", [])])
            for group in groups
        ]
        assert sorted(ranges, key=str) == sorted(
            [
                ("net8.0", []),
                (
                    ".NETStandard2.0",
                    [
                        ("Acme.Core", "[1.2.0, )"),
                        ("Acme.Open", "(, 2.0.0]"),
                        ("Acme.Exact", "[1.0.0, 1.0.0]"),
                        ("Acme.Any", "(, )"),
                    ],
                ),
                (None, [("Acme.Core", "[1.0.0, 2.0.0)")]),
            ],
            key=str,
        )

    def test_nothing_is_null(self, stocked: Server) -> None:
        assert b"null" not in stocked.get(f"/v3/{SEMVER2}/acme.mixed/index.json").body
        assert b"null" not in stocked.get("/v3/catalog/data/acme.mixed/1.0.0.json").body

    def test_the_shown_id_is_that_of_the_version(self, shared_server: Server) -> None:
        for package_id, version in (("Acme.Case", "1.0.0"), ("ACME.case", "2.0.0")):
            assert shared_server.push(nupkg(package_id, version)).status == 201
        [page] = pages_of(shared_server, "acme.case")
        assert [leaf["catalogEntry"]["id"] for leaf in page["items"]] == ["Acme.Case", "ACME.case"]

    @pytest.mark.parametrize("version", ["2.0.0", "2.0", "2.0.0.0", "2.0.0+build.7", "02.0.0+other"])
    def test_a_leaf_document(self, stocked: Server, version: str) -> None:
        leaf = json_of(stocked.get(f"/v3/{SEMVER2}/ACME.mixed/{version}.json"))
        assert leaf["@id"] == f"{stocked.url}/v3/{SEMVER2}/acme.mixed/2.0.0.json"
        assert leaf["catalogEntry"] == f"{stocked.url}/v3/catalog/data/acme.mixed/2.0.0.json"
        assert leaf["listed"] is True
        assert leaf["published"].endswith("Z")
        assert leaf["registration"] == f"{stocked.url}/v3/{SEMVER2}/acme.mixed/index.json"

    @pytest.mark.parametrize("hive", HIVES)
    @pytest.mark.parametrize(
        "path",
        [
            "no.such/index.json",
            "no.such/1.0.0.json",
            "acme.mixed/9.9.9.json",
            "acme.mixed/no-version.json",
            "acme.mixed/page/8.0.0/9.0.0.json",
            "acme.mixed/page/2.0.0/1.0.0.json",
            "acme.mixed/page/a/b.json",
            "acme.mixed",
            "",
        ],
    )
    def test_what_is_not_there_is_404(self, stocked: Server, hive: str, path: str) -> None:
        assert faults_of_miss(stocked.get(f"/v3/{hive}/{path}")) == []


class TestPages:
    """Inlined below 128 versions, pages of 64 beyond."""

    def test_127_versions_are_inlined_and_128_are_not(self, shared_server: Server) -> None:
        for number in range(127):
            assert shared_server.push(nupkg("Acme.Long", f"1.{number}.0")).status == 201
        pages = pages_of(shared_server, "acme.long")
        assert [page["count"] for page in pages] == [64, 63]
        assert all(len(page["items"]) == page["count"] for page in pages)

        assert shared_server.push(nupkg("Acme.Long", "1.127.0")).status == 201

        pages = pages_of(shared_server, "acme.long")
        assert [(page["count"], page["lower"], page["upper"]) for page in pages] == [
            (64, "1.0.0", "1.63.0"),
            (64, "1.64.0", "1.127.0"),
        ]
        index = json_of(shared_server.get(f"/v3/{SEMVER2}/acme.long/index.json"))
        assert commit_of(index) == max(map(commit_of, pages))
        # quirk: a client follows `@id` only where `items` is left out
        assert not any("items" in page for page in pages)
        handed_out = [page["@id"] for page in pages]
        for page, address in zip(pages, handed_out, strict=True):
            document = get_absolute(shared_server, address)
            assert (document["@id"], document["count"]) == (address, 64)
            assert (document["lower"], document["upper"]) == (page["lower"], page["upper"])
            assert commit_of(document) == commit_of(page)
            assert document["parent"] == f"{shared_server.url}/v3/{SEMVER2}/acme.long/index.json"

        for version in ("0.5.0", "1.10.5", "1.127.1", "2.0.0"):
            assert shared_server.push(nupkg("Acme.Long", version)).status == 201
        self._check_a_full_walk(shared_server)
        for address in handed_out:
            document = get_absolute(shared_server, address)
            assert document["count"] == len(document["items"]) >= 64
        assert "1.10.5" in [
            leaf["catalogEntry"]["version"] for leaf in get_absolute(shared_server, handed_out[0])["items"]
        ]

    def _check_a_full_walk(self, server: Server) -> None:
        """Following every page finds every version once, in order, as the version list has them."""
        walked = [
            leaf["catalogEntry"]["version"]
            for page in pages_of(server, "acme.long")
            for leaf in get_absolute(server, page["@id"])["items"]
        ]
        assert walked == json_of(server.get("/v3/flat/acme.long/index.json"))["versions"]
        assert len(walked) == 132
