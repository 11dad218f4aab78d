"""The runner of jobs: each once over all workers, again when it fails, over and over where it comes round."""

import signal
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.domain.refusals import Busy
from motherlode.jobs.kinds import Kind
from motherlode.jobs.runner import CLAIM, FIRST_DELAY, KEPT, MOST_ATTEMPTS, Runner
from motherlode.jobs.table import KINDS
from motherlode.store import jobs
from tests.faults.processes import ask_until
from tests.usecases.house import FixedClock

DAY = timedelta(days=1)
WAIT_S = 30


@pytest.fixture
def open_worker(tmp_path):
    """Opens the house as another worker does; all have one clock."""
    clock, opened = FixedClock(), []

    def open_once_more():
        house = prepare_house(load_settings({}, data=tmp_path / "data"))
        opened.append(house)
        return replace(house, clock=clock)

    yield open_once_more
    for house in opened:
        house.close()


@pytest.fixture
def house(open_worker):
    return open_worker()


def add(house, kind, **details):
    with house.db.write() as tx:
        jobs.add(tx, kind, details, due_at=house.clock.now(), at=house.clock.now())


def states(house):
    with house.db.read() as tx:
        return [(job.kind, job.state(house.clock.now()), job.attempts) for job in jobs.read_all(tx)]


def the_job(house):
    with house.db.read() as tx:
        (job,) = jobs.read_all(tx)
    return job


def run_all(runner):
    while runner.run_next():
        pass


