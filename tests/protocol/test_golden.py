"""Requests as real clients sent them, replayed byte for byte; what they must get is what those clients live on."""

import hashlib
from pathlib import Path

import pytest

from tests.conftest import require
from tests.protocol.traces_left import held_by
from tests.protocol.wire import GOLDEN, exchange, golden, json_of
from tests.support.builders import nupkg
from tests.support.servers import Answer, Server

WIDGETS = nupkg("Acme.Widgets", "1.0.0")
WIDGETS_2 = nupkg("Acme.Widgets", "2.0.0")

PUSHES = (
    "dotnet-10-push",
    "dotnet-10-push-empty-basic",
    "dotnet-10-push-with-basic",
    "dotnet-10-v2-push",
    "nuget-2.8.7-push",
    "nuget-exe-5.8-push",
    "paket-12-push",
)
PUSHES_WITHOUT_KEY = ("dotnet-10-push-no-key", "nuget-2.8.7-push-no-key", "nuget-exe-5.8-push-no-key")
DELETES = (
    "dotnet-10-delete",
    "dotnet-10-delete-spelled",
    "dotnet-10-v2-delete",
    "nuget-2.8.7-delete",
    "nuget-exe-5.8-delete",
)
READS = {
    "dotnet-10-index": "/v3/index.json",
    "paket-12-index": "/v3/index.json",
    "dotnet-10-restore-versions": "/v3/flat/acme.widgets/index.json",
    "paket-12-versions": "/v3/flat/acme.widgets/index.json",
    "paket-12-versions-basic": "/v3/flat/acme.widgets/index.json",
    "nuget-exe-5.8-registration": "/v3/registration-gz-semver2/acme.widgets/index.json",
    "paket-12-registration": "/v3/registration-gz-semver2/acme.widgets/index.json",
}


@pytest.fixture(scope="module")
def stocked(shared_server: Server) -> Server:
    """The module's server, with two versions of Acme.Widgets."""
    for package in (WIDGETS, WIDGETS_2):
        assert shared_server.push(package).status == 201
    return shared_server


def stored(server: Server, package_id: str, version: str = "1.0.0") -> bytes:
    answer = server.get(f"/v3/flat/{package_id}/{version}/{package_id}.{version}.nupkg")
    assert answer.status == 200
    return answer.body


def sha512(body: bytes) -> str:
    return hashlib.sha512(body).hexdigest()


def assert_fits_http_1_0(answer: Answer) -> None:
    """HTTP/1.0 knows no chunks, and this client offered no compression."""
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("transfer-encoding") is None
    assert answer.header("content-encoding") is None


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.http")), ids=lambda path: path.stem)
def test_a_golden_request_is_what_was_recorded(path: Path) -> None:
    assert path.read_bytes() == (require("MOTHERLODE_TRACES") / path.name).read_bytes()


@pytest.mark.parametrize("name", PUSHES)
@pytest.mark.parametrize("size_bytes", [0, 300_000])
def test_a_recorded_push_stores_the_package_and_no_byte_more(stocked: Server, name: str, size_bytes: int) -> None:
    package_id = f"golden.{name}.{size_bytes}"
    package = nupkg(package_id, payload_bytes=size_bytes)

    assert exchange(stocked, golden(name, stocked, nupkg=package)).status == 201
    assert sha512(stored(stocked, package_id)) == sha512(package)

    before = held_by(stocked)
    assert exchange(stocked, golden(name, stocked, nupkg=package)).status == 409
    assert held_by(stocked) == before


@pytest.mark.parametrize("name", ["nuget-2.8.7-push", "paket-12-push"])
@pytest.mark.parametrize("last", [b"\r", b"\n", b"\r\n", b"--", b"\n--"])
def test_a_bare_lf_before_the_closing_delimiter_takes_nothing_from_the_package(
    stocked: Server, name: str, last: bytes
) -> None:
    """The package's own last bytes, in the comment that ends its zip, look like the end of a line."""
    package_id = f"golden.{name}.{last.hex()}"
    package = nupkg(package_id, comment=b"ends with" + last)
    assert exchange(stocked, golden(name, stocked, nupkg=package)).status == 201
    assert stored(stocked, package_id) == package


