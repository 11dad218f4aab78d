"""Splits text into words, for the index and for queries.

A word is a run of letters, marks, digits and non-ASCII symbols (so an emoji is a word). Whitespace, punctuation and
ASCII symbols separate words. A word is kept whole and in parts. It is split where lower case meets upper case
(`jsonPath`), before the last of several capitals (`XMLReader`), and between letters and digits.

Invariant: casing only decides where a word is split. Words never contain whitespace or an ASCII symbol, so these can be
used to join words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from motherlode.nuget.ids import PackageId
from motherlode.nuget.unicode import normalize

MAX_WORD_LENGTH: Final = 100
"""Words are cut to this length, which is that of the longest id. Words that differ only after it are equal."""
MAX_TEXT_LENGTH: Final = 20_000
"""Max characters of a text that are read, before and after it is normalized."""

_KINDS_OF_ASCII: Final = {
    code: "U" if chr(code).isupper() else "L" if chr(code).islower() else "D" if chr(code).isdigit() else " "
    for code in range(128)
}
_UPPER: Final = frozenset({"Lu", "Lt"})
_SEPARATING: Final = frozenset("ZCP")
_RUN: Final = re.compile(r"(?P<single>(?:U?L+|U+|D+)(?!\S))|\S+")
_PART: Final = re.compile(r"U+(?!L)|U?L+|D+")


class Word(NamedTuple):
    """A word in lower case: whole, and in parts. A word that is not split is its own only part."""

    whole: str
    parts: tuple[str, ...]


def fold(text: str) -> str:
    """The text in lower case, folded character by character like ids, and valid for an index that expects UTF-8."""
    return PackageId(text if text.isascii() else text.encode("utf-8", "replace").decode()).key


def iter_words(text: str) -> Iterator[Word]:
    """The words of a text in order, from its first `MAX_TEXT_LENGTH` characters.

    Accepts any text. Words that are equal in Unicode form NFKC are the same word."""
    text = text[:MAX_TEXT_LENGTH]
    if not text.isascii():
        text = normalize("NFKC", text)[:MAX_TEXT_LENGTH]
    folded = fold(text)
    kinds = text.translate(_KINDS_OF_ASCII) if text.isascii() else "".join(map(_kind, text))
    for run in _RUN.finditer(kinds):
        start, end = run.span()
        whole = folded[start : min(end, start + MAX_WORD_LENGTH)]
        if run["single"]:
            yield Word(whole, (whole,))
        else:
            yield Word(whole, tuple(_cut(folded[start:end], run[0])))


def spell_words(words: Iterable[Word]) -> Iterator[str]:
    """The texts that find one of the words: the whole words and their parts."""
    for word in words:
        yield word.whole
        if len(word.parts) > 1:
            yield from word.parts


def _cut(word: str, kinds: str) -> Iterator[str]:
    for part in _PART.finditer(kinds):
        yield word[part.start() : min(part.end(), part.start() + MAX_WORD_LENGTH)]


def _kind(character: str) -> str:
    if character < "\x80":
        return _KINDS_OF_ASCII[ord(character)]
    category = unicodedata.category(character)
    if category in _UPPER:
        return "U"
    if category[0] in _SEPARATING:
        return " "
    return "D" if category == "Nd" else "L"
