"""PackageBaseAddress/3.0.0 over real sockets: version lists and the files of a version."""

from urllib.parse import quote

import pytest

from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import set_feed
from tests.protocol.reads import faults_of_miss, faults_of_read
from tests.protocol.wire import exchange, json_of, request_bytes
from tests.support.builders import nupkg, nuspec
from tests.support.servers import Server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
JPEG = b"\xff\xd8\xff\xe0" + bytes(50)
README = "# Widgets\n\nÄ readme, long enough to be worth compressing.\n".encode() * 20
LICENSE = b"Do what you want.\n" * 30
DOCUMENT = nuspec(
    "Acme.Rich",
    "1.0.0",
    readme="docs/README.md",
    icon="images/icon.png",
    more='<license type="file">LICENSE.txt</license>',
    description="A package with everything. " * 20,
)
RICH = nupkg(
    "Acme.Rich",
    nuspec=DOCUMENT,
    files={"docs/README.md": README, "images/icon.png": PNG, "LICENSE.txt": LICENSE},
    payload_bytes=5000,
)
FOLDER = "/v3/flat/acme.rich/1.0.0"
NUPKG = f"{FOLDER}/acme.rich.1.0.0.nupkg"
VERSIONS = ["0.9.0-Beta.2", "0.9.0-beta.10", "1.0", "1.0.0.1", "1.2.3+meta.5", "1.10.0", "2.0.0-RC.1", "10.0.0"]


@pytest.fixture(scope="module")
def rich(shared_server: Server) -> Server:
    """The module's server, with a package that has all files."""
    assert shared_server.push(RICH).status == 201
    for version in reversed(VERSIONS):
        assert shared_server.push(nupkg("Acme.Many", version)).status == 201
    return shared_server


def test_versions_are_lower_case_normalised_and_ascending(rich: Server) -> None:
    assert json_of(rich.get("/v3/flat/acme.many/index.json")) == {
        "versions": ["0.9.0-beta.2", "0.9.0-beta.10", "1.0.0", "1.0.0.1", "1.2.3", "1.10.0", "2.0.0-rc.1", "10.0.0"]
    }


def test_every_version_of_the_list_is_downloadable_by_its_name_there(rich: Server) -> None:
    for listed, pushed in zip(json_of(rich.get("/v3/flat/acme.many/index.json"))["versions"], VERSIONS, strict=True):
        answer = rich.get(f"/v3/flat/acme.many/{listed}/acme.many.{listed}.nupkg")
        assert answer.body == nupkg("Acme.Many", pushed)
        assert answer.header("content-type") == "application/octet-stream"


@pytest.mark.parametrize(
    ("path", "is_zipped"),
    [
        ("/v3/flat/acme.rich/index.json", False),
        (NUPKG, False),
        (f"{FOLDER}/acme.rich.nuspec", True),
        (f"{FOLDER}/readme", True),
        (f"{FOLDER}/license", True),
        (f"{FOLDER}/icon", False),
    ],
)
def test_a_file_is_read_as_caches_and_browsers_expect(rich: Server, path: str, is_zipped: bool) -> None:
    assert faults_of_read(rich, path, is_zipped=is_zipped) == []


def test_a_long_version_list_is_compressed(shared_server: Server) -> None:
    for number in range(30):
        assert shared_server.push(nupkg("Acme.Long", f"1.{number}.0")).status == 201
    assert faults_of_read(shared_server, "/v3/flat/acme.long/index.json", is_zipped=True) == []


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("acme.rich.1.0.0.nupkg", RICH, "application/octet-stream"),
        ("acme.rich.nuspec", DOCUMENT, "application/xml"),
        ("readme", README, "text/markdown; charset=utf-8"),
        ("icon", PNG, "image/png"),
        ("license", LICENSE, "text/plain; charset=utf-8"),
    ],
)
def test_a_file_is_what_the_package_holds_by_its_real_type(rich: Server, name: str, content: bytes, kind: str) -> None:
    answer = rich.get(f"{FOLDER}/{name}")
    assert answer.body == content
    assert answer.header("content-type") == kind
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"


def test_an_icon_is_known_by_its_bytes(shared_server: Server) -> None:
    package = nupkg("Acme.Jpeg", icon="icon.png", files={"icon.png": JPEG})
    assert shared_server.push(package).status == 201
    answer = shared_server.get("/v3/flat/Acme.Jpeg/1.0.0/icon")
    assert answer.header("content-type") == "image/jpeg"
    assert answer.header("x-content-type-options") == "nosniff"


