"""Absolute addresses: by Host, by the public address, behind proxies, and behind a real nginx below a sub-path."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.protocol.traces_left import resident_bytes
from tests.protocol.wire import exchange, json_of, read_answer, request_bytes
from tests.support.builders import nupkg
from tests.support.nginx import documented_nginx
from tests.support.servers import Answer, Server, form, free_port, start_server

INDEX = "/v3/index.json"
FORWARDED = ("X-Forwarded-Proto: https", "X-Forwarded-Host: nuget.example.com", "X-Forwarded-Prefix: /nuget")


def get(server: Server, path: str, *headers: str, host: str | None = None) -> Answer:
    """GET with a Host of one's own, or none."""
    return exchange(server, request_bytes("GET", path, *headers, host=host, version="1.1" if host else "1.0"))


def base_of(answer: Answer) -> str:
    """What all addresses of a service index begin with."""
    addresses = [resource["@id"] for resource in json_of(answer)["resources"]]
    [base] = {re.split(r"/(?:v3/|api/v2/|packages[/?])", address)[0] for address in addresses}
    return base


class TestHost:
    """Without settings, addresses come from the request."""

    @pytest.mark.parametrize("host", ["localhost:{port}", "nuget.corp:8080", "a.b", "[::1]:{port}", "NUGET.corp"])
    def test_the_host_that_was_asked_is_answered(self, shared_server: Server, host: str) -> None:
        asked = host.format(port=shared_server.port)
        assert base_of(get(shared_server, INDEX, host=asked)) == f"http://{asked.lower()}"

    @pytest.mark.parametrize(
        "host",
        ["", "a b", "evil.example/path", '"><script>', "a" * 300, "x:999999", "user@host", "ä.example", "%", "[::1"],
    )
    def test_a_host_that_is_none_breaks_nothing(self, shared_server: Server, host: str) -> None:
        answer = exchange(shared_server, request_bytes("GET", INDEX, host=host))
        assert answer.status in {200, 400}
        if answer.status == 200:
            assert base_of(answer) == shared_server.url

    def test_http_1_0_without_host_is_told_the_address_it_used(self, shared_server: Server) -> None:
        assert base_of(get(shared_server, INDEX)) == shared_server.url

    @pytest.mark.parametrize("headers", [FORWARDED, ("Forwarded: for=1.2.3.4;host=evil.example;proto=https",)])
    def test_forwarded_headers_of_strangers_are_ignored(self, shared_server: Server, headers: tuple[str, ...]) -> None:
        answer = get(shared_server, INDEX, *headers, host=f"127.0.0.1:{shared_server.port}")
        assert base_of(answer) == shared_server.url

    def test_what_one_host_is_told_no_other_gets(self, shared_server: Server) -> None:
        assert shared_server.push(nupkg("Acme.Host")).status == 201
        path = "/v3/registration-gz-semver2/acme.host/index.json"
        for host in ("evil.example", "other.example", "evil.example"):
            document = get(shared_server, path, host=host).body.decode()
            assert f"http://{host}/v3/" in document
            assert shared_server.url not in document
        assert "example" not in shared_server.get(path).body.decode()

    def test_hosts_that_nobody_expects_fill_no_memory(self, server: Server) -> None:
        """A large document for thousands of hosts would take hundreds of megabytes if any were kept."""
        for number in range(20):
            assert server.push(nupkg("Acme.Big", f"1.{number}.0", description="x" * 3900)).status == 201
        path = "/v3/registration-gz-semver2/acme.big/index.json"
        size = len(server.get(path).body)
        with server.connect() as connection:
            _ask_as_many_hosts(connection, path, 200)
            before = resident_bytes(server)
            _ask_as_many_hosts(connection, path, 1000)
        assert size > 80_000
        assert resident_bytes(server) - before < 20 * 1024 * 1024


def _ask_as_many_hosts(connection: socket.socket, path: str, count: int) -> None:
    for number in range(count):
        connection.sendall(request_bytes("GET", path, host=f"h{number}.example"))
        assert read_answer(connection).status == 200


