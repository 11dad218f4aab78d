"""The page of a license file."""

import pytest

from tests.support.builders import nupkg
from tests.support.servers import Server
from tests.web.pages.markup import find_faults, parse_page

TEXT = "Take it.\n\n  <script>alert(1)</script> & keep it.\n"


@pytest.fixture(scope="module")
def licensed(shared_server: Server) -> Server:
    more = '<license type="file">LICENSE.txt</license>'
    for package in (
        nupkg("Acme.Filed", more=more, files={"LICENSE.txt": TEXT.encode()}),
        nupkg("Acme.Named", more='<license type="expression">MIT</license>'),
    ):
        assert shared_server.push(package).status == 201
    return shared_server


def test_the_file_is_shown_as_the_text_that_it_is(licensed: Server) -> None:
    answer = licensed.get("/packages/acme.filed/1.0/license")
    page = parse_page(answer.body, licensed.url)
    assert find_faults(page) == []
    (text,) = page.all("pre")
    assert "".join(text.itertext()).strip() == TEXT.strip()


def test_the_package_leads_there_and_back(licensed: Server) -> None:
    page = parse_page(licensed.get("/packages/acme.filed").body, licensed.url)
    (side,) = page.all("aside")
    assert "/packages/Acme.Filed/1.0.0/license" in [each.get("href") for each in side.iter("a")]
    page = parse_page(licensed.get("/packages/acme.filed/1.0.0/license").body, licensed.url)
    assert "/packages/Acme.Filed/1.0.0" in [each.get("href") for each in page.one("main").iter("a")]


@pytest.mark.parametrize("path", ["acme.named/1.0.0", "acme.filed/2.0.0", "acme.nothing/1.0.0"])
def test_where_there_is_no_file_there_is_no_page(licensed: Server, path: str) -> None:
    assert licensed.get(f"/packages/{path}/license").status == 404