class TestOnce:
    def test_a_job_is_run_with_its_details_and_done(self, house):
        seen = []
        runner = Runner(house, [Kind("mail", lambda task: seen.append((task.details, task.house)))])
        add(house, "mail", to="ann")
        assert runner.run_next()
        assert not runner.run_next()
        assert seen == [({"to": "ann"}, house)]
        assert states(house) == [("mail", "done", 1)]

    def test_two_workers_run_each_job_once(self, open_worker):
        first, second = open_worker(), open_worker()
        seen, both = [], threading.Barrier(2, timeout=WAIT_S)

        def run(task):
            seen.append(task.details["number"])

        def work(house):
            both.wait()
            run_all(Runner(house, [Kind("count", run)]))

        for number in range(20):
            add(first, "count", number=number)
        threads = [threading.Thread(target=work, args=(house,)) for house in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
        assert sorted(seen) == list(range(20))

    def test_a_kind_that_this_worker_does_not_know_is_left_to_others(self, house):
        """A newer server may have put it there."""
        add(house, "unknown")
        assert not Runner(house, []).run_next()
        assert states(house) == [("unknown", "due", 0)]


class TestFailures:
    """Retried with back-off, a bounded number of times."""

    def runner(self, house, error):
        def run(task):
            raise error

        add(house, "odd")
        return Runner(house, [Kind("odd", run)])

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (Busy(), "The server is busy and stored nothing: try again in a moment."),
            (OSError(5, "Input/output error"), "[Errno 5] Input/output error"),
            (ZeroDivisionError("a\nb" + 1000 * "c"), "ZeroDivisionError: a\N{REPLACEMENT CHARACTER}bcc"),
        ],
    )
    def test_one_that_fails_is_put_off_and_says_why(self, house, error, said):
        runner = self.runner(house, error)
        run_all(runner)
        job = the_job(house)
        assert job.error.startswith(said)
        assert len(job.error) <= 300
        assert (job.due_at, job.attempts) == (house.clock.now() + FIRST_DELAY, 1)

    def test_each_further_attempt_comes_later_until_it_is_given_up(self, house):
        runner = self.runner(house, Busy())
        waits = []
        while the_job(house).done_at is None:
            assert runner.run_next()
            waits.append(the_job(house).due_at - house.clock.now())
            assert not runner.run_next()
            house.clock.at = max(house.clock.at, the_job(house).due_at)
        assert waits[:-1] == [FIRST_DELAY * 4**number for number in range(MOST_ATTEMPTS - 1)]
        assert states(house) == [("odd", "failed", MOST_ATTEMPTS)]

    def test_others_are_run_though_one_fails(self, house):
        add(house, "odd")
        seen = []
        runner = Runner(house, [Kind("odd", lambda task: 1 // 0), Kind("even", lambda task: seen.append(1))])
        add(house, "even")
        run_all(runner)
        assert seen == [1]

    def test_one_that_kills_its_workers_is_given_up_too(self, house):
        """A claim counts as an attempt."""
        add(house, "odd")
        for number in range(MOST_ATTEMPTS):
            with house.db.write() as tx:
                now = house.clock.now()
                assert jobs.claim(tx, the_job(house).id, f"dead {number}", now, now + CLAIM)
            house.clock.pass_by(CLAIM)
        seen = []
        run_all(Runner(house, [Kind("odd", seen.append)]))
        assert seen == []
        assert the_job(house).error == "its worker died, or took too long"


class TestRounds:
    def runner(self, house, run=lambda task: None):
        return Runner(house, [Kind("round", run, every=DAY)])

    def test_the_first_one_is_due_when_its_time_has_passed_once(self, house):
        runner = self.runner(house)
        assert not runner.run_next()
        assert not runner.run_next()
        assert states(house) == [("round", "waiting", 0)]
        house.clock.pass_by(DAY)
        assert runner.run_next()
        assert states(house) == [("round", "done", 1), ("round", "waiting", 0)]

    def test_a_restart_does_not_begin_the_time_anew(self, open_worker):
        first = open_worker()
        assert not self.runner(first).run_next()
        first.clock.pass_by(DAY)
        assert self.runner(open_worker()).run_next()

    def test_after_one_that_was_given_up_there_is_another(self, house):
        runner = self.runner(house, lambda task: 1 // 0)
        runner.run_next()
        for _ in range(3 * MOST_ATTEMPTS):
            house.clock.pass_by(DAY)
            runner.run_next()
        assert [state for _, state, _ in states(house)].count("failed") >= 2
        assert states(house)[-1][1] == "waiting"

    def test_what_became_of_a_job_is_forgotten_after_a_week(self, house):
        runner = self.runner(house)
        for _ in range(20):
            runner.run_next()
            house.clock.pass_by(DAY)
        run_all(runner)
        assert len(states(house)) <= KEPT // DAY + 2


class TestStops:
    """A job is told to stop, and finishes its step; a dead worker's is taken by another."""

    def test_a_job_under_way_finishes_its_step_and_is_left_to_another_worker(self, open_worker):
        first, second = open_worker(), open_worker()
        begun, told, steps = threading.Event(), threading.Event(), []

        def run(task):
            for step in range(1000):
                task.step()
                begun.set()
                assert told.wait(WAIT_S)
                steps.append(step)

        runner = Runner(first, [Kind("long", run)])
        add(first, "long")
        runner.start()
        assert begun.wait(WAIT_S)
        stopper = threading.Thread(target=runner.stop)
        stopper.start()
        told.set()
        stopper.join(WAIT_S)
        assert not stopper.is_alive()
        assert 1 <= len(steps) < 1000
        assert states(second) == [("long", "due", 0)]
        assert Runner(second, [Kind("long", lambda task: None)]).run_next()
        assert states(second) == [("long", "done", 1)]

    def test_a_claim_is_prolonged_by_steps(self, open_worker):
        first, second = open_worker(), open_worker()
        seen = []

        def run(task):
            for _ in range(10):
                first.clock.pass_by(CLAIM / 2)
                task.step()
                seen.append(Runner(second, [Kind("long", seen.append)]).run_next())

        add(first, "long")
        run_all(Runner(first, [Kind("long", run)]))
        assert seen == [False] * 10
        assert states(first) == [("long", "done", 1)]

    def test_a_worker_that_was_away_for_too_long_ends_the_job_that_is_anothers_now(self, open_worker):
        first, second = open_worker(), open_worker()
        seen = []

        def run(task):
            first.clock.pass_by(CLAIM)
            assert Runner(second, [Kind("long", lambda task: seen.append("second"))]).run_next()
            task.step()
            seen.append("never")

        add(first, "long")
        assert Runner(first, [Kind("long", run)]).run_next()
        assert seen == ["second"]
        assert states(first) == [("long", "done", 2)]

    def test_a_runner_without_anything_to_do_stops_at_once(self, house):
        runner = Runner(house, KINDS)
        runner.start()
        runner.stop()
        runner.stop()


def test_the_kinds_there_are_come_round_and_do_their_work(house):
    runner = Runner(house, KINDS)
    run_all(runner)
    assert sorted(kind for kind, *_ in states(house)) == ["gc", "purge-keys", "purge-sessions"]
    house.clock.pass_by(DAY)
    run_all(runner)
    for kind in KINDS:
        assert states(house).count((kind.name, "done", 1)) == 1
        assert states(house).count((kind.name, "waiting", 0)) == 1


def test_a_server_runs_them_in_one_of_its_workers_and_stops_calmly(serve, tmp_path):
    """The job is due from its first moment on; the two workers between them run it once."""
    house = prepare_house(load_settings({}, data=tmp_path / "data"))
    add(house, "purge-keys")
    house.close()
    server = serve(data=tmp_path / "data", workers=2)
    house = prepare_house(load_settings({}, data=tmp_path / "data"))
    ask_until(lambda: ("purge-keys", "done", 1) in states(house), what="the job")
    assert states(house).count(("purge-keys", "done", 1)) == 1
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    house.close()
