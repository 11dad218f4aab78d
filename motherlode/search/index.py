"""The search index of one node: create, open, write and query it. Start here.

`subjects` defines what is indexed, `analyser` splits text into words, `queries` parses what users type, `questions`
defines requests and results, `layout` defines the documents, `matching` finds documents, and `ranking` orders them.

The index is a projection: if it is unusable for any reason, it is rebuilt, and nothing is lost. How far it has followed
the catalog of each feed (`positions`) is committed together with the documents, so the two always agree.

Any number of threads and processes may read. Only one may write at a time: the caller holds a file lock from before
`write` until after `tidy`. Other readers see a commit after they call `reload`.

Invariant: an index that opens has the current layout and the given history, and contains each commit whole or not at
all.
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
from motherlode.search.damage import UnusableIndex, check_files, damage_errors
from motherlode.search.layout import LAYOUT
from motherlode.search.matching import Matcher, all_of
from motherlode.search.questions import Found, Question
from motherlode.search.ranking import BY_RANK, NEWEST_FIRST, Reading
from motherlode.search.subjects import AUDIENCES, Sort, Subject

__all__ = ["Found", "Question", "SearchIndex", "Sort", "UnusableIndex", "create_index", "open_index"]

_MARKER: Final = "index.json"
_HEAP_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Snapshot:
    reading: Reading
    positions: Mapping[int, int]


class SearchIndex:
    """An open index. Any thread may search; only one thread may write at a time.

    Every method raises UnusableIndex if the files turn out to be damaged. Then build a new index.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._matcher = Matcher(index.schema)
        self._writer: IndexWriter | None = None
        self._reloading = Lock()
        self.loads = 0
        """The number of calls of `reload`."""
        self._index.config_reader("manual")
        self._snapshot = self._read_snapshot()

    def positions(self) -> Mapping[int, int]:
        """By feed id, the number of the last catalog event in the index, as of the last `reload`."""
        return self._snapshot.positions

    def search(self, question: Question) -> Found:
        """The matching packages, each once, in the requested order (see `ranking`)."""
        reading = self._snapshot.reading
        with damage_errors():
            whole = self._matcher.match(question)
            if question.sort is not Sort.RELEVANCE:
                order = NEWEST_FIRST if question.sort is Sort.NEWEST else BY_RANK
                return Found(*reading.read_page(whole, question.skip, question.take, order))
            ids = [id_key for id_key in question.query.ids if reading.has_term(layout.ID_KEY, id_key)]
            return _read_tiers(reading, self._matcher.split_tiers(question, ids), question, whole)

    def complete(self, question: Question) -> Found:
        """The ids that complete the query's text. Field names in the text have no special meaning.

        First comes the id itself, then ids that begin with the text, then ids with words that begin with it. The
        question's `sort` is ignored.
        """
        with damage_errors():
            return _read_tiers(self._snapshot.reading, self._matcher.split_starts(question), question)

    def shows(self, subject: Subject) -> bool:
        """Whether the index matches the subject: each audience finds the package once in its view's version, or not at
        all if it has no view."""
        snapshot = self._snapshot
        key = self._matcher.term(layout.KEY, layout.key_of(subject.feed_id, subject.id_key))
        with damage_errors():
            for audience in AUDIENCES:
                scope = self._matcher.term(layout.SCOPE, layout.scope_of(subject.feed_id, audience))
                view = subject.views.get(audience)
                if snapshot.reading.count(all_of([key, scope])) != (0 if view is None else 1):
                    return False
                if view is not None:
                    version = self._matcher.term(layout.VERSION, view.version.key)
                    if not snapshot.reading.count(all_of([key, scope, version])):
                        return False
        return True

    def find_moved(self, feed_id: int, downloads: Mapping[str, int]) -> list[str]:
        """The given id keys whose rank in the index no longer fits their current `downloads`.

        Pass their subjects to `write` from time to time, so that the ranking follows the downloads. The cost is bounded
        by the number of changes.
        """
        snapshot = self._snapshot
        with damage_errors():
            return [
                id_key
                for id_key, number in downloads.items()
                if snapshot.reading.has_moved(self._matcher.term(layout.KEY, layout.key_of(feed_id, id_key)), number)
            ]

    def write(self, subjects: Iterable[Subject], positions: Mapping[int, int]) -> None:
        """Replace everything the index has about these subjects and set these positions, in one commit; then `reload`.

        If a package occurs several times, the last one counts. Positions of other feeds do not change.

        Raises:
            OSError: the index could not be written, for example because the disk is full; it is unchanged.
        """
        with self._committing() as writer:
            for subject in subjects:
                _replace(writer, layout.key_of(subject.feed_id, subject.id_key), layout.iter_documents(subject))
            for feed_id, number in positions.items():
                _replace(writer, layout.position_key_of(feed_id), [layout.build_position(feed_id, number)])

    def forget(self, feed_ids: Iterable[int]) -> None:
        """Remove everything the index has about these feeds, in one commit; then `reload`.

        Raises:
            OSError: the index could not be written, for example because the disk is full; it is unchanged.
        """
        with self._committing() as writer:
            for feed_id in feed_ids:
                for audience in AUDIENCES:
                    writer.delete_documents_by_term(layout.SCOPE, layout.scope_of(feed_id, audience))
                writer.delete_documents_by_term(layout.KEY, layout.position_key_of(feed_id))

    def tidy(self) -> None:
        """Wait until files are merged, and close the writer. Call this before you release the file lock.

        Raises:
            OSError: files could not be merged; no commit is lost.
        """
        if self._writer is not None:
            self._end_writer()
            self.reload()

    def reload(self) -> None:
        """Make the commits of other processes visible."""
        with self._reloading, damage_errors():
            self._index.reload()
            self._snapshot = self._read_snapshot()
            self.loads += 1

    @contextmanager
    def _committing(self) -> Iterator[IndexWriter]:
        """A block with the writer: commits at the end, or drops the changes if an exception is raised."""
        try:
            writer = self._writer = self._writer or self._open_writer()
            yield writer
            with _write_errors():
                writer.commit()
        except BaseException:
            with suppress(OSError):
                self._end_writer()
            raise
        self.reload()

    def _open_writer(self) -> IndexWriter:
        with _write_errors():
            return self._index.writer(_HEAP_BYTES, 1)

    def _end_writer(self) -> None:
        """Close the writer and release Tantivy's own lock, even if other references to the writer exist. Drops
        uncommitted changes."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with _write_errors():
                writer.wait_merging_threads()

    def _read_snapshot(self) -> _Snapshot:
        searcher = self._index.searcher()
        reading = Reading(searcher, self._index.schema, layout.ID_KEY)
        query = self._matcher.term(layout.POSITION_KEY, "all")
        hits = searcher.search(query, limit=max(1, reading.count(query))).hits
        positions = {}
        for _, address in hits:
            feed_id, _, number = str(searcher.doc(address).get_first(layout.POSITION)).partition("/")
            positions[int(feed_id)] = int(number)
        return _Snapshot(reading, MappingProxyType(positions))


def create_index(folder: Path, *, history: str) -> SearchIndex:
    """Create an empty index in a new or empty folder. `history` is that of the database that the index will follow.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _write_errors():
        index = Index(layout.build_schema(), str(folder), reuse=False)
    marker = {"layout": LAYOUT, "history": history}
    os_files.write_private(folder / _MARKER, json.dumps(marker).encode())
    return SearchIndex(index)


