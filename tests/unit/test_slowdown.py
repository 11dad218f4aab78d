"""Slowing down wrong passwords: who waits, who is refused, and who never notices."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.refusals import SignInRefused
from motherlode.identity.slowdown import (
    ADDRESS_TRIES,
    GAP_S,
    MAX_WAIT_S,
    MOST_KEPT,
    MOST_SLOWED,
    MOST_UNJUDGED,
    MOST_UNJUDGED_IN_ALL,
    NAME_TRIES,
    Slowdown,
)

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def slowdown():
    return Slowdown()


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


class TestAddresses:
    """10 wrong ones at once, then one in 2 seconds."""

    def test_ten_wrong_ones_wait_for_nothing_then_each_waits_longer_until_they_are_refused(self, slowdown):
        waits = [wait_s(slowdown, name=f"user{number}") for number in range(ADDRESS_TRIES + 5)]
        assert waits == [0.0] * 10 + [2.0, 4.0, None, None, None]

    def test_who_is_refused_is_told_when_to_come_back_and_may_then(self, slowdown):
        while wait_s(slowdown) is not None:
            pass
        with pytest.raises(SignInRefused, match="There were many wrong ones: wait 6 seconds first") as refusal:
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

    def test_a_users_own_address_is_not_held_up_by_strangers(self, slowdown):
        sign_in(slowdown, HERE, "Alice")
        for number in range(100):
            wait_s(slowdown, f"198.51.100.{number}", "alice")
        assert wait_s(slowdown, "203.0.113.1", "alice") is None
        assert sign_in(slowdown, HERE, "alice") == 0.0

    def test_a_users_own_address_is_still_an_address(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        assert [wait_s(slowdown) for _ in range(11)] == [0.0] * 10 + [2.0]

    def test_an_own_address_is_of_that_user_alone(self, slowdown):
        sign_in(slowdown, HERE, "alice")
        for number in range(NAME_TRIES):
            wait_s(slowdown, f"198.51.100.{number}", "bob")
        assert wait_s(slowdown, HERE, "bob") == GAP_S


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

    def admitted(self, slowdown, addresses, now_s=0.0):
        """How many of these tries are let in while none of them is judged."""
        with ExitStack() as waiting:
            count = 0
            for address in addresses:
                try:
                    waiting.enter_context(slowdown.attempt(address, "alice", now_s))
                except SignInRefused:
                    continue
                count += 1
            return count

    def test_an_address_has_32_at_once(self, slowdown):
        """As many colleagues behind one address may sign in in the same second."""
        assert self.admitted(slowdown, [HERE] * 100) == MOST_UNJUDGED == 32

    def test_an_address_that_is_slowed_down_has_4(self, slowdown):
        for _ in range(ADDRESS_TRIES):
            wait_s(slowdown)
        assert self.admitted(slowdown, [HERE] * 100) == MOST_SLOWED == 4

    def test_there_are_64_in_all(self, slowdown):
        assert self.admitted(slowdown, [f"192.0.2.{number}" for number in range(200)]) == MOST_UNJUDGED_IN_ALL == 64

    def test_when_they_are_judged_others_are_let_in(self, slowdown):
        addresses = [f"192.0.2.{number}" for number in range(200)]
        self.admitted(slowdown, addresses)
        assert self.admitted(slowdown, addresses, now_s=1000.0) == MOST_UNJUDGED_IN_ALL

    def test_those_let_in_together_are_counted_each(self, slowdown):
        """Whoever sends 32 at once waits for all 32 before the next."""
        self.admitted(slowdown, [HERE] * 100)
        assert wait_s(slowdown, now_s=(MOST_UNJUDGED - ADDRESS_TRIES) * GAP_S - MAX_WAIT_S) is None
        assert wait_s(slowdown, now_s=(MOST_UNJUDGED - ADDRESS_TRIES + 1) * GAP_S) == 0.0


class TestMemory:
    def test_what_strangers_send_does_not_pile_up(self, slowdown):
        for number in range(3 * MOST_KEPT):
            wait_s(slowdown, f"2001:db8:{number:x}::1", f"name{number}" * 50, number * 100.0)
            sign_in(slowdown, f"2001:db8:{number:x}::1", f"user{number}", number * 100.0)
        assert len(slowdown) == 3 * MOST_KEPT

    def test_when_all_is_judged_nothing_unjudged_is_left(self, slowdown):
        sign_in(slowdown)
        assert len(slowdown) == 1


@given(st.lists(st.tuples(st.sampled_from([HERE, THERE]), st.floats(0, 3), st.booleans()), max_size=60))
def test_nobody_waits_longer_than_for_the_same_tries_all_at_once(tries):
    """Time only forgives."""
    slowdown, now_s, wrong = Slowdown(), 0.0, {HERE: 0, THERE: 0}
    for number, (address, gap_s, is_right) in enumerate(tries):
        now_s += gap_s
        if wrong[address] == ADDRESS_TRIES + 2:
            continue
        wait = (sign_in if is_right else wait_s)(slowdown, address, f"user{number}", now_s)
        assert wait is not None
        assert 0.0 <= wait <= max(0.0, (wrong[address] - ADDRESS_TRIES + 1) * GAP_S)
        wrong[address] += not is_right
