"""How text becomes words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.search.analyser import MAX_WORD_LENGTH, Word, iter_words, spell_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Newtonsoft.Json", [("newtonsoft",), ("json",)]),
        ("jsonPath", [("json", "path")]),
        ("XMLHttpReader", [("xml", "http", "reader")]),
        ("jQuery", [("j", "query")]),
        ("HTML", [("html",)]),
        ("IOService", [("io", "service")]),
        ("Net6Preview10", [("net", "6", "preview", "10")]),
        ("utf8", [("utf", "8")]),
        ("a-b_c/d:e(f)[g]{h}!i#j*k~l'm\"n+o", [(letter,) for letter in "abcdefghijklmno"]),
        ("C# und C++", [("c",), ("und",), ("c",)]),
        ("ÄrgerÜber", [("ärger", "über")]),
        ("日本語Foo", [("日本語", "foo")]),
        ("مرحبا بالعالم", [("مرحبا",), ("بالعالم",)]),
        ("हिन्दी", [("हिन्दी",)]),
        ("ship🚀it", [("ship🚀it",)]),
        ("🚀 👨‍👩‍👧", [("🚀",), ("👨",), ("👩",), ("👧",)]),
        ("Ｆｕｌｌ ﬁne", [("full",), ("fine",)]),
        ("e\u0301", [("é",)]),
        ("…—« »", []),
        ("\ud800half\udfff", [("half",)]),
        ("", []),
    ],
)
def test_words_are_split_at_what_is_no_letter_and_where_casing_or_digits_change(text, words):
    assert [word.parts for word in iter_words(text)] == words


def test_a_split_word_is_kept_whole_too():
    assert set(spell_words(iter_words("XmlReader2 x"))) == {"xmlreader2", "xml", "reader", "2", "x"}


def test_a_word_of_any_length_is_cut_to_that_of_the_longest_id():
    (word,) = iter_words("a" * 5_000 + "B" * 5_000)
    assert word == Word("a" * MAX_WORD_LENGTH, ("a" * MAX_WORD_LENGTH, "b" * MAX_WORD_LENGTH))


class TestAllTexts:
    """Whatever the text, words hold no blank and no ASCII symbol, and their parts make the whole."""

    @given(st.text(st.characters()))
    def test_words_are_clean(self, text):
        for word in iter_words(text):
            assert word.whole
            assert word.whole == "".join(word.parts)[:MAX_WORD_LENGTH]
            assert not any(character.isspace() or character in "|!_.-+" for character in word.whole)
            assert word.whole.encode()

    @given(st.text(st.characters(codec="ascii")))
    def test_casing_decides_nothing_but_the_parts(self, text):
        assert [word.whole for word in iter_words(text.upper())] == [word.whole for word in iter_words(text.lower())]
