"""What a request says of its sender: whatever the headers are, they are taken apart or say nothing."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.web.auth.credentials import (
    Basic,
    Bearer,
    drop_cookie,
    find_authorization,
    find_cookie,
    keep_form_secret,
    keep_session,
    parse_authorization,
    sent_keys,
)
from motherlode.web.base_url import BaseUrl


@given(st.binary(max_size=200))
def test_any_header_says_something_or_nothing(value):
    credential = parse_authorization(value)
    assert credential is None or isinstance(credential, Basic | Bearer)


@given(st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])), st.text())
def test_a_name_ends_at_the_first_colon_and_a_password_is_what_is_left(user, password):
    password = password.encode(errors="replace").decode()
    encoded = base64.b64encode(f"{user}:{password}".encode())
    expected = Basic(user, password) if user or password else None
    assert parse_authorization(b"Basic " + encoded) == expected


@pytest.mark.parametrize("value", [b"Bearer  abc ", b"bearer abc", b" BEARER abc"])
def test_a_token_is_what_stands_between_the_spaces(value):
    assert parse_authorization(value) == Bearer("abc")


@pytest.mark.parametrize(
    "value", [b"", b"Basic", b"Basic ", b"Bearer ", b"Digest abc", b"Basic Og==", b"Basic YWJj", b"Basic ===", b"abc"]
)
def test_what_is_empty_malformed_or_unknown_says_nothing(value):
    assert parse_authorization(value) is None


def test_a_header_that_is_there_twice_or_endless_is_none():
    def find(*values):
        return find_authorization({"headers": [(b"host", b"a"), *((b"authorization", value) for value in values)]})

    assert find(b"Bearer a") == b"Bearer a"
    assert find() is find(b"Bearer a", b"Bearer a") is find(b"Bearer " + b"a" * 5000) is None


def test_keys_are_all_those_that_were_sent():
    headers = [(b"x-nuget-apikey", b" a "), (b"x-nuget-apikey", b""), (b"x-other", b"c")]
    assert sent_keys({"headers": headers}) == [b"a", b""]


@given(st.lists(st.binary(max_size=60)))
def test_any_cookie_header_holds_a_value_or_none(values):
    found = find_cookie({"headers": [(b"cookie", value) for value in values]}, "a")
    assert found is None or ";" not in found


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([b"a=1"], "1"),
        ([b"b=2; a=1"], "1"),
        ([b"b=2", b"a=1"], "1"),
        ([b"a=1; a=2"], "1"),
        ([b"ba=2;a=x=y"], "x=y"),
        ([b"a"], ""),
        ([b"A=1"], None),
        ([b"aa=1"], None),
        ([b""], None),
        ([], None),
    ],
)
def test_a_cookie_is_found_by_its_name_the_first_where_there_are_several(headers, value):
    assert find_cookie({"headers": [(b"cookie", header) for header in headers]}, "a") == value


@pytest.mark.parametrize(
    ("site", "bounds"),
    [
        (BaseUrl("http://localhost", "", "", is_checked=True), "Path=/; HttpOnly"),
        (BaseUrl("https://example.com", "", "", is_checked=True), "Path=/; HttpOnly; Secure"),
        (BaseUrl("https://example.com/nuget", "/nuget", "", is_checked=True), "Path=/nuget; HttpOnly; Secure"),
    ],
)
def test_cookies_are_bound_to_the_site(site, bounds):
    assert keep_session(site, "x", 60) == f"motherlode-session=x; Max-Age=60; SameSite=Lax; {bounds}"
    assert keep_form_secret(site, "x") == f"motherlode-form=x; SameSite=Strict; {bounds}"
    assert drop_cookie(site, "motherlode-form") == f"motherlode-form=; Max-Age=0; SameSite=Lax; {bounds}"
