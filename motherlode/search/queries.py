"""Parses search queries like nuget.org and the NuGet tools do.

    json parser                 every word somewhere in the package; the last one may be a prefix
    "json parser"               the words side by side
    tags:json author:"Jane Doe" words in one field; different fields: and, the same field again: or
    packageid:Acme.Json         exact, ignoring case; owner: and version: too
    id:json                     text inside the words of the id

Unknown fields are dropped with their values, and so are AND, OR, NOT and terms without a word. An empty query finds
everything.

Invariant: every text is a valid query, and none costs more than `MAX_PARTS` words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from motherlode.nuget.versions import InvalidVersion, parse_version
from motherlode.search.analyser import Word, fold, iter_words

MAX_PARTS: Final = 48
"""Max words of a query, counting their parts; the rest is ignored."""
MAX_LENGTH: Final = 4_096
"""Max characters of a query that are read."""

EXACT_FIELDS: Final = frozenset({"packageid", "owner", "version"})
_FIELDS: Final = {
    name: name for name in ("id", "packageid", "version", "title", "tags", "authors", "description", "summary", "owner")
} | {"tag": "tags", "author": "authors", "owners": "owner"}
_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})
_AROUND: Final = "+-!(){}[]^~,;"
_TERM: Final = re.compile(
    r'(?P<field>[^\s":]+):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]*))|"(?P<phrase>[^"]*)"|(?P<bare>[^\s"]+)'
)


@dataclass(frozen=True, slots=True)
class Term:
    """Words to find, side by side if it is a phrase. `exact` is the folded text, for exact fields."""

    exact: str
    words: tuple[Word, ...] = ()
    is_phrase: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `bare` are the terms without a field, `scoped` the terms of each field.

    `is_open` says that the last bare word may be a prefix. `ids` are the folded ids that the query may name exactly;
    these packages come first.
    """

    text: str = ""
    bare: tuple[Term, ...] = ()
    scoped: Mapping[str, tuple[Term, ...]] = field(default_factory=lambda: MappingProxyType({}))
    is_open: bool = False
    ids: tuple[str, ...] = ()


def parse_query(text: str) -> Query:
    """Parse any text as described in the module's docstring. Never raises."""
    text = text[:MAX_LENGTH].strip()
    bare: list[Term] = []
    scoped: dict[str, list[Term]] = {}
    texts: list[str] = []
    room = MAX_PARTS
    for match in _TERM.finditer(text):
        name = _find_field(match["field"])
        term = _parse_term(match, name, room)
        if term is None:
            continue
        room -= sum(len(word.parts) for word in term.words) or 1
        if name:
            scoped.setdefault(name, []).append(term)
        else:
            texts.append(term.exact)
            if term.words:
                bare.append(term)
        if room <= 0:
            break
    ids = [*texts[:1]] if len(texts) == 1 else []
    ids += [term.exact for term in scoped.get("id", ())]
    return Query(
        text,
        tuple(bare),
        MappingProxyType({name: tuple(terms) for name, terms in scoped.items()}),
        is_open=bool(bare) and not bare[-1].is_phrase,
        ids=tuple(dict.fromkeys(ids)),
    )


def _find_field(written: str | None) -> str | None:
    """The field's name, None for a bare term, or "" for an unknown field."""
    return None if written is None else _FIELDS.get(written.strip(_AROUND).lower(), "")


def _parse_term(match: re.Match[str], name: str | None, room: int) -> Term | None:
    quoted = match["quoted"] if match["quoted"] is not None else match["phrase"]
    text = quoted if quoted is not None else match["value"] if match["value"] is not None else match["bare"]
    if name == "" or not text.strip() or (name is None and quoted is None and text in _OPERATORS):
        return None
    exact = _parse_exact(text if quoted is not None else text.strip(_AROUND), name)
    if name in EXACT_FIELDS:
        return Term(exact) if exact else None
    words = _parse_words(text, room)
    return Term(exact, words, is_phrase=quoted is not None) if words or name is None else None


def _parse_exact(text: str, name: str | None) -> str:
    if name == "version":
        try:
            return parse_version(text).key
        except InvalidVersion:
            pass
    return fold(text.strip())


def _parse_words(text: str, room: int) -> tuple[Word, ...]:
    words = []
    for word in iter_words(text):
        words.append(Word(word.whole, word.parts[:room]))
        room -= len(word.parts)
        if room <= 0:
            break
    return tuple(words)
