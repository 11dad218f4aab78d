"""Slowing down wrong passwords: who waits, who is refused, and who never notices."""

from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.refusals import SignInRefused
from motherlode.identity.slowdown import (
    ADDRESS_TRIES,
    GAP_S,
    HOME_TRIES,
    MAX_WAIT_S,
    MOST_AT_HOME,
    MOST_HOMES,
    MOST_KEPT,
    MOST_STRANGERS,
    NAME_TRIES,
    LoginThrottle,
)

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def slowdown():
    return LoginThrottle()


def wait_s(slowdown, address=HERE, name="alice", now_s=0.0):
    """How long a wrong try waits; None for one that is refused at once."""
    try:
        with slowdown.attempt(address, name, now_s) as attempt:
            return attempt.wait_s
    except SignInRefused:
        return None


def sign_in(slowdown, address=HERE, name="alice", now_s=0.0):
    """A right try."""
    with slowdown.attempt(address, name, now_s) as attempt:
        attempt.note_right()
        return attempt.wait_s


def strangers(count):
    """As many addresses, each with a name of its own."""
    return [(f"192.0.2.{number}", f"user{number}") for number in range(count)]


def admit(slowdown, waiting, tries, now_s=0.0):
    """How many of these tries are let in while none of them is judged."""
    before = len(waiting._exit_callbacks)
    for address, name in tries:
        with suppress(SignInRefused):
            waiting.enter_context(slowdown.attempt(address, name, now_s))
    return len(waiting._exit_callbacks) - before


class TestAddresses:
    """10 wrong ones at once, then one in 2 seconds."""

    def test_ten_wrong_ones_wait_for_nothing_then_each_waits_longer_until_they_are_refused(self, slowdown):
        waits = [wait_s(slowdown, name=f"user{number}") for number in range(ADDRESS_TRIES + 5)]
        assert waits == [0.0] * 10 + [2.0, 4.0, None, None, None]

    def test_who_is_refused_is_told_when_to_come_back_and_may_then(self, slowdown):
        while wait_s(slowdown) is not None:
            pass
        with pytest.raises(SignInRefused, match="There were too many failed attempts: wait 6 seconds") as refusal:
            slowdown.attempt(HERE, "alice", 0.0).__enter__()
        assert refusal.value.retry_after_s == 6
        assert wait_s(slowdown, now_s=6.0) == 0.0

    def test_in_the_long_run_one_in_two_seconds_is_judged(self, slowdown):
        """Tried a thousand times a second for a minute."""
        judged = sum(wait_s(slowdown, now_s=at / 1000) is not None for at in range(60_000))
        assert judged == ADDRESS_TRIES + (60 + MAX_WAIT_S) // GAP_S

    def test_refused_tries_count_for_nothing_so_that_nobody_is_locked_out_for_good(self, slowdown):
        for _ in range(10_000):
            wait_s(slowdown)
        assert wait_s(slowdown, now_s=ADDRESS_TRIES * GAP_S + MAX_WAIT_S) == 0.0

    def test_one_address_does_not_slow_another(self, slowdown):
        while wait_s(slowdown, HERE, "mallory") is not None:
            pass
        assert wait_s(slowdown, THERE, "alice") == 0.0

    @pytest.mark.parametrize(
        ("address", "same", "other"),
        [
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"),
            ("2001:db8:0:1::1", "2001:0DB8::1:0:0:0:9", "2001:db8:1:1::1"),
            ("fe80::1%eth0", "fe80::2%eth0", "fe80:0:0:1::1"),
            ("unix", "unix", "elsewhere"),
        ],
    )
    def test_an_address_is_an_ipv4_address_or_an_ipv6_network_of_64_bits(self, slowdown, address, same, other):
        for _ in range(ADDRESS_TRIES):
            wait_s(slowdown, address)
        assert wait_s(slowdown, same) == GAP_S
        assert wait_s(slowdown, other) == 0.0


