"""What stands for the base address in links while documents are kept."""

import json
from html import escape
from urllib.parse import quote

import pytest

from motherlode.projections.documents.url_placeholder import UrlPlaceholder


@pytest.mark.parametrize(
    ("base", "path"), [("http://host", ""), ("https://host:81/nu/get", "/nu/get"), ("http://[::1]:1/a~b", "/a~b")]
)
def test_links_begin_with_the_base_or_with_its_path(base, path):
    marker = UrlPlaceholder()
    body = f"<{marker.urls.stats}> <{marker.paths.stats}> <{marker.paths.home}>".encode()
    assert marker.replace(body, base).decode() == f"<{base}/stats> <{path}/stats> <{path}/>"


def test_it_is_seen_whether_any_link_begins_with_one():
    marker = UrlPlaceholder()
    assert marker.is_in(marker.urls.home.encode())
    assert marker.is_in(marker.paths.home.encode())
    assert not marker.is_in(UrlPlaceholder().urls.home.encode())
    assert not marker.is_in(UrlPlaceholder().paths.home.encode())


@pytest.mark.parametrize("write", [escape, json.dumps, quote])
def test_a_path_is_the_same_text_however_it_is_written(write):
    marker = UrlPlaceholder()
    assert marker.paths.base in write(marker.paths.home)
    assert marker.paths.base not in write(marker.urls.home)
