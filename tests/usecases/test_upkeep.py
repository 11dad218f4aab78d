"""Record downloads and sweep: what is done in batches, and at a start."""

from datetime import date

import pytest

from motherlode.domain.refusals import Busy
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.database.sqlite import open_database
from motherlode.usage.downloads import DownloadTally
from motherlode.usecases.maintenance.record_usage import record_downloads
from motherlode.usecases.maintenance.sweep import sweep
from tests.builders import nupkg

WIDGETS = (1, "acme.widgets", "1.0.0", date(2024, 5, 6))
GADGETS = (1, "acme.gadgets", "1.0.0", date(2024, 5, 6))


class TestRecordDownloads:
    def test_counts_are_written_once_and_added_up(self, house):
        tally = DownloadTally()
        for key in (WIDGETS, WIDGETS, GADGETS):
            tally.count(key, "curl")
        record_downloads(tally, db=house.db)
        record_downloads(tally, db=house.db)
        tally.count(WIDGETS, "curl")
        record_downloads(tally, db=house.db)
        assert {(*key, count) for key, count in _counts(house).items()} == {(*WIDGETS, 3), (*GADGETS, 1)}

    def test_the_same_downloads_are_counted_by_client_and_day(self, house):
        tally = DownloadTally()
        next_day = date(2024, 5, 7)
        for key, client in (
            (WIDGETS, "Paket"),
            (GADGETS, "Paket"),
            (WIDGETS, "curl"),
            ((*WIDGETS[:3], next_day), "curl"),
        ):
            tally.count(key, client)
        record_downloads(tally, db=house.db)
        tally.count(WIDGETS, "curl")
        record_downloads(tally, db=house.db)
        by_client = {(row.feed_id, row.day, row.client): row[-1] for row in house.rows("client_downloads")}
        assert by_client == {(1, WIDGETS[3], "Paket"): 2, (1, WIDGETS[3], "curl"): 2, (1, next_day, "curl"): 1}

    def test_without_counts_nothing_is_committed(self, house):
        before = house.db.head_check()
        record_downloads(DownloadTally(), db=house.db)
        assert house.db.head_check() == before

    def test_counts_that_could_not_be_written_are_kept_for_the_next_time(self, house, tmp_path):
        hurried = open_database(tmp_path / "motherlode.db", busy_timeout_s=0.01)
        tally = DownloadTally()
        tally.count(WIDGETS, "curl")
        with house.db.write(), house.refusing(Busy):
            record_downloads(tally, db=hurried)
        tally.count(WIDGETS, "curl")
        record_downloads(tally, db=hurried)
        hurried.close()
        assert _counts(house) == {WIDGETS: 2}
        assert [row[-1] for row in house.rows("client_downloads")] == [2]


def _counts(house):
    return {(row.feed_id, row.id_key, row.version_key, row.day): row[-1] for row in house.rows("downloads")}


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

    def settle(self, name) -> None:
        """It is dead by then."""


class TestSweep:
    def test_a_blob_whose_push_never_came_to_its_commit_goes(self, house):
        house.push(nupkg())
        dying = DyingBlobs(house.shelf, dies_after_put=True)
        with pytest.raises(SystemExit) as died:
            house.push(nupkg(version="2.0.0"), blobs=dying)
        dying.close()
        before = house.get("acme.widgets", "1.0.0").blob
        assert sweep(db=house.db, blobs=house.blobs) == [died.value.code]
        assert set(house.shelf.blobs) == {before}

    def test_a_blob_whose_push_was_committed_stays(self, house):
        dying = DyingBlobs(house.shelf, dies_after_put=False)
        house.push(nupkg(), blobs=dying)
        dying.close()
        assert sweep(db=house.db, blobs=house.blobs) == []
        assert house.shelf.blobs == {house.get("acme.widgets", "1.0.0").blob: nupkg()}

    def test_what_living_processes_have_under_way_is_left_alone(self, house):
        living = MemoryBlobs(house.shelf)
        with living.spool() as spool:
            spool.write(b"on its way")
            spool.finish()
            name = living.put(spool)
        assert sweep(db=house.db, blobs=house.blobs) == []
        assert set(house.shelf.blobs) == {name}
