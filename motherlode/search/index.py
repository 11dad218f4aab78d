"""The search index of one node: made, opened, written, asked. Start here.

`subjects` says what is handed in, `analyser` how text becomes words, `queries` what people may type, `questions` what
is asked, `layout` what a document holds, `matching` what a question finds and `ranking` in which order.

The index is a projection: whatever is wrong with it, it is built anew, and nothing is lost. How far it has followed the
catalog of each feed (`positions`) is committed with the documents, so that the two never differ, whenever it stops.

Any number of threads and processes read; one writes at a time, holding the caller's file lock from before `write` until
after `tidy`. What the writer committed is found by others after their `reload`.

Invariant: an index that opens has this layout and this history, and each commit is wholly in it or not at all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final

from tantivy import Document, Index, IndexWriter
from tantivy import Query as Matching

from motherlode import os_files
from motherlode.search import layout
from motherlode.search.damage import UnusableIndex, check_files, refuse_damage
from motherlode.search.layout import LAYOUT
from motherlode.search.matching import Matcher, all_of
from motherlode.search.questions import Found, Question
from motherlode.search.ranking import BY_RANK, NEWEST_FIRST, Reading
from motherlode.search.subjects import AUDIENCES, Sort, Subject

__all__ = ["Found", "Question", "SearchIndex", "Sort", "UnusableIndex", "create_index", "open_index"]

_MARKER: Final = "index.json"
_HEAP_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Look:
    reading: Reading
    positions: Mapping[int, int]


class SearchIndex:
    """An open index. Searching is safe from any thread; writing is for one thread at a time.

    Every method raises UnusableIndex once the files turn out to be damaged: build a new index then.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._matcher = Matcher(index.schema)
        self._writer: IndexWriter | None = None
        self._reloading = Lock()
        self.loads = 0
        """How often `reload` was called."""
        self._index.config_reader("manual")
        self._look = self._read_look()

    def positions(self) -> Mapping[int, int]:
        """For each feed the number of the last catalog event that is in the index, as of the last `reload`."""
        return self._look.positions

    def search(self, question: Question) -> Found:
        """The packages that match, each once, in the order that was asked for, as `ranking` tells."""
        reading = self._look.reading
        with refuse_damage():
            whole = self._matcher.match(question)
            if question.sort is not Sort.RELEVANCE:
                order = NEWEST_FIRST if question.sort is Sort.NEWEST else BY_RANK
                return Found(*reading.read_page(whole, question.skip, question.take, order))
            ids = [id_key for id_key in question.query.ids if reading.has_term(layout.ID_KEY, id_key)]
            return _read_tiers(reading, self._matcher.split_tiers(question, ids), question, whole)

    def complete(self, question: Question) -> Found:
        """The ids that what was typed so far (the query's text) may become; fields in it mean nothing here.

        First the id itself, then ids that begin so, then ids whose words do, whatever order is asked for.
        """
        with refuse_damage():
            return _read_tiers(self._look.reading, self._matcher.split_starts(question), question)

    def shows(self, subject: Subject) -> bool:
        """Whether each audience finds the package as its view of the subject says: in that version, once, or not."""
        look = self._look
        key = self._matcher.term(layout.KEY, layout.key_of(subject.feed_id, subject.id_key))
        with refuse_damage():
            for audience in AUDIENCES:
                scope = self._matcher.term(layout.SCOPE, layout.scope_of(subject.feed_id, audience))
                view = subject.views.get(audience)
                if look.reading.count(all_of([key, scope])) != (0 if view is None else 1):
                    return False
                if view is not None:
                    version = self._matcher.term(layout.VERSION, view.version.key)
                    if not look.reading.count(all_of([key, scope, version])):
                        return False
        return True

    def find_moved(self, feed_id: int, downloads: Mapping[str, int]) -> list[str]:
        """Of these id keys, with their downloads as of now, those in the index that they would rank anew.

        Hand their subjects to `write` once in a while: rankings follow downloads that way, at a cost bounded by what
        changed.
        """
        look = self._look
        with refuse_damage():
            return [
                id_key
                for id_key, number in downloads.items()
                if look.reading.has_moved(self._matcher.term(layout.KEY, layout.key_of(feed_id, id_key)), number)
            ]

    def write(self, subjects: Iterable[Subject], positions: Mapping[int, int]) -> None:
        """Replace what the index has of each subject and set these positions, in one commit; then `reload`.

        Of a package that is named several times the last one counts. Positions of other feeds stay.

        Raises:
            OSError: it could not be written (a full disk, say); the index is as it was.
        """
        with self._committing() as writer:
            for subject in subjects:
                _replace(writer, layout.key_of(subject.feed_id, subject.id_key), layout.iter_documents(subject))
            for feed_id, number in positions.items():
                _replace(writer, layout.position_key_of(feed_id), [layout.build_position(feed_id, number)])

    def forget(self, feed_ids: Iterable[int]) -> None:
        """Remove all that the index has of these feeds, in one commit; then `reload`.

        Raises:
            OSError: it could not be written (a full disk, say); the index is as it was.
        """
        with self._committing() as writer:
            for feed_id in feed_ids:
                for audience in AUDIENCES:
                    writer.delete_documents_by_term(layout.SCOPE, layout.scope_of(feed_id, audience))
                writer.delete_documents_by_term(layout.KEY, layout.position_key_of(feed_id))

    def tidy(self) -> None:
        """End what the commits began (merging files) and close the writer; before the file lock is let go.

        Raises:
            OSError: files could not be merged; nothing that was committed is lost.
        """
        if self._writer is not None:
            self._end_writer()
            self.reload()

    def reload(self) -> None:
        """See what other processes have committed."""
        with self._reloading, refuse_damage():
            self._index.reload()
            self._look = self._read_look()
            self.loads += 1

    @contextmanager
    def _committing(self) -> Iterator[IndexWriter]:
        """The writer; what was done with it is committed at the end, and dropped where anything is raised."""
        try:
            writer = self._writer = self._writer or self._open_writer()
            yield writer
            with _say_unwritten():
                writer.commit()
        except BaseException:
            with suppress(OSError):
                self._end_writer()
            raise
        self.reload()

    def _open_writer(self) -> IndexWriter:
        with _say_unwritten():
            return self._index.writer(_HEAP_BYTES, 1)

    def _end_writer(self) -> None:
        """Let go of Tantivy's own lock, whoever else still knows the writer; what was not committed is dropped."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with _say_unwritten():
                writer.wait_merging_threads()

    def _read_look(self) -> _Look:
        searcher = self._index.searcher()
        reading = Reading(searcher, self._index.schema, layout.ID_KEY)
        query = self._matcher.term(layout.POSITION_KEY, "all")
        hits = searcher.search(query, limit=max(1, reading.count(query))).hits
        positions = {}
        for _, address in hits:
            feed_id, _, number = str(searcher.doc(address).get_first(layout.POSITION)).partition("/")
            positions[int(feed_id)] = int(number)
        return _Look(reading, MappingProxyType(positions))


def create_index(folder: Path, *, history: str) -> SearchIndex:
    """Make an empty index in a folder that is new or empty; `history` is that of the database it will follow.

    Raises:
        OSError: it cannot be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _say_unwritten():
        index = Index(layout.build_schema(), str(folder), reuse=False)
    marker = {"layout": LAYOUT, "history": history}
    os_files.write_private(folder / _MARKER, json.dumps(marker).encode())
    return SearchIndex(index)


