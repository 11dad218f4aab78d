"""Download counts in search results: as fresh as what was written down, and rankings follow in time."""

from datetime import date

import pytest

from motherlode.usage.downloads import DownloadTally
from motherlode.usecases.maintenance.record_usage import record_downloads
from tests.support.builders import nupkg

DAY, NEXT_DAY = date(2024, 5, 1), date(2024, 5, 2)


@pytest.fixture
def stocked(services, worker):
    """A worker that has answered for two packages, which are in its memory then."""
    for package_id in ("Acme.A", "Acme.B"):
        services.push(nupkg(package_id, "1.0.0"))
        services.push(nupkg(package_id, "2.0.0"))
    worker.search()
    return worker


def download(services, worker, package_id, version, count, *, day=DAY):
    """Have downloads written down."""
    tally = DownloadTally()
    for _ in range(count):
        tally.count((worker.feed().id, package_id.lower(), version, day), "curl")
    record_downloads(tally, db=services.db)


def counts(answer):
    """What an answer says of downloads: of each id, and of each of its versions."""
    return {
        hit["id"]: (hit["totalDownloads"], [version["downloads"] for version in hit["versions"]])
        for hit in answer["data"]
    }


def test_downloads_written_down_are_shown_by_the_next_query(services, stocked):
    download(services, stocked, "Acme.B", "1.0.0", 2)
    assert counts(stocked.search()) == {"Acme.A": (0, [0, 0]), "Acme.B": (2, [2, 0])}
    download(services, stocked, "Acme.B", "1.0.0", 1, day=NEXT_DAY)
    download(services, stocked, "Acme.B", "2.0.0", 4)
    assert counts(stocked.search()) == {"Acme.A": (0, [0, 0]), "Acme.B": (7, [3, 4])}


def test_downloads_of_unlisted_versions_count_for_the_id(services, stocked):
    download(services, stocked, "Acme.A", "2.0.0", 3)
    services.unlist("Acme.A", "2.0.0")
    assert counts(stocked.search("packageid:acme.a")) == {"Acme.A": (3, [0])}


def test_only_what_shows_the_counts_of_a_package_is_rendered_anew(services, stocked):
    stocked.complete("acme")
    before = stocked.documents.bytes_kept
    download(services, stocked, "Acme.B", "1.0.0", 2)
    stocked.feed()
    one_hit = before - stocked.documents.bytes_kept
    assert 0 < one_hit < before / 2
    stocked.search()
    assert abs(stocked.documents.bytes_kept - before) < 10


def test_rankings_follow_downloads_once_somebody_looks(services, start, stocked):
    assert list(counts(stocked.search("acme"))) == ["Acme.A", "Acme.B"]
    download(services, stocked, "Acme.B", "1.0.0", 100)
    follower = stocked.searching._follower
    follower.rank()
    assert list(counts(stocked.search("acme"))) == ["Acme.B", "Acme.A"]
    assert list(counts(start().search("acme"))) == ["Acme.B", "Acme.A"]
    download(services, stocked, "Acme.A", "1.0.0", 10_000)
    follower.rank()
    assert list(counts(stocked.search("acme"))) == ["Acme.A", "Acme.B"]


def test_a_ranking_that_nothing_moved_writes_nothing(services, stocked):
    download(services, stocked, "Acme.B", "1.0.0", 100)
    stocked.searching._follower.rank()
    before = stocked.folder.open_current().index.positions()
    files = sorted(path.name for path in stocked.folder._path.rglob("*"))
    stocked.searching._follower.rank()
    assert sorted(path.name for path in stocked.folder._path.rglob("*")) == files
    assert stocked.folder.open_current().index.positions() == before
