"""Forms of pages: what is read out of them, who may send them, and where they may lead."""

from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from motherlode.domain.refusals import InvalidForm
from motherlode.identity.sessions import is_form_token, is_well_formed, make_form_token, make_secret, make_session
from motherlode.web.pages.core.forms import is_own_page, parse_form
from motherlode.web.pages.sign_in import parse_target

HOME = "https://example.com"
PREFIX = "https://example.com/nuget"
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
PATHS = st.text("/\\.%2eEfF?#:@a ;\t\r\n", max_size=12)


@given(st.binary(max_size=200))
def test_any_body_is_a_form_or_is_refused(body):
    try:
        form = parse_form(body)
    except InvalidForm:
        return
    assert all(isinstance(text, str) for pair in form.items() for text in pair)


@given(st.dictionaries(WORDS, WORDS, max_size=10))
def test_what_a_browser_fills_in_is_read_as_it_was(fields):
    assert parse_form(urlencode(fields).encode()) == fields


def test_of_several_fields_with_one_name_the_first_counts():
    assert parse_form(b"a=1&b=&a=2") == {"a": "1", "b": ""}


@given(PATHS | WORDS)
@example("//evil.example")
@example("/\\evil.example")
@example("/%2e%2E/elsewhere")
def test_a_form_leads_to_no_place_outside_of_the_site(text):
    target = parse_target(text)
    there = urlsplit(urljoin(f"{PREFIX}/sign-in", f"/nuget{target}"))
    assert (there.scheme, there.netloc) == ("https", "example.com")
    assert there.path.startswith("/nuget/")
    assert target == "/" or (target == text and "//" not in text[:2] and "\\" not in text)


@pytest.mark.parametrize("text", ["/", "/packages?q=a%20b&page=2", "/feeds/inner/packages/Acme.Widgets/1.0.0#readme"])
def test_a_path_of_the_site_is_where_a_form_leads(text):
    assert parse_target(text) == text


@pytest.mark.parametrize("text", [None, "", "/sign-in", "/SIGN-IN/?next=/", "/sign-out", "/ä", '/"', "/" + "a" * 2002])
def test_anything_else_leads_home(text):
    assert parse_target(text) == "/"


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": HOME}, False),
        ({"sec-fetch-site": "nonsense"}, False),
        ({"origin": "https://example.com"}, True),
        ({"origin": "HTTPS://EXAMPLE.COM:443"}, True),
        ({"origin": "http://example.com"}, False),
        ({"origin": "https://example.com:8443"}, False),
        ({"origin": "https://example.com.evil.example"}, False),
        ({"origin": "https://example.com:port"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://alias:5000", "host": "alias:5000"}, True),
        ({"origin": "http://alias", "host": "Alias:80"}, True),
        ({"origin": "https://alias", "host": "alias"}, False),
        ({"origin": "http://evil.example", "host": "alias"}, False),
        ({"origin": "http://alias:port", "host": "alias:port"}, False),
    ],
)
def test_a_form_of_another_site_is_known_by_what_the_browser_says(headers, is_own):
    scope = {"scheme": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    assert is_own_page(scope, PREFIX) is is_own


def test_a_token_belongs_to_one_secret():
    one, other = make_secret(), make_secret()
    assert is_form_token(one, make_form_token(one))
    assert not is_form_token(one, make_form_token(other))
    assert not is_form_token(one, one)
    assert one not in make_form_token(one)


def test_a_token_is_never_written_twice_in_the_same_way():
    """No half of one is in another, so that nobody who sees how well pages compress learns any of it."""
    secret = make_secret()
    made = [make_form_token(secret) for _ in range(50)]
    assert len({half for token in made for half in (token[:64], token[64:])}) == 100
    assert all(is_form_token(secret, token) for token in made)


@given(st.integers(0, 127), st.sampled_from("0123456789abcdef"))
def test_a_token_with_one_character_changed_is_none(place, character):
    secret = make_secret()
    token = make_form_token(secret)
    changed = token[:place] + character + token[place + 1 :]
    assert is_form_token(secret, changed) is (changed == token)


@given(WORDS)
@example("")
@example("0" * 64)
@example("0" * 128)
@example("\u0661" * 128)
def test_no_other_text_is_a_token(text):
    assert not is_form_token("x" * 43, text)


def test_secrets_are_made_well_formed_and_differ():
    made = {make_session().secret for _ in range(100)}
    assert len(made) == 100
    assert all(is_well_formed(secret) for secret in made)
