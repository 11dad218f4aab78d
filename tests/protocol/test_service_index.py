"""The service index over real sockets: every address it names works, and nothing is named that is not there."""

import json
from urllib.parse import urlsplit

from motherlode.nuget.ids import parse_package_id
from motherlode.usecases.packages.owners import add_owner
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_user, change
from tests.protocol.reads import faults_of_read
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Server

TYPES = {
    "PackageBaseAddress/3.0.0": "/v3/flat/",
    "PackagePublish/2.0.0": "/api/v2/package",
    "RegistrationsBaseUrl": "/v3/registration/",
    "RegistrationsBaseUrl/3.0.0-beta": "/v3/registration/",
    "RegistrationsBaseUrl/3.0.0-rc": "/v3/registration/",
    "RegistrationsBaseUrl/3.4.0": "/v3/registration-gz/",
    "RegistrationsBaseUrl/3.6.0": "/v3/registration-gz-semver2/",
    "RegistrationsBaseUrl/Versioned": "/v3/registration-gz-semver2/",
    "SearchQueryService": "/v3/search",
    "SearchQueryService/3.0.0-beta": "/v3/search",
    "SearchQueryService/3.0.0-rc": "/v3/search",
    "SearchQueryService/3.5.0": "/v3/search",
    "SearchAutocompleteService": "/v3/autocomplete",
    "SearchAutocompleteService/3.0.0-beta": "/v3/autocomplete",
    "SearchAutocompleteService/3.0.0-rc": "/v3/autocomplete",
    "SearchAutocompleteService/3.5.0": "/v3/autocomplete",
    "ReadmeUriTemplate/6.13.0": "/v3/flat/{lower_id}/{lower_version}/readme",
    "PackageDetailsUriTemplate/5.1.0": "/packages/{id}/{version}",
    "OwnerDetailsUriTemplate/6.11.0": "/packages?owner={owner}",
}
PAGES = {"OwnerDetailsUriTemplate/6.11.0"}
"""Pages may have a query; to the addresses of resources clients add their own."""


def test_the_index_names_every_resource_once_with_an_absolute_address(shared_server: Server) -> None:
    index = json_of(shared_server.get("/v3/index.json"))
    assert index["version"] == "3.0.0"
    named = {resource["@type"]: resource["@id"] for resource in index["resources"]}
    assert len(named) == len(index["resources"])
    assert {kind: named.get(kind) for kind in TYPES} == {kind: shared_server.url + path for kind, path in TYPES.items()}
    assert all(address.startswith(f"{shared_server.url}/") for address in named.values())
    assert {kind for kind, address in named.items() if "?" in address} == PAGES


def test_old_clients_find_semver2_packages_through_the_versioned_type(shared_server: Server) -> None:
    """# quirk: clients 4.3 to 6.6 take RegistrationsBaseUrl/Versioned by its clientVersion, never 3.6.0."""
    resources = json_of(shared_server.get("/v3/index.json"))["resources"]
    with_version = {each["@type"]: each["clientVersion"] for each in resources if "clientVersion" in each}
    assert with_version == {"RegistrationsBaseUrl/Versioned": "4.3.0"}


def test_every_resource_works(shared_server: Server) -> None:
    package = nupkg("Acme.Index", readme="README.md", files={"README.md": b"# Read me"})
    resources = json_of(shared_server.get("/v3/index.json"))["resources"]
    paths = {each["@type"]: urlsplit(each["@id"]).path for each in resources}
    publish = f"{paths['PackagePublish/2.0.0']}/"
    headers = {"X-NuGet-ApiKey": shared_server.key}
    assert shared_server.request("PUT", publish, body=package, headers=headers).status == 201
    assert shared_server.request("DELETE", f"{publish}Acme.Index/1.0.0", headers=headers).status == 204
    assert shared_server.request("POST", f"{publish}Acme.Index/1.0.0", headers=headers).status == 200
    for kind, path in paths.items():
        if kind.startswith("RegistrationsBaseUrl"):
            assert shared_server.get(f"{path}acme.index/index.json").status == 200
    flat = paths["PackageBaseAddress/3.0.0"]
    assert shared_server.get(f"{flat}acme.index/index.json").body == b'{"versions":["1.0.0"]}'
    for kind in paths.keys() - TYPES.keys():
        assert shared_server.get(f"{paths[kind]}?q=acme").status == 200, kind
    for kind, path in paths.items():
        if kind.startswith("Search"):
            assert json_of(shared_server.get(f"{path}?q=acme.index"))["totalHits"] == 1
    readme = paths["ReadmeUriTemplate/6.13.0"].replace("{lower_id}", "acme.index").replace("{lower_version}", "1.0.0")
    assert shared_server.get(readme).body == b"# Read me"


