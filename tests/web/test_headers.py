"""What a header costs while others wait is bounded, however long strangers make it."""

from ipaddress import ip_network

import pytest

from motherlode.web.accept import is_part_of_page, prefers_page
from motherlode.web.base_url import BaseUrls
from motherlode.web.headers import MAX_LISTED_LENGTH, last_lines, listed_values
from tests.support.effort import calls_of

PROXY = "10.0.0.1"
SITES = BaseUrls(None, [ip_network("10.0.0.0/8")])
LONGEST = 64 * 1024
MOST_CALLS = 10 * MAX_LISTED_LENGTH
MEMBERS = [b"a,", b"a;q=0.1,", b"a;", b",", b"10.0.0.1,", b"192.0.2.1,", b"for=10.0.0.1,", b";", b'"\\']


def request(name, *lines):
    headers = [(b"host", b"packages.example"), *((name, line) for line in lines)]
    return {"headers": headers, "client": (PROXY, 4711), "server": ("127.0.0.1", 5555), "scheme": "http"}


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("name", [b"accept", b"forwarded", b"x-forwarded-for", b"x-forwarded-host"])
@pytest.mark.parametrize("lines", [1, 16])
def test_a_long_list_takes_no_more_work_than_a_short_one(name, lines, member):
    asked = request(name, *[member * (LONGEST // lines // len(member))] * lines)
    for read in (prefers_page, is_part_of_page, SITES.of, SITES.client_of):
        assert calls_of(lambda read=read: read(asked)) < MOST_CALLS


def test_of_a_long_list_the_end_counts():
    members = listed_values(request(b"accept", b"text/html," * 5_000 + b"a", b"b, c"), b"accept")
    assert members[-3:] == ["a", "b", "c"]
    assert set(members[:-3]) == {"text/html"}
    assert listed_values(request(b"accept", b"a" * 5_000), b"accept") == []


def test_a_proxy_behind_a_long_list_is_believed():
    asked = request(b"x-forwarded-for", b"198.51.100.9, " * 5_000, b"203.0.113.5, 10.0.0.2")
    assert SITES.client_of(asked) == "203.0.113.5"
    asked = request(b"forwarded", b"for=198.51.100.9, " * 5_000, b"for=203.0.113.5")
    assert SITES.client_of(asked) == "203.0.113.5"


def test_a_line_that_is_too_long_names_nobody():
    assert SITES.client_of(request(b"forwarded", b"for=198.51.100.9, " * 5_000 + b"for=203.0.113.5")) == PROXY


def test_the_last_lines_are_those_that_fit():
    half = "x" * (MAX_LISTED_LENGTH // 2)
    assert last_lines(["a", half, half]) == [half, half]
    assert last_lines(["a", half]) == ["a", half]
    assert last_lines(["a", half * 3]) == []
    assert last_lines([]) == []
