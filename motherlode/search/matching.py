"""Builds the Tantivy queries for a question.

A bare word matches as a whole, or with all its parts. All bare words must match. The better they match, the higher the
tier: the exact id; all words in the id; all words near it (id, title, tags); all words anywhere. The tiers of a query
do not overlap.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from tantivy import Occur, Schema
from tantivy import Query as Matching

from motherlode.nuget.compatibility import names_for
from motherlode.search import layout
from motherlode.search.analyser import Word, fold, iter_words
from motherlode.search.layout import ANYWHERE, IN_ID, WIDTHS, Width
from motherlode.search.queries import Query, Term
from motherlode.search.questions import Question

_EXACT: Final = {"packageid": layout.ID_KEY, "version": layout.VERSION}


class Matcher:
    """Builds queries for one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def term(self, field: str, text: str) -> Matching:
        """Matches documents with the text in the field."""
        return Matching.term_query(self._schema, field, text, "basic")

    def match(self, question: Question) -> Matching:
        """Matches everything that the question finds."""
        return all_of([*self._bare(question.query, ANYWHERE), *self._always(question)])

    def split_tiers(self, question: Question, ids: Sequence[str]) -> list[Matching]:
        """The matches of the question in tiers, the best first. `ids` are the query's ids that exist in the index."""
        query, always = question.query, self._always(question)
        exact = [any_of([self.term(layout.ID_KEY, id_key) for id_key in ids])] if ids else []
        tiers = [all_of([*exact, *self._bare(query, ANYWHERE), *always])] if exact else []
        better = exact
        for width in WIDTHS if query.bare else (ANYWHERE,):
            bare = self._bare(query, width)
            tiers.append(all_of([*bare, *always], but_not=better))
            better = [*exact, all_of(bare)] if bare else exact
        return tiers

    def split_starts(self, question: Question) -> list[Matching]:
        """The tiers for autocomplete: the id itself, ids that begin with the text, ids with words that begin with it.

        Without a text, one tier with everything."""
        text, filters = question.query.text, self._filters(question)
        id_key = fold(text.strip())
        if not id_key:
            return [all_of(filters)]
        exact, starts = self.term(layout.ID_KEY, id_key), self.term(layout.ID_STARTS, id_key)
        tiers = [all_of([exact, *filters]), all_of([starts, *filters], but_not=[exact])]
        words = tuple(iter_words(text))
        if words:
            tiers.append(all_of([*self._words(IN_ID, words, is_open=True), *filters], but_not=[starts]))
        return tiers

    def _always(self, question: Question) -> list[Matching]:
        """What must match in every tier: the fields in the query, and the filters."""
        fields = {name: terms for name, terms in question.query.scoped.items() if name != "owner"}
        return [
            *(any_of([self._scoped(name, term) for term in terms]) for name, terms in fields.items()),
            *self._filters(question),
        ]

    def _filters(self, question: Question) -> list[Matching]:
        scope = layout.scope_of(question.feed_id, question.audience, question.package_type)
        filters = [self.term(layout.SCOPE, scope)]
        if question.framework:
            filters.append(self._one_of(layout.FRAMEWORKS, names_for(fold(question.framework))))
        if question.dependency:
            filters.append(self.term(layout.DEPENDENCIES, fold(question.dependency.strip())))
        for names in question.owners_wanted:
            owned = frozenset[str]().union(*(question.owned.get(name, ()) for name in names))
            filters.append(self._one_of(layout.ID_KEY, owned))
        return filters

    def _one_of(self, field: str, texts: Collection[str]) -> Matching:
        """Matches documents with any of the texts in the field; there may be any number of texts."""
        return Matching.term_set_query(self._schema, field, list(texts))

    def _bare(self, query: Query, width: Width) -> list[Matching]:
        last = len(query.bare) - 1
        return [
            matching
            for number, term in enumerate(query.bare)
            for matching in (
                [self._phrase(width.words, term.words)]
                if term.is_phrase
                else self._words(width, term.words, is_open=query.is_open and number == last)
            )
        ]

    def _words(self, width: Width, words: Sequence[Word], *, is_open: bool) -> list[Matching]:
        """One query per word. If `is_open`, the last word may be a prefix."""
        closed = [self._word(width.words, width.words, word) for word in words]
        if is_open:
            closed[-1] = self._word(width.words, width.beginnings, words[-1])
        return closed

    def _word(self, field: str, last_field: str, word: Word) -> Matching:
        whole = self.term(last_field, word.whole)
        if word.parts == (word.whole,):
            return whole
        parts = [self.term(field, part) for part in word.parts[:-1]]
        return any_of([whole, all_of([*parts, self.term(last_field, word.parts[-1])])])

    def _phrase(self, field: str, words: Iterable[Word]) -> Matching:
        parts = [part for word in words for part in word.parts]
        return self._side_by_side(field, parts)

    def _side_by_side(self, field: str, texts: Sequence[str]) -> Matching:
        if len(texts) == 1:
            return self.term(field, texts[0])
        return Matching.phrase_query(self._schema, field, list(texts))

    def _scoped(self, name: str, term: Term) -> Matching:
        if name in _EXACT:
            return self.term(_EXACT[name], term.exact)
        if name == "id":
            return all_of([self._inside(word) for word in term.words])
        if term.is_phrase:
            return self._phrase(name, term.words)
        return all_of([self._word(name, name, word) for word in term.words])

    def _inside(self, word: Word) -> Matching:
        """Matches ids in which each part of the word occurs inside some word."""
        parts = [self._side_by_side(layout.ID_INSIDE, layout.split_grams(part)) for part in word.parts]
        return all_of(parts)


def all_of(matchings: Sequence[Matching], but_not: Sequence[Matching] = ()) -> Matching:
    """Matches documents that match all of `matchings` (at least one) and none of `but_not`."""
    if len(matchings) == 1 and not but_not:
        return matchings[0]
    clauses = [(Occur.Must, matching) for matching in matchings]
    return Matching.boolean_query([*clauses, *((Occur.MustNot, matching) for matching in but_not)])


def any_of(matchings: Sequence[Matching]) -> Matching:
    """Matches documents that match at least one of them."""
    if len(matchings) == 1:
        return matchings[0]
    return Matching.boolean_query([(Occur.Should, matching) for matching in matchings])
