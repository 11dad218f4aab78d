"""Addresses that are longer than the server reads: refused on every route, before anything of them is looked at."""

import json

import pytest

from motherlode.web.lengths import MAX_ADDRESS_BYTES
from tests.support.servers import Server

PATHS = (
    *(
        "/v3/search",
        "/v3/autocomplete",
        "/v3/index.json",
        "/health/ready",
        "/health/live",
        "/metrics",
        "/",
        "/packages",
    ),
    *("/v3/flat/a/index.json", "/feeds/nobody/v3/search", "/nowhere", "/sign-in", "/atom.xml"),
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("piece", ["a=b&", "q=%41", "&", "q=" + "%f0%9f%98%80"])
def test_a_long_query_is_refused_everywhere(shared_server: Server, path: str, piece: str) -> None:
    query = (piece * MAX_ADDRESS_BYTES)[: MAX_ADDRESS_BYTES - len(path) + 1]
    answer = shared_server.get(f"{path}?{query}")
    assert (answer.status, json.loads(answer.body)["code"]) == (414, "address-too-long")
    assert shared_server.request("HEAD", f"{path}?{query}").status == 414


def test_a_query_of_the_greatest_length_is_answered(shared_server: Server) -> None:
    path = "/v3/search"
    assert shared_server.get(f"{path}?{'q=a&' * 5_000}"[: MAX_ADDRESS_BYTES + 1]).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "OPTIONS"])
def test_a_long_path_is_refused_whatever_is_asked(shared_server: Server, method: str) -> None:
    answer = shared_server.request(
        method, "/v3/flat/" + "a" * MAX_ADDRESS_BYTES, body=b"x" if method == "PUT" else None
    )
    assert answer.status == 414


def test_what_was_answered_before_is_no_way_around(shared_server: Server) -> None:
    for _ in range(3):
        assert shared_server.get("/v3/index.json").status == 200
        assert shared_server.get(f"/v3/index.json?{'a' * MAX_ADDRESS_BYTES}").status == 414


def test_people_get_a_page_that_is_no_longer_than_others(shared_server: Server) -> None:
    answer = shared_server.get(f"/packages?q={'a' * 60_000}", Accept="text/html")
    assert answer.status == 414
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert b"Address too long" in answer.body
    assert b"a" * 1_000 not in answer.body
