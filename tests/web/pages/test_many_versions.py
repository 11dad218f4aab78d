"""The page of an id with thousands of versions: small, and it says where the rest is."""

import gzip
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

import pytest

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.versions import parse_version
from motherlode.projections.documents.catalog_follower import Feed, FeedBranding
from motherlode.projections.pages.views import PackageView, Results, VersionRow
from motherlode.web.pages.package import render_package
from tests.support.builders import nuspec
from tests.web.pages.markup import find_faults, parse_page

ROOT = "http://feed.example"


def render_many(count: int) -> bytes:
    """The page of an id with so many versions, the oldest one downloaded most."""
    at, found = datetime(2026, 1, 1, tzinfo=UTC), parse_nuspec(nuspec("Acme.Many", f"1.0.{count - 1}")).package
    assert found is not None
    rows = tuple(
        VersionRow(parse_version(f"1.0.{patch}"), at + timedelta(hours=patch), count - patch, is_listed=True)
        for patch in reversed(range(count))
    )
    view = PackageView(
        package=found,
        is_listed=True,
        published_at=at,
        changed_at=at,
        size=1,
        sha512=bytes(64),
        versions=rows,
        latest=rows[0].version,
        downloads=1,
        version_downloads=1,
        owners=(),
        here=frozenset(),
        used_by=Results(0, ()),
        days=(),
        files=(),
        file_count=0,
        readme=None,
    )
    feed = Feed(1, "default", FeedPolicy(), 1, 1, at, FeedBranding("default", "default", "", None), {})
    return render_package(view, feed, ROOT, "", None)


@pytest.fixture(scope="module")
def sent() -> bytes:
    """The page of an id with 5,000 versions."""
    return render_many(5_000)


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(html: bytes, name: str) -> Element:
    return parse_page(html, ROOT).one("section", aria_labelledby=name)


def first_words_of_rows(element: Element) -> list[str]:
    """The first word of each row that begins with a version."""
    words = [text_of(row[0]) for row in element.iter("tr")]
    return [word for word in words if word[0].isdigit()]


def test_the_newest_five_hundred_are_shown(sent: bytes) -> None:
    found = section(sent, "versions")
    assert first_words_of_rows(found) == [f"1.0.{patch}" for patch in range(4_999, 4_499, -1)]
    assert "4,980 older versions" in text_of(found)


def test_the_others_are_told_of_and_are_where_the_page_leads(sent: bytes) -> None:
    found = section(sent, "versions")
    assert "4,500 more are not shown here. See all versions as JSON." in text_of(found)
    (link,) = [each.get("href") for each in found.iter("a") if text_of(each) == "all versions as JSON"]
    assert link == "/v3/registration-gz-semver2/acme.many/index.json"


def test_the_page_is_small(sent: bytes) -> None:
    assert len(gzip.compress(sent)) < 60_000
    assert find_faults(parse_page(sent, ROOT)) == []


def test_the_most_downloaded_are_named_whether_they_are_shown_or_not(sent: bytes) -> None:
    assert first_words_of_rows(section(sent, "downloads")) == [f"1.0.{patch}" for patch in range(10)]


def test_of_five_hundred_none_is_left_out() -> None:
    found = section(render_many(500), "versions")
    assert len(first_words_of_rows(found)) == 500
    assert "not shown here" not in text_of(found)


def test_of_one_that_is_left_out_it_says_so() -> None:
    assert "1 more is not shown here" in text_of(section(render_many(501), "versions"))
