"""How a feed introduces itself: title, text and logo, as settings."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.feed_settings import FeedPolicy, describe_feed_policy, format_feed_policy, parse_feed_policy
from motherlode.domain.logos import MAX_LOGO_BYTES, Logo, format_logo, logo_of, parse_logo
from motherlode.domain.refusals import InvalidSetting

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"
GIF, SVG = b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>"


def data_address(content, media_type="image/png"):
    return f"data:{media_type};base64,{b64encode(content).decode()}"


@pytest.mark.parametrize("name", ["title", "about"])
@pytest.mark.parametrize("text", ["Build tools", "Crème & <b>brûlée</b> 🍮", "x" * 100])
def test_a_text_is_kept_as_it_is(name, text):
    policy = parse_feed_policy({name: f" {text} "})
    assert getattr(policy, name) == format_feed_policy(policy)[name] == text


@pytest.mark.parametrize(("name", "most"), [("title", 100), ("about", 1_000)])
def test_a_text_has_a_greatest_length(name, most):
    assert getattr(parse_feed_policy({name: "é" * most}), name) == "é" * most
    with pytest.raises(InvalidSetting, match="in one line"):
        parse_feed_policy({name: "é" * (most + 1)})


@pytest.mark.parametrize("name", ["title", "about"])
@pytest.mark.parametrize(
    "character", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\udce9", "\ufdd0", "\uffff"]
)
def test_a_text_has_no_control_characters_nor_half_ones_nor_what_is_none(name, character):
    with pytest.raises(InvalidSetting, match="in one line"):
        parse_feed_policy({name: f"a{character}b"})


@pytest.mark.parametrize(("content", "media_type"), [(PNG + b"x", "image/png"), (JPEG, "image/jpeg")])
def test_a_logo_is_told_by_its_bytes_and_reads_back(content, media_type):
    policy = parse_feed_policy({"logo": data_address(content, media_type)})
    assert policy.logo == Logo(media_type, content) == logo_of(content)
    assert parse_feed_policy(format_feed_policy(policy)) == policy


def test_a_logo_is_taken_away_by_nothing():
    policy = parse_feed_policy({"logo": data_address(PNG)})
    assert parse_feed_policy({"logo": ""}, policy) == FeedPolicy()


@pytest.mark.parametrize(
    "text",
    [
        "logo.png",
        "https://logos.example/logo.png",
        data_address(GIF, "image/gif"),
        data_address(GIF),
        data_address(SVG, "image/svg+xml"),
        data_address(b""),
        data_address(PNG, "image/jpeg"),
        data_address(PNG, "image/png;charset=utf-8"),
        data_address(PNG, "text/html"),
        data_address(PNG).upper(),
        data_address(PNG).rstrip("="),
        data_address(PNG) + "\n=",
        data_address(PNG).replace(",", ", "),
        "data:image/png," + PNG.decode("latin-1"),
        "data:image/png;base64,é",
        "data:image/png;base64,iVBORw0KGgp=",
        data_address(PNG + bytes(MAX_LOGO_BYTES)),
    ],
)
def test_nothing_else_is_a_logo(text):
    with pytest.raises(InvalidSetting, match="allowed: a PNG or JPEG of at most 32 KB"):
        parse_feed_policy({"logo": text})


def test_the_largest_logo_is_taken_and_one_byte_more_is_not():
    largest = PNG + bytes(MAX_LOGO_BYTES - len(PNG))
    assert parse_logo(format_logo(logo_of(largest))) == Logo("image/png", largest)
    with pytest.raises(ValueError, match="too large"):
        logo_of(largest + b"x")


def test_people_are_told_what_a_logo_is_not_its_bytes():
    policy = parse_feed_policy({"logo": data_address(PNG + bytes(4_192)), "title": "Tools"})
    described = describe_feed_policy(policy)
    assert (described["logo"], described["title"]) == ("image/png, 4,200 bytes", "Tools")
    assert described.keys() == format_feed_policy(policy).keys()
    assert describe_feed_policy(FeedPolicy())["logo"] == ""


def test_a_refusal_does_not_repeat_a_long_value():
    with pytest.raises(InvalidSetting) as refusal:
        parse_feed_policy({"logo": data_address(GIF + bytes(10_000))})
    assert len(str(refusal.value)) < 300


@given(st.text(max_size=40).map(lambda text: f"data:image/png;base64,{text}") | st.text(max_size=40))
def test_whatever_is_taken_is_spelt_in_the_one_way(text):
    try:
        logo = parse_logo(text)
    except ValueError:
        return
    assert format_logo(logo) == text.strip()