def open_index(folder: Path, *, history: str) -> SearchIndex:
    """Open the index in a folder after checking every file (about one second per gigabyte).

    Raises:
        UnusableIndex: there is no index, it is damaged, or it has another history or layout.
    """
    _check_marker(folder, history)
    check_files(folder)
    with damage_errors():
        return SearchIndex(Index.open(str(folder)))


def _read_tiers(
    reading: Reading, tiers: Sequence[Matching], question: Question, whole: Matching | None = None
) -> Found:
    """Read a page from consecutive tiers. `whole` matches all tiers together, which is cheaper to count."""
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
        raise UnusableIndex(f"the search index is damaged: {_MARKER} cannot be read") from error
    if found[0] != LAYOUT:
        raise UnusableIndex(f"the search index has layout {found[0]}, but this version needs layout {LAYOUT}")
    if found[1] != history:
        raise UnusableIndex("the search index was built from another history of the database")


def _replace(writer: IndexWriter, key: str, documents: Iterable[Document]) -> None:
    with _write_errors():
        writer.delete_documents_by_term(layout.KEY, key)
    for document in documents:
        with _write_errors():
            writer.add_document(document)


@contextmanager
def _write_errors() -> Iterator[None]:
    """Turn the ValueError that Tantivy raises for every disk error into OSError."""
    try:
        yield
    except ValueError as error:
        raise OSError(f"the search index cannot be written: {error}") from error