class TestNames:
    """20 wrong ones at once from wherever, then one in 2 seconds."""

    @pytest.mark.parametrize("name", ["alice", "nobody-of-that-name", "", "ø" * 5000, "no such \0 name"])
    def test_twenty_wait_for_nothing_then_each_waits_longer_whatever_the_name(self, slowdown, name):
        waits = [wait_s(slowdown, f"192.0.2.{number}", name) for number in range(NAME_TRIES + 4)]
        assert waits == [0.0] * 20 + [2.0, 4.0, None, None]

    def test_casing_does_not_make_another_name(self, slowdown):
        for number in range(NAME_TRIES):
            wait_s(slowdown, f"192.0.2.{number}", "alice" if number % 2 else "ALICE")
        assert wait_s(slowdown, THERE, "Alice") == GAP_S

    def test_one_name_does_not_slow_another(self, slowdown):
        for number in range(100):
            wait_s(slowdown, f"192.0.2.{number}", "alice")
        assert wait_s(slowdown, THERE, "bob") == 0.0


class TestHomes:
    """Where a user signed in rightly, tries in his name are counted by themselves and have places of their own."""

    def test_a_home_is_not_held_up_by_what_strangers_try_in_the_same_name(self, slowdown):
        sign_in(slowdown, HERE, "Alice")
        for number in range(100):
            wait_s(slowdown, f"198.51.100.{number}", "alice")
        assert wait_s(slowdown, "203.0.113.1", "alice") is None
        assert sign_in(slowdown, HERE, "alice") == 0.0

    def test_a_home_is_not_held_up_by_what_is_tried_there_in_other_names(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        for number in range(40):
            wait_s(slowdown, HERE, f"user{number}")
        assert wait_s(slowdown, HERE, "bob") is None
        assert sign_in(slowdown, HERE, "alice") == 0.0

    def test_a_home_is_let_in_while_strangers_fill_all_their_places(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        with ExitStack() as waiting:
            assert admit(slowdown, waiting, strangers(200)) == MOST_STRANGERS
            assert wait_s(slowdown, THERE, "bob") is None
            with slowdown.attempt(HERE, "alice", 0.0) as attempt:
                assert (attempt.wait_s, attempt.is_at_home) == (0.0, True)

    def test_a_home_has_places_of_its_own_and_takes_none_of_others(self, slowdown):
        for name in ("alice", "bob"):
            sign_in(slowdown, HERE, name)
        with ExitStack() as waiting:
            assert admit(slowdown, waiting, [(HERE, "alice")] * 20) == MOST_AT_HOME == 4
            assert admit(slowdown, waiting, [(HERE, "bob")] * 20) == MOST_AT_HOME
            assert admit(slowdown, waiting, strangers(200)) == MOST_STRANGERS

    def test_wrong_ones_at_home_are_slowed_down_too_and_count_nowhere_else(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        assert [wait_s(slowdown) for _ in range(HOME_TRIES + 4)] == [0.0] * 10 + [2.0, 4.0, None, None]
        assert wait_s(slowdown, HERE, "bob") == wait_s(slowdown, THERE, "alice") == 0.0

    def test_a_home_is_of_that_user_alone(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        for number in range(NAME_TRIES):
            wait_s(slowdown, f"198.51.100.{number}", "bob")
        assert wait_s(slowdown, HERE, "bob") == GAP_S

    def test_nobody_is_at_home_before_he_signed_in_rightly_or_is_known_to_have(self, slowdown):
        def is_at_home():
            with slowdown.attempt(HERE, "alice", 0.0) as attempt:
                return attempt.is_at_home

        assert [is_at_home(), is_at_home()] == [False, False]
        slowdown.note_home("::ffff:" + HERE, "ALICE")
        assert is_at_home()

    def test_a_user_has_so_many_homes_and_pushes_out_those_of_nobody_else(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        for number in range(MOST_KEPT):
            sign_in(slowdown, f"2001:db8:0:{number:x}::1", "mallory", number * 100.0)

        def is_at_home(address, name):
            with slowdown.attempt(address, name, 1e6) as attempt:
                return attempt.is_at_home

        assert is_at_home(HERE, "alice")
        homes = [is_at_home(f"2001:db8:0:{number:x}::1", "mallory") for number in range(MOST_KEPT - 20, MOST_KEPT)]
        assert homes == [False] * (20 - MOST_HOMES) + [True] * MOST_HOMES


class TestRightOnes:
    def test_right_ones_count_for_nothing_however_many(self, slowdown):
        assert [sign_in(slowdown, name=f"user{number}") for number in range(500)] == [0.0] * 500

    def test_right_ones_do_not_make_up_for_wrong_ones(self, slowdown):
        """Else whoever has an account could try the passwords of others in between."""
        for _ in range(ADDRESS_TRIES):
            wait_s(slowdown, name="alice")
            sign_in(slowdown, name="mallory")
        assert wait_s(slowdown, name="alice") == GAP_S

    def test_a_try_that_fails_or_is_given_up_counts_as_wrong(self, slowdown):
        for _ in range(ADDRESS_TRIES):
            with pytest.raises(ConnectionError), slowdown.attempt(HERE, "alice", 0.0):
                raise ConnectionError
        assert wait_s(slowdown) == GAP_S

    def test_what_is_wrong_is_forgiven_with_time(self, slowdown):
        for _ in range(ADDRESS_TRIES):
            wait_s(slowdown)
        assert wait_s(slowdown, now_s=GAP_S) == 0.0
        assert wait_s(slowdown, now_s=GAP_S) == GAP_S
        assert [wait_s(slowdown, now_s=1000.0) for _ in range(11)] == [0.0] * 10 + [2.0]


class TestUnjudged:
    """Each try that is let in costs a hash: there are never more than a few at once."""

    def test_strangers_have_64_in_all(self, slowdown):
        with ExitStack() as waiting:
            assert admit(slowdown, waiting, strangers(200)) == MOST_STRANGERS == 64

    def test_when_they_are_judged_others_are_let_in(self, slowdown):
        for now_s in (0.0, 1000.0):
            with ExitStack() as waiting:
                assert admit(slowdown, waiting, strangers(200), now_s) == MOST_STRANGERS

    def test_who_is_let_in_counts_before_he_is_judged(self, slowdown):
        """Else a name's limit of 20 would let 64 through that come at once."""
        with ExitStack() as waiting:
            assert admit(slowdown, waiting, [(f"192.0.2.{number}", "alice") for number in range(64)]) == NAME_TRIES + 2
        with ExitStack() as waiting:
            assert admit(slowdown, waiting, [(THERE, f"user{number}") for number in range(64)]) == ADDRESS_TRIES + 2

    def test_who_proves_right_is_taken_back(self, slowdown):
        with ExitStack() as waiting:
            attempts = [waiting.enter_context(slowdown.attempt(HERE, f"user{n}", 0.0)) for n in range(ADDRESS_TRIES)]
            assert wait_s(slowdown, name="another") == GAP_S
            attempts[0].note_right()
            attempts[1].note_right()
        assert wait_s(slowdown, name="one more") == 0.0
        assert wait_s(slowdown, name="and more") == GAP_S


class TestMemory:
    def test_what_strangers_send_does_not_pile_up(self, slowdown):
        for number in range(3 * MOST_KEPT):
            wait_s(slowdown, f"2001:db8:{number:x}::1", f"name{number}" * 50, number * 100.0)
            sign_in(slowdown, f"2001:db8:{number:x}::1", f"user{number}", number * 100.0)
            wait_s(slowdown, f"2001:db8:{number:x}::1", f"user{number}", number * 100.0)
        assert len(slowdown) == 4 * MOST_KEPT

    def test_when_all_is_judged_nothing_unjudged_is_left(self, slowdown):
        slowdown.note_home(HERE, "alice")
        sign_in(slowdown)
        assert len(slowdown) == 2


@given(st.lists(st.tuples(st.sampled_from([HERE, THERE]), st.floats(0, 3), st.booleans()), max_size=60))
def test_nobody_waits_longer_than_for_the_same_tries_all_at_once(tries):
    """Time only forgives."""
    slowdown, now_s, wrong = LoginThrottle(), 0.0, {HERE: 0, THERE: 0}
    for number, (address, gap_s, is_right) in enumerate(tries):
        now_s += gap_s
        if wrong[address] == ADDRESS_TRIES + 2:
            continue
        wait = (sign_in if is_right else wait_s)(slowdown, address, f"user{number}", now_s)
        assert wait is not None
        assert 0.0 <= wait <= max(0.0, (wrong[address] - ADDRESS_TRIES + 1) * GAP_S)
        wrong[address] += not is_right
