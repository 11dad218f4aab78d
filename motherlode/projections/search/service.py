"""Search and autocompletion: queries the index, renders the responses, and maintains the index in the background.

One thread of each process maintains the index. It opens the index; builds a new one if it is missing, damaged or
belongs to another database; catches up every few seconds, so that little is left to do for a query; and updates the
rankings with download counts. Failures are logged and retried.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event, Thread
from time import monotonic
from typing import Final

from motherlode.domain.refusals import Refusal, SearchUnready
from motherlode.nuget.ids import PackageId
from motherlode.observe.logs import get_logger
from motherlode.projections.documents.cache import Documents
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.projections.search.index_builder import Advance, Stopped, build_index, ignore_progress
from motherlode.projections.search.index_check import check_index
from motherlode.projections.search.index_folder import IndexFolder
from motherlode.projections.search.index_follower import FarBehind, IndexFollower
from motherlode.projections.search.result_cache import Ask, ResultCache
from motherlode.projections.search.results import SearchResults
from motherlode.search.index import Found, Question, SearchIndex, UnusableIndex
from motherlode.search.subjects import Audience
from motherlode.store.accounts import owners
from motherlode.store.database.sqlite import Database

MAINTENANCE_INTERVAL_S: Final = 10.0
RANK_INTERVAL_S: Final = 30.0
"""Interval of ranking updates: rankings follow downloads, which are stored every ten seconds, within a minute."""
_RETRY_INTERVAL_S: Final = 0.1
_PATIENCE_S: Final = 2.0
"""How long a query waits for an index; a small one is built in that time."""


class SearchService:
    """The search of one process; safe to call from any thread.

    `find_search` and `find_completion` never block; the other methods may.
    """

    def __init__(self, db: Database, documents: Documents, folder: IndexFolder) -> None:
        self._db = db
        self._folder = folder
        self._follower = IndexFollower(db, folder)
        self._results = ResultCache()
        self._renderer = SearchResults(db, documents)
        self._ready = Event()
        self._unready_since = monotonic()
        self._ranked_at = monotonic()
        self._wake = Event()
        self._stopping = Event()
        self._maintainer: Thread | None = None

    def find_search(self, feed: Feed, question: Question, base: str) -> bytes | None:
        """Return the response to a search if the index is up to date and all fragments are in memory, or None."""
        found = self._find(feed, question, SearchIndex.search)
        if found is None:
            return None
        return self._renderer.find_search(found, feed, question.audience, base)

    def find_completion(self, feed: Feed, question: Question) -> bytes | None:
        """Return the response to an autocompletion of ids if the index is up to date and all fragments are in memory,
        or None."""
        found = self._find(feed, question, SearchIndex.complete)
        if found is None:
            return None
        return self._renderer.find_completion(found, feed.id, question.audience)

    def search(self, feed: Feed, question: Question, base: str) -> bytes:
        """Return the response to a search, with links below `base`. Raises SearchUnready, Busy."""
        found = self._ask(feed, question, SearchIndex.search)
        return self._renderer.answer_search(found, feed, question.audience, base)

    def find_packages(self, feed: Feed, question: Question) -> Found:
        """Return what a search finds, without rendering a response. Raises SearchUnready, Busy."""
        return self._ask(feed, question, SearchIndex.search)

    def complete(self, feed: Feed, question: Question) -> bytes:
        """Return the response to an autocompletion of ids. Raises SearchUnready, Busy."""
        found = self._ask(feed, question, SearchIndex.complete)
        return self._renderer.answer_completion(found, feed.id, question.audience)

    def list_versions(self, feed: Feed, package_id: PackageId, audience: Audience) -> bytes:
        """Return the response to an autocompletion of versions."""
        return self._renderer.answer_versions(package_id, feed.id, audience)

    @property
    def generation(self) -> str:
        """A text that changes whenever this process uses another state of the index, which may order results
        differently."""
        return self._follower.generation

    def is_ready(self) -> bool:
        """Whether there is an index that lacks only a few events. Waits a moment for an index that is being built."""
        return self._ready.wait(max(0.0, self._unready_since + _PATIENCE_S - monotonic()))

    def start(self) -> None:
        """Start the thread that maintains the index."""
        self._maintainer = Thread(target=self._maintain_until_stopped, name="tend-search-index", daemon=True)
        self._maintainer.start()

    def stop(self) -> None:
        """Stop the thread that maintains the index; an unfinished build is abandoned."""
        self._stopping.set()
        self._wake.set()
        if self._maintainer is not None:
            self._maintainer.join()

    def rebuild(self, advance: Advance = ignore_progress) -> None:
        """Build a new index and replace the one in use, which answers queries until then.

        Raises SearchUnready if another process is building an index, and OSError if it cannot be written.
        """
        lock = self._folder.try_building()
        if lock is None:
            raise SearchUnready
        try:
            build_index(self._db, self._folder, advance=advance, is_stopping=self._stopping.is_set)
        finally:
            lock.release()

    def indexed(self) -> Mapping[int, int]:
        """Return the number of the last event in the index, by feed; empty without an index of this database's
        history."""
        try:
            return self._folder.open_current().index.positions()
        except (UnusableIndex, OSError):
            return {}

    def verify(self, report: Callable[[str], None]) -> None:
        """Bring the index up to date and compare it with the database; calls `report` for each difference.

        A missing index is not a difference: the server builds one when it starts. Raises Busy.
        """
        if self._folder.stamp():
            check_index(self._db, self._follower, report)

    def lag(self) -> int | None:
        """Return the number of events of all feeds that the index lacks, or None if there is no usable index."""
        try:
            return self._follower.lag()
        except UnusableIndex:
            return None

    def maintain(self) -> bool:
        """Maintain the index once. Returns whether it is ready now. Raises Stopped, Busy, OSError."""
        try:
            self._follower.catch_up(self._stopping.is_set)
        except UnusableIndex as fault:
            self._set_unready()
            self._build(str(fault))
            return False
        self._ready.set()
        if monotonic() - self._ranked_at > RANK_INTERVAL_S:
            self._ranked_at = monotonic()
            self._follower.rank()
        return True

    def _find(self, feed: Feed, question: Question, ask: Ask) -> Found | None:
        if question.owner_names:
            return None
        index = self._follower.find(feed.id, feed.head)
        try:
            return None if index is None else self._results.get_or_search(index, question, ask)
        except UnusableIndex:
            return None

    def _ask(self, feed: Feed, question: Question, ask: Ask) -> Found:
        question = self._with_owners(question)
        for is_last in (False, True):
            try:
                return self._follower.ask(
                    feed.id, feed.head, lambda index: self._results.get_or_search(index, question, ask)
                )
            except (UnusableIndex, FarBehind):
                self._set_unready()
                self._wake.set()
                if is_last or not self.is_ready():
                    raise SearchUnready from None
            except OSError as error:
                get_logger().error("search_index_not_written", error=str(error))
                raise SearchUnready from error
        raise SearchUnready

    def _with_owners(self, question: Question) -> Question:
        """Return the question with the ids that the named owners own now."""
        names = question.owner_names
        if not names:
            return question
        with self._db.read() as tx:
            return replace(question, owned=owners.ids_by_owner(tx, question.feed_id, names))

    def _set_unready(self) -> None:
        if self._ready.is_set():
            self._ready.clear()
            self._unready_since = monotonic()

    def _maintain_until_stopped(self) -> None:
        while not self._stopping.is_set():
            interval_s = MAINTENANCE_INTERVAL_S if self._try_to_maintain() else _RETRY_INTERVAL_S
            self._wake.wait(interval_s)
            self._wake.clear()

    def _try_to_maintain(self) -> bool:
        """Maintain the index once; no exception ends the thread. Returns whether there is nothing more to do now."""
        try:
            return self.maintain()
        except Stopped:
            return True
        except (Refusal, OSError) as fault:
            get_logger().warning("search_index_not_tended", reason=str(fault))
        except Exception:  # noqa: BLE001 the next attempt may succeed, and nothing else maintains the index
            get_logger().exception("search_index_not_tended")
        return True

    def _build(self, reason: str) -> None:
        """Build the index, unless another process is building it or has just built it."""
        lock = self._folder.try_building()
        if lock is None:
            return
        try:
            if not self._is_there():
                get_logger().info("search_index_building", reason=reason)
                build_index(self._db, self._folder, is_stopping=self._stopping.is_set)
                get_logger().info("search_index_built")
        finally:
            lock.release()

    def _is_there(self) -> bool:
        try:
            self._follower.open()
        except UnusableIndex:
            return False
        return True
