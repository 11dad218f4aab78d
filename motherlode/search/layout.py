"""The fields of the index, and how a subject becomes documents.

A document is one view. Its `scope` names the feed, every audience that sees it, and each of its package types:

    1/pre+semver2               what the audience sees in feed 1
    1/pre+semver2/dotnettool    what the audience sees in feed 1 of one package type

Three field widths decide how much a match of a bare word is worth: the id; near the id (id, title, tags); anywhere.
Each width has two fields, the words and all their prefixes, so that a whole word and a prefix cost the same look-up.
Words are joined by spaces, and values by a mark that is not a word, so that a phrase never spans two values.

Invariant: every change to this module changes `LAYOUT`, so that an index with another layout is rebuilt, not misread.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tantivy import Document, Schema, SchemaBuilder

from motherlode.nuget.compatibility import names_of
from motherlode.search import ranking
from motherlode.search.analyser import Word, fold, iter_words, spell_words
from motherlode.search.subjects import Audience, Subject, View

LAYOUT: Final = 3
MAX_TEXT: Final = 20_000
"""Max characters of one text that are indexed."""

_MARK: Final = " | "
_GRAM: Final = 3


@dataclass(frozen=True, slots=True)
class Width:
    """Two fields for the same words: the words, and all their prefixes."""

    words: str
    beginnings: str


IN_ID: Final = Width("id_words", "id_beginnings")
NEAR: Final = Width("near_words", "near_beginnings")
ANYWHERE: Final = Width("any_words", "any_beginnings")
WIDTHS: Final = (IN_ID, NEAR, ANYWHERE)

KEY: Final = "key"
"""`feed/id_key`, which all documents of a package share."""
SCOPE: Final = "scope"
ID_KEY: Final = "id_key"
"""The id key: stored, and indexed exactly."""
ID_STARTS: Final = "id_starts"
"""All prefixes of the whole id."""
ID_INSIDE: Final = "id_inside"
"""Grams of the id's words: any text inside a word is a phrase of them."""
VERSION: Final = "version"
FRAMEWORKS: Final = "frameworks"
"""The names that target frameworks use to find packages they can use."""
DEPENDENCIES: Final = "dependencies"
"""The id keys of the dependencies."""
POSITION: Final = "position"
"""A feed's position, stored as `feed/number` in a separate document without a scope."""
POSITION_KEY: Final = "position_key"
FIELDS_OF_WORDS: Final = ("title", "tags", "authors", "description", "summary")


def build_schema() -> Schema:
    """Build the Tantivy schema of this layout."""
    builder = SchemaBuilder()
    for name in (KEY, SCOPE, VERSION, FRAMEWORKS, DEPENDENCIES, POSITION_KEY):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in (ID_KEY, POSITION):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in (*(width.words for width in WIDTHS), *FIELDS_OF_WORDS, ID_INSIDE):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in (*(width.beginnings for width in WIDTHS), ID_STARTS):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name in ranking.NEWEST_FIRST:
        builder.add_unsigned_field(name, indexed=True, fast=True)
    return builder.build()


def key_of(feed_id: int, id_key: str) -> str:
    """The key that all documents of a package in a feed share."""
    return f"{feed_id}/{id_key}"


def scope_of(feed_id: int, audience: Audience, package_type: str | None = None) -> str:
    """The scope of an audience in a feed, limited to a package type (in any casing) if one is given."""
    scope = f"{feed_id}/{'pre' if audience.prerelease else 'stable'}+{'semver2' if audience.semver2 else 'semver1'}"
    return f"{scope}/{fold(package_type)}" if package_type else scope


def iter_documents(subject: Subject) -> Iterator[Document]:
    """One document for each distinct view of the subject."""
    audiences: dict[View, list[Audience]] = {}
    for audience, view in subject.views.items():
        audiences.setdefault(view, []).append(audience)
    for view, seen_by in audiences.items():
        yield _build_document(subject, view, seen_by)


