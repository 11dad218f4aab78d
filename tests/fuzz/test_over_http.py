"""A server under thousands of mutated pushes and addresses: none is a fault of its own, none leaves anything behind."""

from collections.abc import Callable

from fuzz.over_http import SMALL_CACHE, Onslaught
from fuzz.requests import make_request
from tests.faults.processes import linux_only
from tests.support.servers import Server

REQUESTS = 5000


@linux_only
def test_mutated_requests_break_nothing_and_leave_nothing(serve: Callable[..., Server]):
    """100,000 are sent by `python -m fuzz http`."""
    onslaught = Onslaught(serve(environment=SMALL_CACHE), seed=1)
    onslaught.warm_up()
    onslaught.send(range(REQUESTS))
    assert onslaught.findings == []
    assert onslaught.statuses[201] > REQUESTS / 20
    assert onslaught.statuses[400] > REQUESTS / 5


@linux_only
def test_what_is_left_behind_is_told_with_the_way_to_see_it_again(server: Server):
    folder = server.data / "blobs" / "st"
    folder.mkdir(parents=True)
    (folder / "stray").write_bytes(b"left behind")
    onslaught = Onslaught(server, seed=3)
    onslaught.send(range(40, 42))
    assert [finding.startswith("the data are not sound") for finding in onslaught.findings] == [True]
    assert onslaught.findings[0].endswith("(again: python -m fuzz http --seed 3 --first 40 --requests 2)")


def test_a_request_is_made_of_its_seed_and_number_alone():
    requests = [make_request(1, number, "key") for number in range(50)]
    assert [make_request(1, number, "key") for number in reversed(range(50))] == requests[::-1]
    assert make_request(2, 0, "key") != requests[0]
