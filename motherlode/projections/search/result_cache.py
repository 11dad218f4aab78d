"""What was found before: until something is written into the index, the same question finds the same.

People ask the same few things, a tool's start page above all, and an index is written to far less often than it is
asked. Invariant: what is remembered was found in the very state of the index that it is handed out for, and hangs on
nothing else: who owns what does not, and is looked for each time.
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
    """The memory of one process, of a few megabytes at most; safe to call from any thread."""

    def __init__(self) -> None:
        self._found: dict[object, Found] = {}
        self._state: Mapping[int, int] | None = None
        self._lock = Lock()

    def ask(self, index: SearchIndex, question: Question, ask: Ask) -> Found:
        """What the index finds. Raises UnusableIndex."""
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
            self._state = state  # each reload of an index makes another one
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