def build_position(feed_id: int, number: int) -> Document:
    """The document that records the last catalog event of a feed in the index."""
    document = Document()
    document.add_text(POSITION_KEY, "all")
    document.add_text(KEY, position_key_of(feed_id))
    document.add_text(POSITION, f"{feed_id}/{number}")
    return document


def position_key_of(feed_id: int) -> str:
    """The key of a feed's position. It is never the key of a package."""
    return f"{feed_id}//"


def split_grams(word: str) -> list[str]:
    """The phrase to search in `ID_INSIDE` to find the text inside a word."""
    return [word[at : at + _GRAM] for at in range(max(1, len(word) - _GRAM + 1))]


def _build_document(subject: Subject, view: View, seen_by: Iterable[Audience]) -> Document:
    document = Document()
    document.add_text(KEY, key_of(subject.feed_id, subject.id_key))
    document.add_text(ID_KEY, subject.id_key)
    document.add_text(ID_STARTS, " ".join(subject.id_key[:end] for end in range(1, len(subject.id_key) + 1)))
    document.add_text(VERSION, view.version.key)
    for audience in seen_by:
        document.add_text(SCOPE, scope_of(subject.feed_id, audience))
        for package_type in {fold(name) for name in view.package_types}:
            document.add_text(SCOPE, scope_of(subject.feed_id, audience, package_type))
    for name in names_of(view.frameworks):
        document.add_text(FRAMEWORKS, name)
    for id_key in view.dependencies:
        document.add_text(DEPENDENCIES, id_key)
    for name, number in ranking.rank_fields(subject.id_key, subject.downloads, view.published_at):
        document.add_unsigned(name, number)
    _add_words(document, view)
    return document


def _add_words(document: Document, view: View) -> None:
    words = _read_words(view)
    for name in FIELDS_OF_WORDS:
        document.add_text(name, _join(words[name]))
    values: list[list[Word]] = []
    beginnings: set[str] = set()
    for width, names in zip(WIDTHS, (("id",), ("title", "tags"), ("description", "summary", "authors")), strict=True):
        added = [value for name in names for value in words[name]]
        values += added
        beginnings |= _prefixes_of(added)
        document.add_text(width.words, _join(values))
        document.add_text(width.beginnings, " ".join(beginnings))
    document.add_text(ID_INSIDE, _MARK.join(_cut_to_grams(words["id"])))


def _read_words(view: View) -> Mapping[str, list[list[Word]]]:
    texts: dict[str, tuple[str, ...]] = {
        "id": (view.id.written,),
        "title": (view.title,),
        "tags": view.tags,
        "authors": view.authors,
        "description": (view.description,),
        "summary": (view.summary,),
    }
    return {name: [list(iter_words(value)) for value in _limit_length(values)] for name, values in texts.items()}


def _limit_length(values: tuple[str, ...]) -> Iterator[str]:
    """The first `MAX_TEXT` characters of all values together."""
    left = MAX_TEXT
    for value in values[:MAX_TEXT]:
        yield value[:left]
        left -= len(value)
        if left <= 0:
            return


def _join(values: Iterable[list[Word]]) -> str:
    """All values as their parts in order, followed by the whole words that have several parts."""
    wholes: dict[str, None] = {}
    spelt = []
    for words in values:
        spelt.append(" ".join(part for word in words for part in word.parts))
        wholes.update((word.whole, None) for word in words if len(word.parts) > 1)
    return _MARK.join([*spelt, *wholes])


def _prefixes_of(values: Iterable[list[Word]]) -> set[str]:
    spelt = {text for words in values for text in spell_words(words)}
    return {text[:end] for text in spelt for end in range(1, len(text) + 1)}


def _cut_to_grams(values: Iterable[list[Word]]) -> Iterator[str]:
    """The grams of each whole word in a row, then its shorter pieces one by one."""
    for word in {word.whole for words in values for word in words}:
        yield " ".join(word[at : at + _GRAM] for at in range(len(word) - _GRAM + 1))
        yield from {word[at : at + size] for size in range(1, _GRAM) for at in range(len(word) - size + 1)}