def test_what_is_no_icon_by_its_bytes_is_refused_or_not_shown(shared_server: Server) -> None:
    package = nupkg("Acme.Html", icon="icon.png", files={"icon.png": b"<html><script>alert(1)</script>"})
    assert shared_server.push(package).status == 400
    create_feed(shared_server, "attic", "strictness=lenient")
    assert shared_server.push(package, feed="/feeds/attic").status == 201
    assert shared_server.get("/feeds/attic/v3/flat/Acme.Html/1.0.0/icon").status == 404
    details = json_of(shared_server.get("/feeds/attic/v3/catalog/data/acme.html/1.0.0.json"))
    assert "iconUrl" not in details


@pytest.mark.parametrize("name", ["readme", "icon", "license"])
def test_nothing_that_a_publisher_wrote_runs_in_a_browser(rich: Server, name: str) -> None:
    for _ in range(3):
        assert "sandbox" in (rich.get(f"{FOLDER}/{name}").header("content-security-policy") or "")


def test_a_version_list_is_asked_for_again_each_time(rich: Server) -> None:
    assert rich.get("/v3/flat/acme.rich/index.json").header("cache-control") == "no-cache"


def test_a_push_changes_the_etag_of_the_version_list(shared_server: Server) -> None:
    path = "/v3/flat/acme.moving/index.json"
    assert shared_server.push(nupkg("Acme.Moving", "1.0.0")).status == 201
    etag = shared_server.get(path).header("etag") or ""
    assert shared_server.get(path, If_None_Match=etag).status == 304
    assert shared_server.push(nupkg("Acme.Moving", "2.0.0")).status == 201
    answer = shared_server.get(path, If_None_Match=etag)
    assert json_of(answer) == {"versions": ["1.0.0", "2.0.0"]}


@pytest.mark.parametrize(
    "path",
    [
        "acme.rich/1.0/acme.rich.1.0.nupkg",
        "ACME.Rich/1.0.0.0/Acme.RICH.1.0.0.0.NUPKG",
        "acme.rich/1.0.0+any/acme.rich.1.0.0.nupkg",
        "acme.rich/1.0.0/acme.rich.01.0.0.nupkg",
        "acme%2Erich/1%2E0.0/acme.rich.1.0.0.nupkg",
    ],
)
def test_any_spelling_of_a_version_finds_the_package(rich: Server, path: str) -> None:
    assert rich.get(f"/v3/flat/{path}").body == RICH


@pytest.mark.parametrize(
    "path",
    [
        "no.such/index.json",
        "no.such/1.0.0/no.such.1.0.0.nupkg",
        "acme.rich/9.9.9/acme.rich.9.9.9.nupkg",
        "acme.rich/1.0.0/acme.rich.2.0.0.nupkg",
        "acme.rich/1.0.0/acme.many.1.0.0.nupkg",
        "acme.rich/1.0.0/other.nuspec",
        "acme.rich/1.0.0/README.md",
        "acme.rich/no-version/acme.rich.no-version.nupkg",
        "acme.many/1.0.0/readme",
        "acme.many/1.0.0/icon",
        "acme.many/1.0.0/license",
        "acme.rich",
        "acme.rich/1.0.0",
        "",
        "%00/index.json",
        "a%2Fb/index.json",
        "..%2f..%2fmotherlode.db/index.json",
        f"{'a' * 5000}/index.json",
    ],
)
def test_what_is_not_there_is_404(rich: Server, path: str) -> None:
    assert faults_of_miss(rich.get(f"/v3/flat/{path}")) == []


