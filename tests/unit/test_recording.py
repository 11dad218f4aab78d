"""Which refused attempts get a line in the audit log: each once a minute, and only so many."""

from motherlode.web.recording import MOST_OF_ONE, REPEAT_S, Attempts


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
