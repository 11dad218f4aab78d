"""Jobs: claimed once over all workers, for a time; what a worker says counts only while the claim is its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from motherlode.store import jobs
from motherlode.store.database.sqlite import open_database
from tests.store.rows import NOON

MINUTE = timedelta(minutes=1)
LATER = NOON + MINUTE


def add(db, kind="gc", *, due_at=NOON):
    with db.write() as tx:
        return jobs.add(tx, kind, {"for": kind}, due_at=due_at, at=NOON)


def claim(db, job_id, worker="one", *, now=NOON, until=LATER):
    with db.write() as tx:
        return jobs.claim(tx, job_id, worker, now, until)


def due(db, *kinds, now=NOON):
    with db.read() as tx:
        found = jobs.find_due(tx, kinds or ("gc",), now)
    return None if found is None else found.id


def state(db, now=NOON):
    with db.read() as tx:
        (job,) = jobs.read_all(tx)
    return job.state(now), job.attempts, job.error


class TestClaims:
    """A job is claimed once over all workers; a claim ends with its time, and another worker may take the job."""

    def test_of_twenty_workers_on_two_connections_one_gets_the_job(self, path, db):
        beside = open_database(path)
        job_id = add(db)
        with ThreadPoolExecutor(20) as threads:
            claims = list(threads.map(lambda n: claim((db, beside)[n % 2], job_id, f"worker {n}"), range(20)))
        beside.close()
        (won,) = (job for job in claims if job is not None)
        assert (won.attempts, won.details, won.claimed_until) == (1, {"for": "gc"}, LATER)

    def test_a_job_is_due_at_its_time_and_not_before(self, db):
        job_id = add(db, due_at=LATER)
        assert due(db) is None
        assert claim(db, job_id) is None
        assert due(db, now=LATER) == job_id
        assert state(db) == ("waiting", 0, None)
        assert state(db, LATER) == ("due", 0, None)

    def test_the_one_that_has_been_due_for_longest_comes_first_among_the_kinds_that_were_asked_for(self, db):
        late, early, other = add(db, due_at=NOON), add(db, due_at=NOON - MINUTE), add(db, "other", due_at=NOON - MINUTE)
        assert due(db) == early
        assert due(db, "other") == other
        assert due(db, "unknown") is None
        claim(db, early)
        assert due(db) == late

    def test_a_dead_workers_job_is_taken_by_another_once_its_claim_has_ended(self, db):
        job_id = add(db)
        dead = claim(db, job_id)
        almost = LATER - timedelta(microseconds=1)
        assert (due(db, now=almost), claim(db, job_id, "two", now=almost)) == (None, None)
        heir = claim(db, job_id, "two", now=LATER, until=LATER + MINUTE)
        assert heir.attempts == 2
        with db.write() as tx:
            assert not jobs.finish(tx, dead, LATER)
            assert not jobs.extend(tx, dead, LATER + 9 * MINUTE)
            assert jobs.finish(tx, heir, LATER)
        assert due(db, now=LATER + MINUTE) is None

    def test_a_worker_that_took_its_own_job_again_after_its_time_is_another_attempt(self, db):
        job_id = add(db)
        first = claim(db, job_id)
        claim(db, job_id, now=LATER, until=LATER + MINUTE)
        with db.write() as tx:
            assert not jobs.reschedule(tx, first, LATER, "late")

    def test_a_claim_that_is_prolonged_lasts_longer(self, db):
        job_id = add(db)
        job = claim(db, job_id)
        with db.write() as tx:
            assert jobs.extend(tx, job, LATER + MINUTE)
        assert due(db, now=LATER) is None
        assert state(db, LATER) == ("running", 1, None)


class TestEnds:
    @pytest.fixture
    def job(self, db):
        """A job under way."""
        return claim(db, add(db))

    def test_one_that_went_well_is_done_and_its_last_failure_forgotten(self, db, job):
        with db.write() as tx:
            assert jobs.reschedule(tx, job, LATER, "no luck")
        again = claim(db, job.id, now=LATER, until=LATER + MINUTE)
        assert again.error == "no luck"
        with db.write() as tx:
            assert jobs.finish(tx, again, LATER)
        assert state(db) == ("done", 2, None)

    def test_one_that_failed_waits_for_its_next_attempt_and_says_why(self, db, job):
        with db.write() as tx:
            assert jobs.reschedule(tx, job, LATER, "no luck")
        assert state(db) == ("waiting", 1, "no luck")
        assert (due(db), due(db, now=LATER)) == (None, job.id)

    def test_one_that_was_given_up_is_not_due_again(self, db, job):
        with db.write() as tx:
            assert jobs.give_up(tx, job, NOON, "no luck")
        assert state(db) == ("failed", 1, "no luck")
        assert due(db, now=LATER) is None

    def test_one_that_was_handed_back_is_due_at_once_and_the_attempt_does_not_count(self, db, job):
        with db.write() as tx:
            assert jobs.release(tx, job)
        assert state(db) == ("due", 0, None)
        assert due(db) == job.id

    def test_old_ones_are_forgotten_and_pending_ones_are_not(self, db, job):
        add(db, "other", due_at=NOON - 9 * MINUTE)
        with db.write() as tx:
            jobs.finish(tx, job, NOON)
            assert jobs.purge_done(tx, NOON) == 0
            assert jobs.purge_done(tx, LATER) == 1
            assert jobs.pending_kinds(tx) == {"other"}