class TestRanges:
    """Single ranges of packages: 206 and 416."""

    @pytest.mark.parametrize(
        ("asked", "first", "end"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 20),
            ("bytes=100-", 100, len(RICH)),
            ("bytes=-10", len(RICH) - 10, len(RICH)),
            (f"bytes=-{len(RICH) * 2}", 0, len(RICH)),
            (f"bytes=10-{len(RICH) * 2}", 10, len(RICH)),
            (f"bytes={len(RICH) - 1}-", len(RICH) - 1, len(RICH)),
            ("bytes=0-", 0, len(RICH)),
        ],
    )
    def test_a_range_is_206(self, rich: Server, asked: str, first: int, end: int) -> None:
        answer = rich.get(NUPKG, Range=asked)
        assert answer.status == 206
        assert answer.body == RICH[first:end]
        assert answer.header("content-range") == f"bytes {first}-{end - 1}/{len(RICH)}"
        assert answer.header("content-length") == str(end - first)
        assert answer.header("etag") == rich.get(NUPKG).header("etag")

    @pytest.mark.parametrize("asked", [f"bytes={len(RICH)}-", f"bytes={len(RICH) * 2}-{len(RICH) * 3}", "bytes=-0"])
    def test_a_range_outside_is_416(self, rich: Server, asked: str) -> None:
        answer = rich.get(NUPKG, Range=asked)
        assert answer.status == 416
        assert answer.header("content-range") == f"bytes */{len(RICH)}"

    @pytest.mark.parametrize(
        "asked", ["bytes=0-1,5-6", "bytes=9-3", "items=0-1", "bytes=", "bytes=a-b", "0-1", "bytes=-", "bytes=٣-٤"]
    )
    def test_what_is_no_single_range_gets_the_whole_package(self, rich: Server, asked: str) -> None:
        answer = rich.request("GET", NUPKG, headers={"Range": asked.encode().decode("latin-1")})
        assert answer.status == 200
        assert answer.body == RICH

    def test_if_range_asks_for_the_part_of_one_content_only(self, rich: Server) -> None:
        whole = rich.get(NUPKG)
        etag = whole.header("etag") or ""
        assert rich.get(NUPKG, Range="bytes=0-9", If_Range=etag).status == 206
        for other in ('"other"', f"W/{etag}", "Mon, 01 Jan 2001 00:00:00 GMT"):
            answer = rich.get(NUPKG, Range="bytes=0-9", If_Range=other)
            assert (answer.status, answer.body) == (200, RICH)

    def test_ranges_are_offered(self, rich: Server) -> None:
        assert rich.request("HEAD", NUPKG).header("accept-ranges") == "bytes"

    def test_the_parts_of_a_download_make_the_whole(self, rich: Server) -> None:
        parts = [rich.get(NUPKG, Range=f"bytes={at}-{at + 999}").body for at in range(0, len(RICH), 1000)]
        assert b"".join(parts) == RICH


@pytest.mark.parametrize(
    ("package_id", "disposition"),
    [
        ("Acme.Plain", 'attachment; filename="acme.plain.1.0.0.nupkg"'),
        (
            "Acme.Größe",
            "attachment; filename=\"acme.gr__e.1.0.0.nupkg\"; filename*=UTF-8''acme.gr%C3%B6%C3%9Fe.1.0.0.nupkg",
        ),
        (
            "Пакет",
            "attachment; filename=\"_____.1.0.0.nupkg\"; filename*=UTF-8''%D0%BF%D0%B0%D0%BA%D0%B5%D1%82.1.0.0.nupkg",
        ),
    ],
)
def test_a_package_is_saved_under_its_own_name(shared_server: Server, package_id: str, disposition: str) -> None:
    """RFC 6266: letters outside of ASCII stand in filename*."""
    set_feed(shared_server, "default", strictness="lenient")
    assert shared_server.push(nupkg(package_id)).status == 201
    name = quote(package_id.lower())
    for _ in range(2):
        answer = shared_server.get(f"/v3/flat/{name}/1.0.0/{name}.1.0.0.nupkg")
        assert (answer.status, answer.header("content-disposition")) == (200, disposition)


def test_a_header_in_several_lines_is_one_list(shared_server: Server) -> None:
    """RFC 9110, 5.3: proxies and libraries add lines of their own."""
    assert shared_server.push(nupkg("Acme.Lines")).status == 201
    path = "/v3/registration/acme.lines/index.json"
    for _ in range(2):
        zipped = exchange(shared_server, request_bytes("GET", "/", "Accept-Encoding: br", "Accept-Encoding: gzip"))
        assert (zipped.status, zipped.header("content-encoding")) == (200, "gzip")
        plain = exchange(shared_server, request_bytes("GET", path))
        lines = ('If-None-Match: "other"', f"If-None-Match: {plain.header('etag')}")
        assert exchange(shared_server, request_bytes("GET", path, *lines)).status == 304
