"""The route table: nothing is written without a key, and the more special shape stands first."""

import pytest

from motherlode.web.routes import FEED_ROUTES, READ, SERVER_ROUTES, find_route, methods_of


def test_whatever_is_no_plain_read_asks_for_a_key():
    assert [route.name for route in FEED_ROUTES if route.methods != READ and route.check is None] == []
    assert [route.name for route in FEED_ROUTES if route.methods == READ and route.check is not None] == []


def test_what_the_server_itself_answers_is_for_everybody_and_only_read_but_for_forms():
    assert {(route.methods, route.check) for route in SERVER_ROUTES if not route.is_page} == {(READ, None)}
    assert [route.name for route in SERVER_ROUTES if route.methods == ("POST",)] == ["sign-in", "sign-out"]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/api/v2/package/create-verification-key/acme", "create-verification-key"),
        ("POST", "/API/V2/Package/Create-Verification-Key/acme/1.0.0/", "create-verification-key"),
        ("POST", "/api/v2/package/acme/1.0.0", "relist"),
        ("DELETE", "/api/v2/package/create-verification-key/1.0.0", "delete"),
        ("GET", "/api/v2/verifykey/acme", "verifykey"),
        ("GET", "/api/v2/verifykey/acme/1.0.0", "verifykey"),
    ],
)
def test_verification_keys_take_their_shape_from_relist(method, path, name):
    found = find_route(FEED_ROUTES, method, path)
    assert found is not None
    assert found[0].name == name
    assert method in methods_of(FEED_ROUTES, path)
