"""Registration indexes and pages of ids with many versions: read in parts, they say what all versions together say."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from motherlode.domain.refusals import NoSuchVersion
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import Version, parse_version
from motherlode.projections.documents.v3 import (
    RenderContext,
    RenderedDocument,
    Renderer,
    registration_index,
    registration_page,
)
from motherlode.protocol.urls import Hive, Urls
from motherlode.store import feeds
from motherlode.store.packages import versions as entries
from motherlode.store.packages.versions import Entry
from tests.support.builders import nupkg
from tests.usecases.services import Services

ACME = parse_package_id("Acme.Widgets")
URLS = Urls("http://here")
PAGE_KEYS = ("@id", "@type", "commitId", "commitTimeStamp", "count", "lower", "upper")


def any_version(random_: random.Random) -> str:
    """A version, often close to others, one in five of SemVer 2."""
    label = random_.choice(["", "", "", "-beta", "-beta.2", "-rc.1", "-RC", "+build"])
    return f"{random_.randrange(4)}.{random_.randrange(12)}.{random_.randrange(3)}{label}"


def stock(services: Services, random_: random.Random, count: int) -> None:
    """Push that many versions in any order, and unlist some."""
    versions: dict[str, str] = {}
    while len(versions) < count:
        version = any_version(random_)
        versions.setdefault(parse_version(version).key, version)
    for version in versions.values():
        services.clock.pass_by(timedelta(seconds=random_.randrange(3)))
        services.push(nupkg("Acme.Widgets", version))
    for version in random_.sample(sorted(versions), count // 10):
        services.clock.pass_by(timedelta(seconds=1))
        services.unlist("Acme.Widgets", version)


def render(services: Services, document: Renderer) -> RenderedDocument:
    with services.db.read() as tx:
        feed = feeds.get(tx, "default")
        return document(
            RenderContext(tx, feed.id, feed.created_at, services.blobs, URLS, URLS, feed.head, feed.counted)
        )


def all_of(services: Services, hive: Hive) -> list[Entry]:
    """All versions that the hive shows."""
    with services.db.read() as tx:
        rows = entries.of_package(tx, feeds.get(tx, "default").id, ACME.key)
    return [row for row in rows if hive.has_semver2 or not row.is_semver2]


def last_change(rows: list[Entry]) -> datetime:
    return max(row.changed_at for row in rows)


def inside_of(rows: list[Entry], lower: Version, upper: Version) -> list[Entry]:
    return [row for row in rows if lower <= parse_version(row.version_key) <= upper]


def check_page(services: Services, hive: Hive, rows: list[Entry], lower: str, upper: str) -> dict[str, Any]:
    """The page from `lower` to `upper` is what lies between them of all rows, and kept where the index names it."""
    bounds = parse_version(lower), parse_version(upper)
    inside = inside_of(rows, *bounds)
    page = render(services, registration_page(ACME, hive, *bounds))
    document: dict[str, Any] = json.loads(page.body)
    versions = [parse_version(leaf["catalogEntry"]["version"]).key for leaf in document["items"]]
    assert versions == [row.version_key for row in inside]
    assert (document["lower"], document["upper"], document["count"]) == (versions[0], versions[-1], len(versions))
    assert page.changed_at == last_change(inside)
    assert page.is_kept == (inside in [rows[start : start + 64] for start in range(0, len(rows), 64)])
    return document


@pytest.mark.parametrize("hive", Hive)
@pytest.mark.parametrize("count", [64, 128, 150, 200])
def test_index_and_pages_say_what_all_versions_say(services: Services, hive: Hive, count: int) -> None:
    stock(services, random.Random(count), count)
    rows = all_of(services, hive)
    index = render(services, registration_index(ACME, hive))
    document = json.loads(index.body)
    assert index.changed_at == last_change(rows)
    assert sum(page["count"] for page in document["items"]) == len(rows)
    assert [page["lower"] for page in document["items"]] == [row.version_key for row in rows[::64]]
    for link in document["items"]:
        page = check_page(services, hive, rows, link["lower"], link["upper"])
        if len(rows) >= 128:
            assert link == {key: page[key] for key in PAGE_KEYS}


@pytest.mark.parametrize("hive", Hive)
def test_a_page_between_any_two_versions_is_what_lies_between_them(services: Services, hive: Hive) -> None:
    random_ = random.Random(7)
    stock(services, random_, 140)
    rows = all_of(services, hive)
    for _ in range(40):
        lower, upper = any_version(random_), any_version(random_)
        if inside_of(rows, parse_version(lower), parse_version(upper)):
            check_page(services, hive, rows, lower, upper)
        else:
            with pytest.raises(NoSuchVersion):
                render(services, registration_page(ACME, hive, parse_version(lower), parse_version(upper)))


def test_a_page_is_read_from_its_part_of_the_index(services: Services) -> None:
    statement = (
        "EXPLAIN QUERY PLAN SELECT id FROM entries WHERE feed_id = 1 AND id_key = 'a'"
        " AND (sort_key, version_key) >= (x'00', '0') AND (sort_key, version_key) <= (x'01', '1')"
        " ORDER BY sort_key, version_key"
    )
    with services.db.read() as tx:
        [plan] = tx.exec_driver_sql(statement).all()
    assert plan.detail.endswith(
        "(feed_id=? AND id_key=? AND (sort_key,version_key)>(?,?) AND (sort_key,version_key)<(?,?))"
    )
