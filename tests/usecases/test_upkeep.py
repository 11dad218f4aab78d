"""Record downloads and sweep: what is done in batches, and at a start."""

from datetime import date

import pytest

from motherlode.domain.refusals import Busy
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.database.sqlite import open_database
from motherlode.usage.downloads import DownloadTally
from motherlode.usecases.maintenance.record_usage import record_downloads
from motherlode.usecases.maintenance.sweep import sweep
from tests.support.builders import nupkg

WIDGETS = (1, "acme.widgets", "1.0.0", date(2024, 5, 6))
GADGETS = (1, "acme.gadgets", "1.0.0", date(2024, 5, 6))


class TestRecordDownloads:
    def test_counts_are_written_once_and_added_up(self, services):
        tally = DownloadTally()
        for key in (WIDGETS, WIDGETS, GADGETS):
            tally.count(key, "curl")
        record_downloads(tally, db=services.db)
        record_downloads(tally, db=services.db)
        tally.count(WIDGETS, "curl")
        record_downloads(tally, db=services.db)
        assert {(*key, count) for key, count in _counts(services).items()} == {(*WIDGETS, 3), (*GADGETS, 1)}

    def test_the_same_downloads_are_counted_by_client_and_day(self, services):
        tally = DownloadTally()
        next_day = date(2024, 5, 7)
        for key, client in (
            (WIDGETS, "Paket"),
            (GADGETS, "Paket"),
            (WIDGETS, "curl"),
            ((*WIDGETS[:3], next_day), "curl"),
        ):
            tally.count(key, client)
        record_downloads(tally, db=services.db)
        tally.count(WIDGETS, "curl")
        record_downloads(tally, db=services.db)
        by_client = {(row.feed_id, row.day, row.client): row[-1] for row in services.rows("client_downloads")}
        assert by_client == {(1, WIDGETS[3], "Paket"): 2, (1, WIDGETS[3], "curl"): 2, (1, next_day, "curl"): 1}

    def test_without_counts_nothing_is_committed(self, services):
        before = services.db.head_check()
        record_downloads(DownloadTally(), db=services.db)
        assert services.db.head_check() == before

    def test_counts_that_could_not_be_written_are_kept_for_the_next_time(self, services, tmp_path):
        hurried = open_database(tmp_path / "motherlode.db", busy_timeout_s=0.01)
        tally = DownloadTally()
        tally.count(WIDGETS, "curl")
        with services.db.write(), services.refusing(Busy):
            record_downloads(tally, db=hurried)
        tally.count(WIDGETS, "curl")
        record_downloads(tally, db=hurried)
        hurried.close()
        assert _counts(services) == {WIDGETS: 2}
        assert [row[-1] for row in services.rows("client_downloads")] == [2]


def _counts(services):
    return {(row.feed_id, row.id_key, row.version_key, row.day): row[-1] for row in services.rows("downloads")}


class DyingBlobs(MemoryBlobs):
    """Blobs of a process that dies at a step of its push: from there on it does nothing any more."""

    def __init__(self, shelf, *, dies_after_put) -> None:
        super().__init__(shelf)
        self._dies_after_put = dies_after_put

    def put(self, spool) -> str:
        name = super().put(spool)
        if self._dies_after_put:
            raise SystemExit(name)
        return name

    def confirm(self, name) -> None:
        """It is dead by then."""


class TestSweep:
    def test_a_blob_whose_push_never_came_to_its_commit_goes(self, services):
        services.push(nupkg())
        dying = DyingBlobs(services.shelf, dies_after_put=True)
        with pytest.raises(SystemExit) as died:
            services.push(nupkg(version="2.0.0"), blobs=dying)
        dying.close()
        before = services.get("acme.widgets", "1.0.0").blob
        assert sweep(db=services.db, blobs=services.blobs) == [died.value.code]
        assert set(services.shelf.blobs) == {before}

    def test_a_blob_whose_push_was_committed_stays(self, services):
        dying = DyingBlobs(services.shelf, dies_after_put=False)
        services.push(nupkg(), blobs=dying)
        dying.close()
        assert sweep(db=services.db, blobs=services.blobs) == []
        assert services.shelf.blobs == {services.get("acme.widgets", "1.0.0").blob: nupkg()}

    def test_what_living_processes_have_under_way_is_left_alone(self, services):
        living = MemoryBlobs(services.shelf)
        with living.spool() as spool:
            spool.write(b"on its way")
            spool.finish()
            name = living.put(spool)
        assert sweep(db=services.db, blobs=services.blobs) == []
        assert set(services.shelf.blobs) == {name}
