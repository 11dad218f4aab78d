"""Search and autocompletion: asks the index, makes the answers, and looks after the index all the while.

One thread of each process tends the index: it opens it, builds it anew where it is missing, damaged or foreign, and
every few seconds catches up, so that a query finds little to do, and lets rankings follow downloads. What it fails to
do is logged and tried again.
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

TEND_INTERVAL_S: Final = 10.0
RANK_INTERVAL_S: Final = 30.0
"""Downloads are written down every ten seconds and looked at every ten: rankings follow them within a minute."""
_RETRY_INTERVAL_S: Final = 0.1
_PATIENCE_S: Final = 2.0
"""How long a question waits for an index: a small one is built meanwhile."""


class SearchService:
    """The search of one process, to be called from any thread. What does not `find` may block."""

    def __init__(self, db: Database, documents: Documents, folder: IndexFolder) -> None:
        self._db = db
        self._folder = folder
        self._follower = IndexFollower(db, folder)
        self._before = ResultCache()
        self._hits = SearchResults(db, documents)
        self._ready = Event()
        self._unready_since = monotonic()
        self._ranked_at = monotonic()
        self._wake = Event()
        self._stopping = Event()
        self._tender: Thread | None = None

    def find_search(self, feed: Feed, question: Question, base: str) -> bytes | None:
        """The answer to a search, if nothing has to be waited for or read: it then takes what the index takes."""
        found = self._find(feed, question, SearchIndex.search)
        if found is None:
            return None
        return self._hits.find_search(found, feed, question.audience, base)

    def find_completion(self, feed: Feed, question: Question) -> bytes | None:
        """The answer to an autocompletion of ids, on the same condition."""
        found = self._find(feed, question, SearchIndex.complete)
        if found is None:
            return None
        return self._hits.find_completion(found, feed.id, question.audience)

    def search(self, feed: Feed, question: Question, base: str) -> bytes:
        """The answer to a search, links beginning with `base`. Raises SearchUnready, Busy."""
        found = self._ask(feed, question, SearchIndex.search)
        return self._hits.answer_search(found, feed, question.audience, base)

    def find_packages(self, feed: Feed, question: Question) -> Found:
        """What a search finds, without an answer made of it. Raises SearchUnready, Busy."""
        return self._ask(feed, question, SearchIndex.search)

    def complete(self, feed: Feed, question: Question) -> bytes:
        """The answer to an autocompletion of ids. Raises SearchUnready, Busy."""
        found = self._ask(feed, question, SearchIndex.complete)
        return self._hits.answer_completion(found, feed.id, question.audience)

    def list_versions(self, feed: Feed, package_id: PackageId, audience: Audience) -> bytes:
        """The answer to an autocompletion of versions."""
        return self._hits.answer_versions(package_id, feed.id, audience)

    @property
    def generation(self) -> str:
        """Another text whenever this process looks at another state of the index: what was found in the one before may
        be in another order now."""
        return self._follower.generation

    def is_ready(self) -> bool:
        """Whether there is an index, and little is missing in it; a small one that is being built is waited for."""
        return self._ready.wait(max(0.0, self._unready_since + _PATIENCE_S - monotonic()))

    def start(self) -> None:
        """Begin to tend the index."""
        self._tender = Thread(target=self._tend_until_stopped, name="tend-search-index", daemon=True)
        self._tender.start()

    def stop(self) -> None:
        """End what `start` began; a build that is not done is given up."""
        self._stopping.set()
        self._wake.set()
        if self._tender is not None:
            self._tender.join()

    def rebuild(self, advance: Advance = ignore_progress) -> None:
        """Build a new index, and let it take the place of the one in use, which answers until then.

        Raises SearchUnready when another process is building one, and OSError when it cannot be written.
        """
        lock = self._folder.try_building()
        if lock is None:
            raise SearchUnready
        try:
            build_index(self._db, self._folder, advance=advance, is_stopping=self._stopping.is_set)
        finally:
            lock.release()

    def indexed(self) -> Mapping[int, int]:
        """How far the index in use has come, by feed; empty where there is none of this database's history."""
        try:
            return self._folder.open_current().index.positions()
        except (UnusableIndex, OSError):
            return {}

    def verify(self, report: Callable[[str], None]) -> None:
        """Bring the index up to date and compare it with the truth; `report` is told of each difference. Where there is
        no index nothing differs: a server that starts builds one. Raises Busy."""
        if self._folder.stamp():
            check_index(self._db, self._follower, report)

    def lag(self) -> int | None:
        """How many events of all feeds the index lacks; None while there is no usable index."""
        try:
            return self._follower.lag()
        except UnusableIndex:
            return None

    def tend(self) -> bool:
        """Look after the index once; whether it is ready now. Raises Stopped, Busy, OSError."""
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
            return None if index is None else self._before.ask(index, question, ask)
        except UnusableIndex:
            return None

    def _ask(self, feed: Feed, question: Question, ask: Ask) -> Found:
        question = self._with_owners(question)
        for is_last in (False, True):
            try:
                return self._follower.ask(feed.id, feed.head, lambda index: self._before.ask(index, question, ask))
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
        """The question with what the owners that it names own now."""
        names = question.owner_names
        if not names:
            return question
        with self._db.read() as tx:
            return replace(question, owned=owners.ids_by_owner(tx, question.feed_id, names))

    def _set_unready(self) -> None:
        if self._ready.is_set():
            self._ready.clear()
            self._unready_since = monotonic()

    def _tend_until_stopped(self) -> None:
        while not self._stopping.is_set():
            interval_s = TEND_INTERVAL_S if self._tend_and_tell() else _RETRY_INTERVAL_S
            self._wake.wait(interval_s)
            self._wake.clear()

    def _tend_and_tell(self) -> bool:
        """Tend once; whether there is nothing more to do for now. No fault ends the thread."""
        try:
            return self.tend()
        except Stopped:
            return True
        except (Refusal, OSError) as fault:
            get_logger().warning("search_index_not_tended", reason=str(fault))
        except Exception:  # noqa: BLE001 the next time may go well, and nobody else would look after the index
            get_logger().exception("search_index_not_tended")
        return True

    def _build(self, reason: str) -> None:
        """Build the index, unless another process is at it, or has done it just now."""
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
