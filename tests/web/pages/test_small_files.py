"""What stands beside the pages: logo, OpenSearch, robots.txt."""

from xml.etree import ElementTree as ET

import pytest

from motherlode.domain.logos import Logo, format_logo
from tests.protocol.feeds import create_feed, set_feed
from tests.support.servers import Server

PNG = b"\x89PNG\r\n\x1a\n" + b"<script>alert(1)</script>"
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@pytest.mark.parametrize(("media_type", "content"), [("image/png", PNG), ("image/jpeg", JPEG)])
def test_a_logo_is_what_its_bytes_are_and_nothing_else(server: Server, media_type: str, content: bytes) -> None:
    assert server.get("/logo").status == 404
    set_feed(server, "default", f"logo={format_logo(Logo(media_type, content))}")
    answer = server.get("/logo")
    assert (answer.status, answer.body) == (200, content)
    assert answer.header("content-type") == media_type
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("content-security-policy") == "default-src 'none'; sandbox"
    assert answer.header("cache-control") == "no-cache"
    again = server.get("/logo", If_None_Match=str(answer.header("etag")))
    assert (again.status, again.body) == (304, b"")


def test_browsers_learn_how_to_search_a_feed(server: Server) -> None:
    create_feed(server, "tools", "title=Tools & <other> things of ours")
    answer = server.get("/feeds/tools/opensearch.xml")
    assert answer.header("content-type") == "application/opensearchdescription+xml"
    root = ET.fromstring(answer.body)
    url = root.find(f"{OPENSEARCH}Url")
    assert url is not None
    assert url.get("type") == "text/html"
    assert url.get("template") == f"{server.url}/feeds/tools/packages?q={{searchTerms}}"
    name = root.findtext(f"{OPENSEARCH}ShortName") or ""
    assert 0 < len(name) <= 16, "OpenSearch allows no longer one"
    assert root.findtext(f"{OPENSEARCH}Description") == "NuGet packages on Tools & <other> things of ours"


def test_crawlers_are_kept_from_machines_and_searches_and_learn_of_no_feed(server: Server) -> None:
    create_feed(server, "inner", "read=authenticated")
    answer = server.get("/robots.txt")
    lines = answer.body.decode().splitlines()
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /v3/", "Disallow: /api/", "Disallow: /packages?"} <= set(lines)
    assert "inner" not in answer.body.decode()
    assert server.get("/feeds/inner/robots.txt").status == 401, "there is one, at the root"


def test_a_private_feed_shows_none_of_its_files(server: Server) -> None:
    create_feed(server, "inner", "read=authenticated")
    set_feed(server, "inner", f"logo={format_logo(Logo('image/png', PNG))}")
    for path in ("logo", "opensearch.xml", "packages", ""):
        answer = server.get(f"/feeds/inner/{path}")
        assert answer.status == 401
        assert answer.header("cache-control") == "no-store"