class TestSeveralHosts:
    """RFC 9112, 3.2: a request with more than one Host is refused, whatever it asks for."""

    @pytest.mark.parametrize("path", [INDEX, "/", "/health/live", "/metrics", "/nowhere"])
    @pytest.mark.parametrize("second", ["localhost", "evil.example", ""])
    def test_it_is_refused(self, shared_server: Server, path: str, second: str) -> None:
        host = f"127.0.0.1:{shared_server.port}"
        assert get(shared_server, path, host=host).status in {200, 404}
        answer = get(shared_server, path, f"Host: {second}", host=host)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "hosts-several")
        assert b"evil" not in answer.body

    def test_a_public_address_changes_nothing_about_it(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": "https://nuget.example.com"})
        for _ in range(2):
            assert get(server, INDEX, host="a.example").status == 200
            assert get(server, INDEX, "Host: b.example", host="a.example").status == 400


class TestSlashes:
    """Several slashes in a row are one: `URL/` and `/v3/index.json` make `URL//v3/index.json`."""

    @pytest.mark.parametrize(
        "path",
        [
            *("//v3/index.json", "/v3//index.json", "/v3/index.json//", "///v3///index.json///"),
            *("//feeds//default//v3//index.json", "//v3//search?q=a//b", "//health//live", "//packages", "//"),
        ],
    )
    def test_they_lead_to_the_same(self, shared_server: Server, path: str) -> None:
        address, question, query = path.partition("?")
        plain = shared_server.get("/".join(["", *filter(None, address.split("/"))]) + question + query)
        assert plain.status == 200
        for _ in range(2):
            answer = shared_server.get(path)
            assert (answer.status, answer.body) == (200, plain.body)

    def test_below_a_prefix_too(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": "https://example.com/nuget"})
        for path in (f"//nuget/{INDEX}", f"/nuget/{INDEX}"):
            assert server.get(path).status == 200

    def test_no_link_of_a_page_leads_to_another_host_by_them(self, shared_server: Server) -> None:
        for path in ("//evil.example/a", "///evil.example", "//evil.example//"):
            page = shared_server.get(path, Accept="text/html")
            assert page.status == 404
            assert b'"//' not in page.body
            assert b"next=//" not in page.body
            assert b"next=%2F%2F" not in page.body


class TestPublicUrl:
    """`server.public_url` decides, whatever a request says; its path may be there or be stripped."""

    @pytest.mark.parametrize("public", ["https://nuget.example.com", "https://example.com/nuget/", "http://a.b:81/x/y"])
    def test_every_address_begins_with_it(self, serve: Callable[..., Server], public: str) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": public})
        assert server.push(nupkg("Acme.Public")).status == 201
        for headers in ((), FORWARDED):
            assert base_of(get(server, INDEX, *headers, host="evil.example")) == public.rstrip("/")
        for path in ("/v3/registration/acme.public/index.json", "/v3/catalog/data/acme.public/1.0.0.json", "/"):
            document = get(server, path, host="evil.example").body.decode()
            assert f"{public.rstrip('/')}/" in document
            assert "evil" not in document

    def test_its_path_is_answered_and_so_is_what_is_left_of_it(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_PUBLIC_URL": "https://example.com/nuget"})
        for path in (INDEX, f"/nuget{INDEX}", f"/nuget/feeds/default{INDEX}"):
            assert server.get(path).status == 200
        for path in (f"/nuget2{INDEX}", f"/nuget/nuget{INDEX}"):
            assert server.get(path).status == 404


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trusts this machine as a proxy."""
    environment = {"MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}
    server = start_server(data=tmp_path_factory.mktemp("proxied") / "data", environment=environment)
    yield server
    server.stop()


class TestTrustedProxies:
    """Forwarded headers count from trusted proxies alone."""

    @pytest.mark.parametrize(
        ("headers", "base"),
        [
            (FORWARDED, "https://nuget.example.com/nuget"),
            (FORWARDED[:2], "https://nuget.example.com"),
            (("X-Forwarded-Proto: https",), "https://asked.example"),
            ((), "http://asked.example"),
            (("X-Forwarded-Proto: js", "X-Forwarded-Host: a b", "X-Forwarded-Prefix: //x"), "http://asked.example"),
            (("X-Forwarded-Host: evil.example, second.example",), "http://second.example"),
            (("X-Forwarded-Host: evil.example", "X-Forwarded-Host: second.example"), "http://second.example"),
            (("X-Forwarded-Proto: https", "X-Forwarded-Port: 8443"), "https://asked.example:8443"),
            (('Forwarded: for=1.2.3.4;proto=https;host="a.example:8443"',), "https://a.example:8443"),
            (("Forwarded: host=evil.example", "Forwarded: for=1.2.3.4;host=a.example"), "http://a.example"),
        ],
    )
    def test_addresses_are_those_the_proxy_was_asked_for(
        self, proxied: Server, headers: tuple[str, ...], base: str
    ) -> None:
        assert base_of(get(proxied, INDEX, *headers, host="asked.example")) == base

    def test_other_proxies_are_strangers(self, serve: Callable[..., Server]) -> None:
        server = serve(environment={"MOTHERLODE_SERVER_TRUSTED_PROXIES": "10.0.0.0/8"})
        assert base_of(get(server, INDEX, *FORWARDED, host="asked.example")) == "http://asked.example"


class TestNginx:
    """Behind a real nginx below /nuget, which strips that from the path or does not."""

    @pytest.mark.parametrize("slash", ["/", ""], ids=["prefix stripped", "prefix kept"])
    @pytest.mark.parametrize("how", ["public_url", "trusted_proxies"])
    def test_push_and_restore_work_through_it(
        self, serve: Callable[..., Server], tmp_path: Path, slash: str, how: str
    ) -> None:
        port = free_port()
        outside = free_port()
        with documented_nginx(tmp_path / "nginx", outside, port, path="/nuget/", slash=slash):
            base = f"http://127.0.0.1:{outside}/nuget"
            settings = {"public_url": base, "trusted_proxies": "127.0.0.1"}
            server = serve(port=port, environment={f"MOTHERLODE_SERVER_{how}".upper(): settings[how]})
            through = Server(server.process, f"http://127.0.0.1:{outside}", server.data, server.key)
            _push_and_restore(through, base)


def _push_and_restore(server: Server, base: str) -> None:
    package = nupkg("Acme.Proxied", payload_bytes=5_000_000)
    index = {each["@type"]: each["@id"] for each in json_of(server.get("/nuget/v3/index.json"))["resources"]}
    assert {address.startswith(f"{base}/") for address in index.values()} == {True}

    body, kind = form(package)
    headers = {"X-NuGet-ApiKey": server.key, "Content-Type": kind}
    publish = index["PackagePublish/2.0.0"].removeprefix(server.url)
    assert server.request("PUT", f"{publish}/", body=body, headers=headers).status == 201
    assert server.request("PUT", f"{publish}/", body=body, headers=headers).status == 409

    flat = index["PackageBaseAddress/3.0.0"].removeprefix(server.url)
    assert json_of(server.get(f"{flat}acme.proxied/index.json")) == {"versions": ["1.0.0"]}
    registrations = index["RegistrationsBaseUrl/3.6.0"].removeprefix(server.url)
    registration = json_of(server.get(f"{registrations}acme.proxied/index.json"))
    leaf = registration["items"][0]["items"][0]
    assert server.get(leaf["packageContent"].removeprefix(server.url)).body == package
    assert json_of(server.get(leaf["@id"].removeprefix(server.url)))["@id"] == leaf["@id"]
    assert json_of(server.get(leaf["catalogEntry"]["@id"].removeprefix(server.url)))["id"] == "Acme.Proxied"
    delete = f"{publish}/Acme.Proxied/1.0.0"
    assert server.request("DELETE", delete, headers=headers).status == 204
