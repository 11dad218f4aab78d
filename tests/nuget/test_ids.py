"""Package ids: what is one, and which are the same."""

import pytest

from motherlode.nuget.ids import InvalidId, PackageId, parse_package_id


@pytest.mark.parametrize("text", ["A", "_", "Acme.Widgets", "a-b", "a_b", "__a__", "1.2", "aux", "x" * 100])
def test_an_ascii_id_is_taken(text):
    assert parse_package_id(text).written == text


@pytest.mark.parametrize("text", ["Größe", "Serilоg", "Bad.Ｗide", "e\u0301a", "İd", "\u212aelvin"])
def test_a_unicode_id_is_taken_as_clients_do(text):
    assert parse_package_id(text).written == text


@pytest.mark.parametrize(
    "text",
    [
        *("a b", "a/b", "..", "a..b", ".a", "a.", "a-", "-a", "a.-b", "../a", "$id$", "a+b", "a%2f", "a:b", "a\\b"),
        *("a\n", " a", "a\u200bb", "<b>", "a\x00", "²", "😀", "\ud800", "𝒜"),
    ],
)
def test_what_breaks_the_rule_is_no_id(text):
    with pytest.raises(InvalidId, match="letters"):
        parse_package_id(text)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_id_says_so(text):
    with pytest.raises(InvalidId, match="empty"):
        parse_package_id(text)


def test_the_length_limit_counts_characters_and_dependencies_may_have_more():
    with pytest.raises(InvalidId, match="101 characters; at most 100"):
        parse_package_id("x" * 101)
    assert parse_package_id("x" * 128, max_length=128).written == "x" * 128


def test_a_message_stays_one_short_line():
    with pytest.raises(InvalidId) as refused:
        parse_package_id("a\n" * 40)
    assert len(str(refused.value)) < 250
    assert "\n" not in str(refused.value)


def test_ids_are_equal_whatever_their_casing():
    assert PackageId("Acme.Widgets") == PackageId("ACME.widgets")
    assert len({PackageId("a"), PackageId("A"), PackageId("b")}) == 2
    assert str(PackageId("Acme")) == "Acme"


@pytest.mark.parametrize(
    ("text", "key"), [("ÄÖ", "äö"), ("İd", "İd"), ("\u212aelvin", "kelvin"), ("ΟΔΟΣ", "οδοσ"), ("ẞ", "ß"), ("ı", "ı")]
)
def test_folding_goes_character_by_character(text, key):
    assert PackageId(text).key == key


def test_a_segment_is_percent_encoded():
    assert PackageId("Größe.X_y-z").segment == "gr%C3%B6%C3%9Fe.x_y-z"
