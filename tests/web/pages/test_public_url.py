"""Pages of a server with a public address, opened by another name: what they use is there under any name."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_user
from tests.support.builders import nupkg
from tests.support.servers import Server, start_server
from tests.web.pages.browsing import Browser
from tests.web.pages.markup import Page, find_faults, parse_page

PREFIX = "/nu/get"
PUBLIC = f"https://pkg.example{PREFIX}"
HEADERS = {"Host": "alias.example", "Accept": "text/html"}
PATHS = (
    "/",
    "/packages",
    "/packages?q=nothing-of-that-name",
    "/packages/Acme.Full",
    "/packages/Acme.Full/1.0.0",
    "/packages/Acme.Full/1.0.0/license",
    "/packages/Acme.User",
    "/stats",
    "/feeds/tools/",
    "/feeds/tools/stats",
    "/sign-in",
    "/nowhere",
)
ATTRIBUTES = ("href", "src", "action", "xlink:href")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"MOTHERLODE_SERVER_PUBLIC_URL": PUBLIC}
    server = start_server(data=tmp_path_factory.mktemp("public") / "data", environment=environment)
    files = {"LICENSE.txt": b"Take it.", "README.md": b"# Read [me](#a)", "icon.png": PNG}
    more = '<license type="file">LICENSE.txt</license><readme>README.md</readme><icon>icon.png</icon><tags>one</tags>'
    for package in (
        nupkg("Acme.Full", more=more, files=files),
        nupkg("Acme.User", dependencies={"Acme.Full": "1.0.0"}),
    ):
        assert server.push(package).status == 201
    create_feed(server, "tools")
    yield server
    server.stop()


def used_by(page: Page) -> list[tuple[str, str]]:
    """The addresses that a page itself uses, each with the name of its element."""
    canonical = page.one("link", rel="canonical")
    return [
        (each.tag, each.attrib[name])
        for each in page.all()
        if each is not canonical
        for name in ATTRIBUTES
        if name in each.attrib
    ]


@pytest.mark.parametrize("before", ["", PREFIX])
@pytest.mark.parametrize("path", PATHS)
def test_what_a_page_uses_is_a_path_of_this_very_server(public: Server, path: str, before: str) -> None:
    """With the prefix, whether the request had it or not; the one address of the page is absolute."""
    page = parse_page(public.request("GET", before + path, headers=HEADERS).body)
    used = [each for each in used_by(page) if not each[1].startswith("#")]
    assert {"a", "link", "script"} <= {tag for tag, _ in used}
    assert [each for each in used if not each[1].startswith(f"{PREFIX}/")] == []
    assert page.one("link", rel="canonical").get("href", "").startswith(f"{PUBLIC}/")
    images = [each.get("content", "") for each in page.all("meta") if each.get("property") in {"og:url", "og:image"}]
    assert all(image.startswith(f"{PUBLIC}/") for image in images)


def test_all_that_pages_use_is_there(public: Server) -> None:
    addresses = {
        address for path in PATHS for _, address in used_by(parse_page(public.get(path, Accept="text/html").body))
    }
    addresses = {address.partition("#")[0] for address in addresses if not address.startswith("#")}
    assert len(addresses) > 30
    assert {address: public.get(address).status for address in addresses} == dict.fromkeys(addresses, 200)


def test_what_clients_and_others_are_told_is_absolute(public: Server) -> None:
    lines = parse_page(public.request("GET", "/packages/Acme.Full", headers=HEADERS).body).text
    assert f"-Source {PUBLIC}/v3/index.json" in lines
    home = parse_page(public.request("GET", "/feeds/tools/", headers=HEADERS).body).text
    assert f"dotnet nuget add source {PUBLIC}/feeds/tools/v3/index.json --name tools" in home
    assert f"Package source {PUBLIC}/feeds/tools/v3/index.json" in home
    resources = json.loads(public.get("/v3/index.json").body)["resources"]
    assert all(resource["@id"].startswith(f"{PUBLIC}/") for resource in resources)
    assert f'template="{PUBLIC}/packages?q={{searchTerms}}"'.encode() in public.get("/opensearch.xml").body
    assert f"<id>{PUBLIC}/packages/Acme.Full</id>".encode() in public.get("/packages/Acme.Full/feed.atom").body


def test_whoever_signs_in_by_another_name_finds_the_way_out(public: Server) -> None:
    browser = Browser(public, headers=HEADERS | {"Origin": "http://alias.example"})
    password = add_user(public, "ada")
    form = parse_page(browser.get("/sign-in").body).one("form", _class="panel")
    assert form.get("action") == f"{PREFIX}/sign-in"
    token = next(each.get("value", "") for each in form.iter("input") if each.get("name") == "token")
    answer = browser.post(f"{PREFIX}/sign-in", {"token": token, "name": "ada", "password": password, "next": "/stats"})
    assert (answer.status, answer.header("location")) == (303, f"{PREFIX}/stats")
    page = parse_page(browser.get(f"{PREFIX}/stats").body, PUBLIC)
    assert page.one("form", _class="sign-out").get("action") == f"{PREFIX}/sign-out"
    assert urlsplit(page.one("link", rel="canonical").get("href", "")).path == "/stats"


def test_without_a_public_address_links_are_paths_too(shared_server: Server) -> None:
    page = parse_page(shared_server.request("GET", "/", headers=HEADERS).body)
    assert find_faults(page) == []
    assert [each for each in used_by(page) if not each[1].startswith(("/", "#")) or each[1].startswith("//")] == []
    assert page.one("link", rel="canonical").get("href") == "http://alias.example/"