@pytest.mark.parametrize("name", PUSHES_WITHOUT_KEY)
def test_a_recorded_push_without_a_key_is_401_and_stores_nothing(stocked: Server, name: str) -> None:
    before = held_by(stocked)
    answer = exchange(stocked, golden(name, stocked, nupkg=nupkg(f"golden.{name}", payload_bytes=300_000)))

    assert answer.status == 401
    assert (answer.header("www-authenticate") or "").startswith("ApiKey")
    assert answer.header("x-nuget-warning")
    assert held_by(stocked) == before


@pytest.mark.parametrize("name", [name for name in (*PUSHES, *PUSHES_WITHOUT_KEY) if name.startswith("nuget-2.8.7")])
def test_an_http_1_0_push_is_answered_as_http_1_0_can_read_it(stocked: Server, name: str) -> None:
    assert_fits_http_1_0(exchange(stocked, golden(name, stocked, nupkg=nupkg(f"golden.plain.{name}"))))


@pytest.mark.parametrize("name", DELETES)
def test_a_recorded_delete_unlists(stocked: Server, name: str) -> None:
    assert stocked.push(nupkg("Acme.Core")).status in {201, 409}
    assert stocked.change("POST", "Acme.Core", "1.0.0").status == 200

    answer = exchange(stocked, golden(name, stocked))

    assert answer.status == 204
    assert answer.body == b""
    leaf = json_of(stocked.get("/v3/registration-gz-semver2/acme.core/1.0.0.json"))
    assert leaf["listed"] is False


def test_a_recorded_delete_with_build_metadata_means_the_version_without(stocked: Server) -> None:
    assert stocked.push(nupkg("Acme.Core", "2.0.0+build.7")).status == 201
    assert exchange(stocked, golden("dotnet-10-delete-metadata", stocked)).status == 204
    leaf = json_of(stocked.get("/v3/registration-gz-semver2/acme.core/2.0.0.json"))
    assert leaf["listed"] is False


@pytest.mark.parametrize("name", ["dotnet-10-delete-space", "dotnet-10-delete-unicode"])
def test_a_recorded_delete_of_what_can_be_no_package_is_404(stocked: Server, name: str) -> None:
    answer = exchange(stocked, golden(name, stocked))
    assert answer.status == 404
    assert answer.header("x-nuget-warning")


@pytest.mark.parametrize(("name", "path"), READS.items())
def test_a_recorded_read_gets_the_document(stocked: Server, name: str, path: str) -> None:
    answer = exchange(stocked, golden(name, stocked))
    same = stocked.get(path, Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.body == same.body
    assert answer.header("content-encoding") == same.header("content-encoding")


@pytest.mark.parametrize("name", ["dotnet-10-restore-basic", "dotnet-10-tool-registration"])
def test_a_recorded_read_of_an_unknown_id_is_404(server: Server, name: str) -> None:
    assert exchange(server, golden(name, server)).status == 404


@pytest.mark.parametrize(("name", "package"), [("dotnet-10-restore-nupkg", WIDGETS), ("paket-12-nupkg", WIDGETS_2)])
def test_a_recorded_download_gets_the_bytes_that_were_pushed(stocked: Server, name: str, package: bytes) -> None:
    answer = exchange(stocked, golden(name, stocked))
    assert answer.status == 200
    assert sha512(answer.body) == sha512(package)


@pytest.mark.parametrize("name", ["nuget-2.8.7-v2-root", "nuget-2.8.7-v2-metadata", "nuget-2.8.7-nupkg"])
def test_a_recorded_v2_read_is_refused_as_http_1_0_can_read_it(stocked: Server, name: str) -> None:
    """The read side of V2 is not there; nuget 2.8.7 asks for it before a push, and pushes after a refusal."""
    answer = exchange(stocked, golden(name, stocked))
    assert answer.status in {404, 405}
    assert_fits_http_1_0(answer)
