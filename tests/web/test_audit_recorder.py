"""Which refused attempts get a line in the audit log: each once a minute, and only so many; the others are counted."""

import asyncio
from types import SimpleNamespace
from typing import ClassVar

from structlog.testing import capture_logs

from motherlode.domain.permissions import READ, Actor
from motherlode.domain.refusals import NotAllowed
from motherlode.observe.clock import SystemClock
from motherlode.store.database.sqlite import open_database
from motherlode.web.auth.audit_recorder import MOST_OF_ONE, REPEAT_S, Attempts, AuditRecorder
from motherlode.web.background import BackgroundTasks
from motherlode.web.base_url import BaseUrls
from motherlode.web.request import Request

ADA = Actor("ada", frozenset({READ}))


def test_the_same_attempt_is_worth_a_line_once_in_a_while():
    attempts = Attempts()
    assert attempts.is_worth_a_line("ada", "push", 0.0)
    assert not attempts.is_worth_a_line("ada", "push", REPEAT_S - 1)
    assert attempts.is_worth_a_line("ada", "push", REPEAT_S)
    assert not attempts.is_worth_a_line("ada", "push", REPEAT_S + 1)


def test_another_attempt_and_another_caller_are_worth_their_own():
    attempts = Attempts()
    assert attempts.is_worth_a_line("ada", "push", 0.0)
    assert attempts.is_worth_a_line("ada", "delete", 0.0)
    assert attempts.is_worth_a_line("bob", "push", 0.0)


def test_one_caller_gets_only_so_many_and_takes_none_from_others():
    attempts = Attempts()
    told = [attempts.is_worth_a_line("ada", number, 0.0) for number in range(MOST_OF_ONE + 5)]
    assert told == [True] * MOST_OF_ONE + [False] * 5
    assert attempts.is_worth_a_line("bob", 0, 0.0)
    assert attempts.is_worth_a_line("ada", "later", REPEAT_S)


def test_only_so_many_are_kept():
    attempts = Attempts(most=10)
    for number in range(100):
        attempts.is_worth_a_line(f"caller-{number}", "push", float(number))
        assert len(attempts) <= 20


class TestMore:
    """When the minute ends there is one line for all that had none."""

    def fill(self, attempts, caller, count, now_s):
        for number in range(count):
            attempts.is_worth_a_line(caller, number, now_s)

    def test_it_is_told_once_how_many_there_were_when_the_minute_is_over(self):
        attempts = Attempts()
        self.fill(attempts, "ada", MOST_OF_ONE + 5, 0.0)
        self.fill(attempts, "bob", MOST_OF_ONE, 0.0)
        assert attempts.take_more(REPEAT_S - 1) == []
        assert attempts.take_more(REPEAT_S) == [("ada", 5)]
        assert attempts.take_more(REPEAT_S) == attempts.take_more() == []

    def test_at_the_end_it_is_told_before_the_minute_is_over(self):
        attempts = Attempts()
        self.fill(attempts, "ada", MOST_OF_ONE + 1, 0.0)
        assert attempts.take_more() == [("ada", 1)]

    def test_what_was_not_told_yet_is_not_lost_when_the_next_minute_begins(self):
        attempts = Attempts()
        self.fill(attempts, "ada", MOST_OF_ONE + 5, 0.0)
        assert attempts.is_worth_a_line("ada", "later", REPEAT_S)
        assert attempts.take_more() == [("ada", 5)]

    def test_the_same_attempt_again_is_no_more(self):
        attempts = Attempts()
        for _ in range(1000):
            attempts.is_worth_a_line("ada", "push", 0.0)
        assert attempts.take_more() == []


class TestLater:
    """What is written beside the answer: all of it, but only so much at once."""

    def test_all_that_was_started_is_done_in_the_end(self):
        async def run():
            later, done = BackgroundTasks(), []

            async def work(number):
                await asyncio.sleep(0)
                done.append(number)

            assert all(later.start(work(number)) for number in range(10))
            assert done == []
            await later.finish()
            return done

        assert asyncio.run(run()) == list(range(10))

    def test_what_is_too_much_is_refused_until_there_is_room(self):
        async def run():
            later, go = BackgroundTasks(most=2), asyncio.Event()

            async def work():
                await go.wait()

            started = [later.start(work()) for _ in range(4)]
            go.set()
            await later.finish()
            await asyncio.sleep(0)
            return [*started, later.start(work())]

        assert asyncio.run(run()) == [True, True, False, False, True]


class TestWhatCannotBeWritten:
    """It is in the server's log instead."""

    SCOPE: ClassVar = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/feeds/inner/v3/index.json",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 80),
    }

    def log_of(self, services, later, act):
        """What is logged when that is done with the recording of such a worker, and a visit there."""
        site = BaseUrls(None, ()).of(self.SCOPE)
        visit = Request(services, self.SCOPE, None, site, "request-1", None, None, None, None, asked_feed="inner")

        async def run():
            act(AuditRecorder(services, later), visit)
            await later.finish()

        with capture_logs() as events:
            asyncio.run(run())
        return [(event["event"], event["actor"], event["client"], event["request_id"]) for event in events]

    def test_what_is_too_much_at_once_is_logged(self):
        log = self.log_of(None, BackgroundTasks(most=0), lambda recording, visit: recording.note_sign_in(visit, ADA))
        assert log == [("audit_not_written", "ada", "192.0.2.1", "request-1")]

    def test_what_fails_is_logged(self, tmp_path):
        db = open_database(tmp_path / "without-tables.db", create=True)

        def refuse(recording, visit):
            visit.actor = ADA.sent_by(visit.sender)
            recording.note_refusal(visit, NotAllowed("No."))

        log = self.log_of(SimpleNamespace(db=db, clock=SystemClock()), BackgroundTasks(), refuse)
        db.close()
        assert log == [("audit_not_written", "ada", "192.0.2.1", "request-1")]
