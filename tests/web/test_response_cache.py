"""What a worker remembers of requests: no more than it may, and nothing that would take one site for another."""

from functools import partial
from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from motherlode.observe.logs import Facts
from motherlode.projections.documents.cache import DocumentKey
from motherlode.web.base_url import BaseUrls
from motherlode.web.response_cache import CachedResponse, KnownRequest, ResponseCache, Sightings
from motherlode.web.responses import document_response

HOSTS = st.sampled_from([None, "localhost:5555", "LOCALHOST:5555", "127.0.0.1:5555", "evil.example", "a b"])
CLIENTS = st.sampled_from(["10.0.0.1", "192.0.2.1", "::ffff:10.0.0.2"])


def known(name):
    return KnownRequest(
        CachedResponse(DocumentKey(1, "", name), partial(document_response, is_negotiable=True, cache="")),
        name,
        Facts(),
    )


@st.composite
def scopes(draw):
    host = draw(HOSTS)
    forwarded = draw(st.sampled_from([None, "proxied.example"]))
    named = [
        (b"host", host),
        (b"x-forwarded-host", forwarded),
        (b"x-forwarded-proto", draw(st.sampled_from([None, "https"]))),
    ]
    return {
        "type": "http",
        "scheme": draw(st.sampled_from(["http", "https"])),
        "headers": [(name, value.encode()) for name, value in named if value is not None],
        "client": (draw(CLIENTS), 40000),
        "server": ("127.0.0.1", draw(st.sampled_from([5555, 6666]))),
    }


def test_only_so_many_are_remembered_and_the_oldest_goes_first():
    requests = ResponseCache(most=3)
    for number in range(10):
        requests.keep(f"/{number}", "asked", known(f"route-{number}"))
        assert len(requests) <= 3
    assert [requests.find(f"/{number}", "asked") is not None for number in range(10)] == [False] * 7 + [True] * 3


def test_they_take_no_more_than_their_bytes():
    requests = ResponseCache(max_bytes=20_000)
    for number in range(100):
        requests.keep(f"/{'x' * (number % 50)}{number}", "asked", known("route"))
        assert 0 < requests.bytes_kept <= 20_000
    for number in range(100):
        requests.forget(f"/{'x' * (number % 50)}{number}", "asked")
    assert (requests.bytes_kept, len(requests)) == (0, 0)


def test_a_request_that_is_kept_again_counts_once():
    requests = ResponseCache()
    for _ in range(3):
        requests.keep("/", "asked", known("route"))
    assert len(requests) == 1
    requests.forget("/", "asked")
    assert requests.bytes_kept == 0


def test_requests_are_first_once_and_a_flood_of_them_takes_no_room():
    sightings = Sightings(most=10)
    assert [sightings.is_first("/a", "asked") for _ in range(3)] == [True, False, False]
    assert sightings.is_first("/a", "by another")
    for number in range(1_000):
        assert sightings.is_first(f"/{number}", "asked")
        assert len(sightings._seen) <= 10


def test_the_same_path_of_two_sites_is_two_requests():
    requests = ResponseCache()
    requests.keep("/", "one", known("one"))
    assert requests.find("/", "one").route == "one"
    assert requests.find("/", "two") is None


def test_a_path_of_endless_spellings_is_not_remembered():
    requests = ResponseCache()
    requests.keep("/" + "0" * 501, "asked", known("long"))
    assert len(requests) == 0


@given(scopes(), scopes(), st.sampled_from([None, "https://nuget.example/packages"]), st.booleans())
def test_requests_that_ask_alike_ask_the_same_site(one, other, public_url, is_proxied):
    sites = BaseUrls(public_url, [ip_network("10.0.0.0/8")] if is_proxied else [])
    if sites.asked_of(one) is not None and sites.asked_of(one) == sites.asked_of(other):
        first, second = sites.of(one), sites.of(other)
        assert (first.root, first.prefix, first.is_checked) == (second.root, second.prefix, second.is_checked)


@given(scopes())
def test_what_a_proxy_forwards_is_never_taken_for_what_was_asked_directly(scope):
    sites = BaseUrls(None, [ip_network("10.0.0.0/8")])
    assert (sites.asked_of(scope) is None) == (scope["client"][0] != "192.0.2.1")
    assert sites.client_of(scope) == sites.of(scope).client
