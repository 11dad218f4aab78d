"""Which connections the guard ends: those beyond the bounds, the idlest first, and those whose clients do not read."""

from motherlode.connections import Connection
from motherlode.web.guard import BUSY_S, IDLE_TIMES, LEAST_READ_RATE, MOST_STALLED, Bounds, Judge

BOUNDS = Bounds(connections=10, per_address=4, idle_timeout_s=30, write_timeout_s=60)


def connection(
    number: int, address: str = "192.0.2.1", *, idle_ms: int = 0, unread: int = 0, read: int = 0
) -> Connection:
    return Connection(address, 1000 + number, number, unread, read, idle_ms)


def judge(bounds: Bounds = BOUNDS, exempt: str = "") -> Judge:
    return Judge(bounds, lambda address: address == exempt)


class TestNumber:
    def test_what_is_within_all_bounds_stays(self) -> None:
        some = [connection(number, f"192.0.2.{number % 3}") for number in range(10)]
        assert judge().choose(some, 0) == {}

    def test_beyond_the_bound_of_an_address_its_idlest_go(self) -> None:
        idle = {1: 500, 2: 20_000, 3: 0, 4: 7, 5: 9000, 6: 3}
        some = [connection(number, idle_ms=idle_ms) for number, idle_ms in idle.items()]
        assert set(judge().choose(some, 0)) == {2, 5}

    def test_a_restore_of_many_packages_that_waits_for_its_answers_keeps_them_all(self) -> None:
        busy = [connection(number, idle_ms=int(1000 * BUSY_S) - number) for number in range(9)]
        assert judge().choose(busy, 0) == {}

    def test_an_exempt_address_may_have_any_number(self) -> None:
        some = [connection(number, "192.0.2.9") for number in range(9)]
        assert judge(exempt="192.0.2.9").choose(some, 0) == {}

    def test_a_network_of_ipv6_is_one_address(self) -> None:
        some = [connection(number, f"2001:db8::{number:x}", idle_ms=6000 + number) for number in range(6)]
        others = [connection(10 + number, f"2001:db8:0:{number:x}::1", idle_ms=9000) for number in range(1, 4)]
        assert set(judge().choose([*some, *others], 0)) == {4, 5}

    def test_beyond_the_bound_of_all_those_go_of_whoever_has_most(self) -> None:
        many = [connection(number, "192.0.2.1", idle_ms=number) for number in range(1, 5)]
        others = [connection(10 + number, f"192.0.2.{10 + number}", idle_ms=20_000) for number in range(8)]
        assert set(judge().choose([*others, *many], 0)) == {4, 3}

    def test_with_as_many_addresses_as_connections_the_idlest_go(self) -> None:
        some = [connection(number, f"192.0.2.{number}", idle_ms=number) for number in range(12)]
        assert set(judge().choose(some, 0)) == {11, 10}

    def test_an_exempt_address_goes_last(self) -> None:
        proxy = [connection(number, "192.0.2.9", idle_ms=29_000) for number in range(9)]
        others = [connection(20 + number, "192.0.2.1", idle_ms=number) for number in range(3)]
        assert set(judge(exempt="192.0.2.9").choose([*proxy, *others], 0)) == {22, 21}


class TestIdle:
    LONGEST_MS = IDLE_TIMES * 30_000

    def test_goes_when_the_engine_does_not_end_it(self) -> None:
        some = [connection(1, idle_ms=self.LONGEST_MS), connection(2, idle_ms=self.LONGEST_MS + 1)]
        assert judge().choose(some, 0) == {2: "idle"}

    def test_who_has_something_to_read_is_not_idle(self) -> None:
        assert judge().choose([connection(1, idle_ms=self.LONGEST_MS + 1, unread=1)], 0) == {}


class TestUnread:
    def test_who_reads_nothing_goes_after_the_timeout(self) -> None:
        watching, stuck = judge(), [connection(1, unread=100, read=5)]
        assert [watching.choose(stuck, now) for now in (0, 30, 60)] == [{}] * 3
        assert watching.choose(stuck, 61) == {1: "unread"}

    def test_who_reads_a_little_all_the_time_stays(self) -> None:
        watching = judge()
        for now in range(0, 600, 10):
            some = [connection(1, unread=100, read=now * LEAST_READ_RATE)]
            assert watching.choose(some, now) == {}

    def test_who_reads_less_than_the_least_rate_goes(self) -> None:
        watching, rate = judge(), LEAST_READ_RATE - 200
        looks = {now: [connection(1, unread=100, read=now * rate)] for now in range(0, 80, 10)}
        assert [watching.choose(some, now) for now, some in looks.items()] == [{}] * 7 + [{1: "unread"}]

    def test_who_has_read_all_begins_anew(self) -> None:
        watching = judge()
        watching.choose([connection(1, unread=100)], 0)
        watching.choose([connection(1, read=100)], 50)
        assert watching.choose([connection(1, unread=100, read=100)], 61) == {}

    def test_of_too_many_those_go_that_have_not_read_for_longest(self) -> None:
        roomy = Bounds(connections=1000, per_address=1000, idle_timeout_s=30, write_timeout_s=60)
        watching = judge(roomy)
        early = [connection(number, unread=1) for number in range(5)]
        late = [connection(100 + number, unread=1) for number in range(MOST_STALLED)]
        watching.choose(early, 0)
        assert watching.choose([*early, *late], 1) == {}
        assert set(watching.choose([*early, *late], 10)) == {each.inode for each in early}

    def test_many_that_are_slow_and_read_all_the_time_stay(self) -> None:
        """Two hundred downloads that share a line, each at ten times the least rate."""
        watching = judge(Bounds(connections=1000, per_address=1000, idle_timeout_s=30, write_timeout_s=60))
        for now in range(300):
            slow = [connection(number, unread=1, read=10 * now * LEAST_READ_RATE) for number in range(200)]
            assert watching.choose(slow, now) == {}