def test_people_are_led_to_pages(shared_server: Server) -> None:
    """Clients put in the id as it is shown, the version normalised, and the owner as search names it."""
    assert shared_server.push(nupkg("Acme.Paged", "1.0")).status == 201
    add_user(shared_server, "Olga")
    change(shared_server, add_owner, parse_package_id("Acme.Paged"), "olga", feed="default")
    [hit] = json_of(shared_server.get("/v3/search?q=packageid:acme.paged"))["data"]
    resources = json_of(shared_server.get("/v3/index.json"))["resources"]
    templates = {each["@type"]: str(each["@id"]).removeprefix(shared_server.url) for each in resources}
    page = templates["PackageDetailsUriTemplate/5.1.0"].replace("{id}", hit["id"]).replace("{version}", "1.0.0")
    assert b"Acme.Paged" in shared_server.get(page, Accept="text/html").body
    [owner] = hit["owners"]
    assert owner == "Olga"
    packages = shared_server.get(templates["OwnerDetailsUriTemplate/6.11.0"].replace("{owner}", owner))
    assert packages.status == 200
    assert b"Acme.Paged" in packages.body
    assert b"Acme.Index" not in packages.body


def test_it_is_read_as_caches_and_browsers_expect(shared_server: Server) -> None:
    assert faults_of_read(shared_server, "/v3/index.json", is_zipped=True) == []
    assert shared_server.get("/v3/index.json").header("cache-control") == "no-cache"


def test_each_feed_has_its_own(shared_server: Server) -> None:
    create_feed(shared_server, "other")
    default = shared_server.get("/v3/index.json").body.decode()
    other = shared_server.get("/feeds/other/v3/index.json").body.decode()
    assert other == default.replace(shared_server.url, f"{shared_server.url}/feeds/other")
    assert shared_server.get("/feeds/default/v3/index.json").body.decode() == default


def test_what_is_pushed_to_one_feed_is_on_that_feed_only(shared_server: Server) -> None:
    create_feed(shared_server, "lone")
    package = nupkg("Acme.Lone")
    assert shared_server.push(package, feed="/feeds/lone").status == 201
    assert shared_server.get("/feeds/lone/v3/flat/acme.lone/1.0.0/acme.lone.1.0.0.nupkg").body == package
    for path in ("/v3/flat/acme.lone/index.json", "/v3/registration/acme.lone/index.json"):
        assert shared_server.get(path).status == 404
        document = shared_server.get(f"/feeds/lone{path}").body.decode()
        assert shared_server.url not in document.replace(f"{shared_server.url}/feeds/lone/", "")
    assert shared_server.push(package).status == 201


def test_a_feed_that_is_not_there_is_404(shared_server: Server) -> None:
    for path in ("/feeds/none/v3/index.json", "/feeds//none/", "/feeds/%00/v3/index.json", "/feeds//v3/index.json"):
        answer = shared_server.get(path)
        assert answer.status == 404
        assert json.loads(answer.body)["code"] in {"feed-not-found", "address-not-found"}


def test_an_unknown_address_says_where_the_feed_is(shared_server: Server) -> None:
    """A client that was given a wrong address shows its user where the right one is."""
    answer = shared_server.get("/nuget")
    assert answer.status == 404
    assert f"{shared_server.url}/v3/index.json" in json.loads(answer.body)["detail"]
