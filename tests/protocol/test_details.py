"""The details document of a version over real sockets: what `catalogEntry.@id` points to."""

import base64
import hashlib
import zlib

import pytest

from tests.protocol.reads import faults_of_miss, faults_of_read
from tests.protocol.wire import json_of
from tests.support.builders import nupkg
from tests.support.servers import Server

PACKAGE = nupkg(
    "Acme.Details",
    "1.2.0+build.7",
    description="All there is to say. " * 20,
    title="Acme details",
    summary="Details.",
    projectUrl="https://example.com/details",
    iconUrl="https://example.com/icon.png",
    releaseNotes="First.",
    copyright="Nobody",
    language="en-US",
    tags="a b",
    requireLicenseAcceptance="true",
    developmentDependency="true",
    more='<repository type="git" url="https://example.com/r.git" branch="main" commit="abc" />'
    '<license type="expression">MIT OR Apache-2.0</license>'
    '<packageTypes><packageType name="DotnetTool" /><packageType name="Other" version="1.0" /></packageTypes>',
    dependencies={"Acme.Core": "1.0"},
)


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with the package."""
    assert shared_server.push(PACKAGE).status == 201
    return shared_server


def test_it_says_all_that_the_package_says(stocked: Server) -> None:
    details = json_of(stocked.get("/v3/catalog/data/acme.details/1.2.0.json"))
    expected = {
        "id": "Acme.Details",
        "version": "1.2.0+build.7",
        "verbatimVersion": "1.2.0+build.7",
        "authors": "Sample Authors",
        "title": "Acme details",
        "summary": "Details.",
        "projectUrl": "https://example.com/details",
        "iconUrl": "https://example.com/icon.png",
        "licenseExpression": "MIT OR Apache-2.0",
        "releaseNotes": "First.",
        "copyright": "Nobody",
        "language": "en-US",
        "tags": ["a", "b"],
        "requireLicenseAcceptance": True,
        "developmentDependency": True,
        "isPrerelease": False,
        "listed": True,
        "packageSize": len(PACKAGE),
        "packageHash": base64.b64encode(hashlib.sha512(PACKAGE).digest()).decode(),
        "packageHashAlgorithm": "SHA512",
        "packageTypes": [{"name": "DotnetTool"}, {"name": "Other", "version": "1.0"}],
        "repository": {"type": "git", "url": "https://example.com/r.git", "branch": "main", "commit": "abc"},
    }
    assert {name: details.get(name) for name in expected} == expected


def test_it_is_where_the_registration_points_to(stocked: Server) -> None:
    index = json_of(stocked.get("/v3/registration-gz-semver2/acme.details/index.json"))
    entry = index["items"][0]["items"][0]["catalogEntry"]
    details = json_of(stocked.get(entry["@id"].removeprefix(stocked.url)))
    assert details["@id"] == entry["@id"]
    # the dependency links lead into the hive at hand, all else is the same
    assert all(details[name] == entry[name] for name in entry if name not in {"@type", "dependencyGroups"})


def test_it_is_read_as_caches_and_browsers_expect(stocked: Server) -> None:
    assert faults_of_read(stocked, "/v3/catalog/data/acme.details/1.2.0.json", is_zipped=True) == []


@pytest.mark.parametrize("spelled", ["ACME.details/1.2", "acme.details/1.2.0.0", "acme.details/1.2.0+build.9"])
def test_any_spelling_finds_it(stocked: Server, spelled: str) -> None:
    details = json_of(stocked.get(f"/v3/catalog/data/{spelled}.json"))
    assert details["@id"] == f"{stocked.url}/v3/catalog/data/acme.details/1.2.0.json"


@pytest.mark.parametrize("path", ["no.such/1.0.0", "acme.details/9.9.9", "acme.details/no-version"])
def test_what_is_not_there_is_404(stocked: Server, path: str) -> None:
    assert faults_of_miss(stocked.get(f"/v3/catalog/data/{path}.json")) == []


@pytest.mark.parametrize("address", ["http://[bad", "no address", "javascript:alert(1)", "//example.com/x", "http://"])
@pytest.mark.parametrize("name", ["iconUrl", "projectUrl", "licenseUrl"])
def test_an_address_that_is_none_is_left_out(shared_server: Server, name: str, address: str) -> None:
    """# quirk: one malformed iconUrl makes .NET SDK 10 drop all versions of a registration."""
    package_id = f"Acme.Address.{zlib.crc32(f'{name} {address}'.encode())}"
    pushed = shared_server.push(nupkg(package_id, **{name: address}))
    assert pushed.status in {201, 400}
    if pushed.status == 201:
        details = json_of(shared_server.get(f"/v3/catalog/data/{package_id}/1.0.0.json"))
        assert name not in details
