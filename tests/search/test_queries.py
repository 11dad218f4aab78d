"""What people type into a search box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.search.queries import MAX_PARTS, parse_query


def bare(text):
    return [(term.is_phrase, [word.whole for word in term.words]) for term in parse_query(text).bare]


def scoped(text):
    return {name: [term.exact for term in terms] for name, terms in parse_query(text).scoped.items()}


def test_bare_words_stand_alone():
    assert bare("  json   Acme.Parser ") == [(False, ["json"]), (False, ["acme", "parser"])]


def test_quotes_make_a_phrase():
    assert bare('fast "Json Parser" x') == [(False, ["fast"]), (True, ["json", "parser"]), (False, ["x"])]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("id", "id"),
        ("PackageId", "packageid"),
        ("TITLE", "title"),
        ("tag", "tags"),
        ("tags", "tags"),
        ("author", "authors"),
        ("authors", "authors"),
        ("description", "description"),
        ("summary", "summary"),
        ("owner", "owner"),
        ("owners", "owner"),
        ("(+id", "id"),
    ],
)
def test_fields_are_known_in_any_casing(written, name):
    assert scoped(f'{written}:Foo {written}:"Bar Baz"') == {name: ["foo", "bar baz"]}
    assert not parse_query(f"{written}:Foo").bare


def test_a_version_is_meant_in_any_spelling():
    assert scoped("version:1.0 version:1.0.0.0-BETA+x version:latest") == {"version": ["1.0.0", "1.0.0-beta", "latest"]}


@pytest.mark.parametrize("text", ["bogus:x ui", 'bogus:"x y" ui', "http://x ui", "bogus: ui", "a:b:c ui"])
def test_unknown_fields_are_dropped_with_their_value(text):
    assert bare(text) == [(False, ["ui"])]
    assert not parse_query(text).scoped


def test_operators_are_dropped_as_words_but_not_in_lower_case_or_in_phrases():
    assert bare('a AND b OR NOT c and "OR"') == [
        (False, ["a"]),
        (False, ["b"]),
        (False, ["c"]),
        (False, ["and"]),
        (True, ["or"]),
    ]


@pytest.mark.parametrize("text", ["", "   ", "bogus:x", "AND", '"', '""', "tags:", "((((", "tags:!!! -- **", "id:''"])
def test_what_says_nothing_means_everything(text):
    query = parse_query(text)
    assert (query.bare, dict(query.scoped)) == ((), {})


def test_a_quote_without_its_end_is_dropped():
    assert bare('json "open end') == [(False, ["json"]), (False, ["open"]), (False, ["end"])]


@pytest.mark.parametrize(
    ("text", "is_open"), [("js", True), ('a "js"', False), ("js tags:x", True), ("tags:x", False), ("", False)]
)
def test_the_last_bare_word_is_open(text, is_open):
    assert parse_query(text).is_open is is_open


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Newtonsoft.Json", ("newtonsoft.json",)),
        ('"Newtonsoft.Json"', ("newtonsoft.json",)),
        ("___", ("___",)),
        ("json parser", ()),
        ("id:Foo id:Bar", ("foo", "bar")),
        ("Foo tags:x", ("foo",)),
        ("tags:x", ()),
    ],
)
def test_a_query_that_may_be_an_id_says_so(text, ids):
    assert parse_query(text).ids == ids


class TestAnyText:
    """A query of any shape (operators, brackets, 4 KB, emoji, right-to-left) is answered."""

    @given(st.text(st.characters(), max_size=300))
    def test_no_text_is_an_error(self, text):
        parse_query(text)

    @given(st.lists(st.sampled_from(['"', ":", "id:", "(", ")", " ", "AND ", "aB1", "\u202e", "🚀", "\\", "*", "\0"])))
    def test_no_mixture_of_marks_is_an_error(self, marks):
        parse_query("".join(marks))

    @pytest.mark.parametrize(
        "text",
        ["aB1" * 5_000, "a " * 5_000, '"a" ' * 5_000, "owner:x " * 5_000, 'tags:"' + "a b " * 5_000 + '"', ":" * 9_999],
    )
    def test_no_text_asks_for_more_than_some_words(self, text):
        query = parse_query(text)
        terms = [*query.bare, *(term for terms in query.scoped.values() for term in terms)]
        assert sum(sum(len(word.parts) for word in term.words) or 1 for term in terms) <= MAX_PARTS
