"""Whoever looks at pages: a worker's rooms as far as pages need them, without a server."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.projections.documents.cache import FEED_WIDE, Document, DocumentKey, Documents
from motherlode.projections.documents.catalog_follower import Feed, Follower
from motherlode.projections.documents.reader import Reader
from motherlode.projections.documents.v3 import RenderContext, Renderer
from motherlode.projections.pages.queries import EVERYBODY, PageQueries
from motherlode.projections.pages.views import Card, FeedView, PackageView, Results, StatsView, VersionsView
from motherlode.projections.search.index_folder import IndexFolder
from motherlode.projections.search.service import SearchService
from motherlode.protocol.urls import Urls
from motherlode.search.index import Question
from motherlode.search.queries import parse_query
from motherlode.store.blobs.memory import MemoryBlobs
from motherlode.store.data_folder import search_path
from motherlode.store.packages import catalog
from motherlode.usage.downloads import DownloadTally
from motherlode.usecases.maintenance.record_usage import record_downloads
from tests.usecases.services import Services

T = TypeVar("T")


class CountedBlobs(MemoryBlobs):
    """The blobs of a house; `opened` counts how often each was looked into."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.shelf, services.clock)
        self.opened: Counter[str] = Counter()

    def open(self, name: str) -> Any:
        """The blob's bytes."""
        self.opened[name] += 1
        return super().open(name)


class Looker:
    """One worker on the house's data."""

    def __init__(self, services: Services, data: Path) -> None:
        self.services = services
        self.blobs = CountedBlobs(services)
        self.documents = Documents(10_000_000)
        self.follower = Follower(services.db, self.documents)
        self.searching = SearchService(services.db, self.documents, IndexFolder(search_path(data), services.db.history))
        self.reader = Reader(services.db, self.blobs, self.documents)
        self.showing = PageQueries(services.db, self.documents, self.searching, services.clock)

    def tend(self) -> bool:
        """Look after the index once, and once more if there was none; whether it is ready."""
        return self.searching.maintain() or self.searching.maintain()

    def feed(self, name: str = "default") -> Feed:
        """The feed as of now, as a request finds it."""
        if not self.follower.is_current():
            self.follower.catch_up()
        return self.follower.snapshot.feeds[name]

    def look(self, view: Callable[[RenderContext, Feed], T], feed: str = "default") -> T:
        """What a view is in one look at the truth."""
        found = self.feed(feed)
        with self.services.db.read() as tx:
            position = catalog.position(tx, found.id)
            return view(
                RenderContext(
                    tx, found.id, found.created_at, self.blobs, Urls("http://feed.example"), Urls(""), *position
                ),
                found,
            )

    def home(self, feed: str = "default") -> FeedView:
        """The feed's home."""
        return self.look(self.showing.home, feed)

    def stats(self, feed: str = "default") -> StatsView:
        """The feed's statistics."""
        return self.look(self.showing.stats, feed)

    def package(
        self, package_id: str, version: str | None = None, *, sees_unlisted: bool = False, feed: str = "default"
    ) -> PackageView:
        """The page of an id, or of a version of it."""
        names = parse_package_id(package_id), parse_version(version) if version else None
        return self.look(
            lambda source, found: self.showing.package(source, found, *names, sees_unlisted=sees_unlisted), feed
        )

    def license(self, package_id: str, version: str = "1.0.0") -> str:
        """The license file of a version."""
        names = parse_package_id(package_id), parse_version(version)
        return self.look(lambda source, feed: self.showing.license(source, feed, *names).text)

    def versions(self, package_id: str) -> VersionsView:
        """The versions of an id."""
        return self.look(lambda source, feed: self.showing.versions(source, feed, parse_package_id(package_id)))

    def search(self, q: str = "", **more: Any) -> Results:
        """What a search finds."""
        feed = self.feed()
        return self.showing.search(feed, Question(feed.id, EVERYBODY, parse_query(q), **more))

    def read(self, name: str, render: Renderer) -> Document:
        """A page of the default feed, as the web asks for it."""
        feed = self.feed()
        key = DocumentKey(feed.id, FEED_WIDE, name)
        return self.reader.find(key) or self.reader.read(key, feed, render, is_checked=True, is_zipped=False)

    def download(
        self,
        package_id: str,
        count: int = 1,
        *,
        version: str = "1.0.0",
        day: date | None = None,
        client: str = "curl",
        feed: str = "default",
    ) -> None:
        """Have downloads written down, of today unless it is said otherwise."""
        tally = DownloadTally()
        key = (self.feed(feed).id, package_id.lower(), version, day or self.services.clock.now().date())
        for _ in range(count):
            tally.count(key, client)
        record_downloads(tally, db=self.services.db)


def names(cards: Iterable[Card]) -> list[str]:
    """Ids and versions of cards, as texts."""
    return [str(card.identity) for card in cards]
