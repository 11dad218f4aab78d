"""Caches what searches find: until the index changes, a repeated search has the same result.

Users repeat a few searches, above all the start page of a tool, and searches are far more frequent than changes of the
index. Invariant: a cached result was found in exactly the current state of the index and depends on nothing else.
Searches by owner are not cached: ownership is not part of the index.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

from motherlode.search.index import Found, Question, SearchIndex

Ask = Callable[[SearchIndex, Question], Found]
"""`SearchIndex.search` or `SearchIndex.complete`."""

_MAX_QUESTIONS: Final = 500
_MAX_TEXT: Final = 100
_MAX_TAKE: Final = 100


class ResultCache:
    """The cache of one process, at most a few megabytes; safe to call from any thread."""

    def __init__(self) -> None:
        self._found: dict[object, Found] = {}
        self._state: Mapping[int, int] | None = None
        self._lock = Lock()

    def get_or_search(self, index: SearchIndex, question: Question, ask: Ask) -> Found:
        """Return what the index finds, from the cache if possible. Raises UnusableIndex."""
        if not _is_worth_keeping(question):
            return ask(index, question)
        state, key = index.positions(), _key(question, ask)
        with self._lock:
            found = self._found.get(key) if self._state is state else None
        if found is None:
            found = ask(index, question)
            self._remember(state, key, found)
        return found

    def _remember(self, state: Mapping[int, int], key: object, found: Found) -> None:
        with self._lock:
            if self._state is not state or len(self._found) >= _MAX_QUESTIONS:
                self._found.clear()
            self._state = state  # each reload of an index creates a new object
            self._found[key] = found


def _is_worth_keeping(question: Question) -> bool:
    texts = (question.query.text, question.package_type, question.framework, question.dependency)
    is_short = all(len(text or "") <= _MAX_TEXT for text in texts)
    return is_short and question.take <= _MAX_TAKE and not question.owner_names


def _key(question: Question, ask: Ask) -> object:
    return (
        ask,
        question.feed_id,
        question.audience,
        question.query.text,
        question.package_type,
        question.skip,
        question.take,
        question.sort,
        question.framework,
        question.dependency,
    )
