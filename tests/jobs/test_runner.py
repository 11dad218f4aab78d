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
from tests.usecases.services import FixedClock

DAY = timedelta(days=1)
WAIT_S = 30


@pytest.fixture
def open_worker(tmp_path):
    """Opens the house as another worker does; all have one clock."""
    clock, opened = FixedClock(), []

    def open_once_more():
        services = prepare_house(load_settings({}, data=tmp_path / "data"))
        opened.append(services)
        return replace(services, clock=clock)

    yield open_once_more
    for services in opened:
        services.close()


@pytest.fixture
def services(open_worker):
    return open_worker()


def add(services, kind, **details):
    with services.db.write() as tx:
        jobs.add(tx, kind, details, due_at=services.clock.now(), at=services.clock.now())


def states(services):
    with services.db.read() as tx:
        return [(job.kind, job.state(services.clock.now()), job.attempts) for job in jobs.read_all(tx)]


def the_job(services):
    with services.db.read() as tx:
        (job,) = jobs.read_all(tx)
    return job


def run_all(runner):
    while runner.run_next():
        pass


class TestOnce:
    def test_a_job_is_run_with_its_details_and_done(self, services):
        seen = []
        runner = Runner(services, [Kind("mail", lambda task: seen.append((task.details, task.services)))])
        add(services, "mail", to="ann")
        assert runner.run_next()
        assert not runner.run_next()
        assert seen == [({"to": "ann"}, services)]
        assert states(services) == [("mail", "done", 1)]

    def test_two_workers_run_each_job_once(self, open_worker):
        first, second = open_worker(), open_worker()
        seen, both = [], threading.Barrier(2, timeout=WAIT_S)

        def run(task):
            seen.append(task.details["number"])

        def work(services):
            both.wait()
            run_all(Runner(services, [Kind("count", run)]))

        for number in range(20):
            add(first, "count", number=number)
        threads = [threading.Thread(target=work, args=(services,)) for services in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
        assert sorted(seen) == list(range(20))

    def test_a_kind_that_this_worker_does_not_know_is_left_to_others(self, services):
        """A newer server may have put it there."""
        add(services, "unknown")
        assert not Runner(services, []).run_next()
        assert states(services) == [("unknown", "due", 0)]


class TestFailures:
    """Retried with back-off, a bounded number of times."""

    def runner(self, services, error):
        def run(task):
            raise error

        add(services, "odd")
        return Runner(services, [Kind("odd", run)])

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (Busy(), "The server is busy and stored nothing. Try again in a moment."),
            (OSError(5, "Input/output error"), "[Errno 5] Input/output error"),
            (ZeroDivisionError("a\nb" + 1000 * "c"), "ZeroDivisionError: a\N{REPLACEMENT CHARACTER}bcc"),
        ],
    )
    def test_one_that_fails_is_put_off_and_says_why(self, services, error, said):
        runner = self.runner(services, error)
        run_all(runner)
        job = the_job(services)
        assert job.error.startswith(said)
        assert len(job.error) <= 300
        assert (job.due_at, job.attempts) == (services.clock.now() + FIRST_DELAY, 1)

    def test_each_further_attempt_comes_later_until_it_is_given_up(self, services):
        runner = self.runner(services, Busy())
        waits = []
        while the_job(services).done_at is None:
            assert runner.run_next()
            waits.append(the_job(services).due_at - services.clock.now())
            assert not runner.run_next()
            services.clock.at = max(services.clock.at, the_job(services).due_at)
        assert waits[:-1] == [FIRST_DELAY * 4**number for number in range(MOST_ATTEMPTS - 1)]
        assert states(services) == [("odd", "failed", MOST_ATTEMPTS)]

    def test_others_are_run_though_one_fails(self, services):
        add(services, "odd")
        seen = []
        runner = Runner(services, [Kind("odd", lambda task: 1 // 0), Kind("even", lambda task: seen.append(1))])
        add(services, "even")
        run_all(runner)
        assert seen == [1]

    def test_one_that_kills_its_workers_is_given_up_too(self, services):
        """A claim counts as an attempt."""
        add(services, "odd")
        for number in range(MOST_ATTEMPTS):
            with services.db.write() as tx:
                now = services.clock.now()
                assert jobs.claim(tx, the_job(services).id, f"dead {number}", now, now + CLAIM)
            services.clock.pass_by(CLAIM)
        seen = []
        run_all(Runner(services, [Kind("odd", seen.append)]))
        assert seen == []
        assert the_job(services).error == "the worker died or took too long"


class TestRounds:
    def runner(self, services, run=lambda task: None):
        return Runner(services, [Kind("round", run, every=DAY)])

    def test_the_first_one_is_due_when_its_time_has_passed_once(self, services):
        runner = self.runner(services)
        assert not runner.run_next()
        assert not runner.run_next()
        assert states(services) == [("round", "waiting", 0)]
        services.clock.pass_by(DAY)
        assert runner.run_next()
        assert states(services) == [("round", "done", 1), ("round", "waiting", 0)]

    def test_a_restart_does_not_begin_the_time_anew(self, open_worker):
        first = open_worker()
        assert not self.runner(first).run_next()
        first.clock.pass_by(DAY)
        assert self.runner(open_worker()).run_next()

    def test_after_one_that_was_given_up_there_is_another(self, services):
        runner = self.runner(services, lambda task: 1 // 0)
        runner.run_next()
        for _ in range(3 * MOST_ATTEMPTS):
            services.clock.pass_by(DAY)
            runner.run_next()
        assert [state for _, state, _ in states(services)].count("failed") >= 2
        assert states(services)[-1][1] == "waiting"

    def test_what_became_of_a_job_is_forgotten_after_a_week(self, services):
        runner = self.runner(services)
        for _ in range(20):
            runner.run_next()
            services.clock.pass_by(DAY)
        run_all(runner)
        assert len(states(services)) <= KEPT // DAY + 2


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

    def test_a_runner_without_anything_to_do_stops_at_once(self, services):
        runner = Runner(services, KINDS)
        runner.start()
        runner.stop()
        runner.stop()


def test_the_kinds_there_are_come_round_and_do_their_work(services):
    runner = Runner(services, KINDS)
    run_all(runner)
    assert sorted(kind for kind, *_ in states(services)) == ["gc", "purge-keys", "purge-sessions"]
    services.clock.pass_by(DAY)
    run_all(runner)
    for kind in KINDS:
        assert states(services).count((kind.name, "done", 1)) == 1
        assert states(services).count((kind.name, "waiting", 0)) == 1


def test_a_server_runs_them_in_one_of_its_workers_and_stops_calmly(serve, tmp_path):
    """The job is due from its first moment on; the two workers between them run it once."""
    services = prepare_house(load_settings({}, data=tmp_path / "data"))
    add(services, "purge-keys")
    services.close()
    server = serve(data=tmp_path / "data", workers=2)
    services = prepare_house(load_settings({}, data=tmp_path / "data"))
    ask_until(lambda: ("purge-keys", "done", 1) in states(services), what="the job")
    assert states(services).count(("purge-keys", "done", 1)) == 1
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    services.close()