def open_index(folder: Path, *, history: str) -> SearchIndex:
    """Open the index in a folder, every file of it checked (about a second for each gigabyte).

    Raises:
        UnusableIndex: there is none, or it is damaged, of another history, or of another layout.
    """
    _check_marker(folder, history)
    check_files(folder)
    with refuse_damage():
        return SearchIndex(Index.open(str(folder)))


def _read_tiers(
    reading: Reading, tiers: Sequence[Matching], question: Question, whole: Matching | None = None
) -> Found:
    """A page over tiers that follow each other; `whole` is all of them in one, which is cheaper to count."""
    keys: list[str] = []
    total = 0
    for number, tier in enumerate(tiers):
        if number and len(keys) == question.take and whole is not None:
            return Found(reading.count(whole), tuple(keys))
        count, found = reading.read_page(tier, max(0, question.skip - total), question.take - len(keys))
        total += count
        keys += found
    return Found(total, tuple(keys))


def _check_marker(folder: Path, history: str) -> None:
    try:
        marker = json.loads((folder / _MARKER).read_bytes())
        found = marker["layout"], marker["history"]
    except FileNotFoundError as error:
        raise UnusableIndex("there is no search index yet") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UnusableIndex(f"the search index is damaged: {_MARKER} is not readable") from error
    if found[0] != LAYOUT:
        raise UnusableIndex(f"the search index has layout {found[0]}, this version needs {LAYOUT}")
    if found[1] != history:
        raise UnusableIndex("the search index was built from another history of the database")


def _replace(writer: IndexWriter, key: str, documents: Iterable[Document]) -> None:
    with _say_unwritten():
        writer.delete_documents_by_term(layout.KEY, key)
    for document in documents:
        with _say_unwritten():
            writer.add_document(document)


@contextmanager
def _say_unwritten() -> Iterator[None]:
    """Tantivy says ValueError for whatever a disk refuses."""
    try:
        yield
    except ValueError as error:
        raise OSError(f"the search index cannot be written: {error}") from error
