"""The files that pages are made with: named by what they hold, compressed beforehand, kept for ever."""

import gzip
import hashlib
import re

import pytest

from tests.support.servers import Server
from tests.web.pages.markup import parse_page

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
FIRST_VIEW_BYTES = 60 * 1024


def names_in(server: Server) -> list[str]:
    return sorted(set(re.findall(r"/static/[\w.-]+", server.get("/").body.decode())))


def test_the_name_of_a_file_is_that_of_its_bytes_and_may_be_kept_for_ever(shared_server: Server) -> None:
    names = names_in(shared_server)
    assert {name.rpartition(".")[2] for name in names} == set(TYPES)
    for name in names:
        _, fingerprint, suffix = name.rsplit(".", 2)
        answer = shared_server.get(name)
        assert hashlib.sha256(answer.body).hexdigest().startswith(fingerprint)
        assert len(fingerprint) == 10
        assert answer.header("content-type") == TYPES[suffix]
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("vary") == "Accept-Encoding"


def test_files_are_compressed_for_those_who_offer_it(shared_server: Server) -> None:
    for name in names_in(shared_server):
        zipped = shared_server.get(name, Accept_Encoding="gzip, br")
        assert zipped.header("content-encoding") == "gzip"
        assert gzip.decompress(zipped.body) == shared_server.get(name).body


@pytest.mark.parametrize(
    "name", ["app.css", "app.0123456789.css", "../rendering.py", "%2e%2e%2fassets.py", "", "app.css/", "a" * 3000]
)
def test_a_file_of_another_version_or_of_none_is_not_there(shared_server: Server, name: str) -> None:
    answer = shared_server.get(f"/static/{name}")
    assert answer.status == 404
    assert "immutable" not in str(answer.header("cache-control"))


def test_head_tells_the_size_and_sends_nothing(shared_server: Server) -> None:
    name = names_in(shared_server)[0]
    answer = shared_server.request("HEAD", name)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-length") == str(len(shared_server.get(name).body))


def test_a_first_view_takes_few_bytes_and_waits_for_one_file(shared_server: Server) -> None:
    page = shared_server.get("/", Accept_Encoding="gzip")
    sent = [page, *(shared_server.get(name, Accept_Encoding="gzip") for name in names_in(shared_server))]
    assert sum(len(answer.body) for answer in sent) < FIRST_VIEW_BYTES
    tree = parse_page(shared_server.get("/").body, shared_server.url)
    assert len(tree.all("style")) == 0
    assert [link.get("href", "")[:11] for link in tree.all("link") if link.get("rel") == "stylesheet"] == [
        "/static/app"
    ]
    assert {script.get("type") for script in tree.all("script")} == {"module"}, "modules wait until the page is read"
