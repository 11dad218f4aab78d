"""Workers of a server without its processes: each with connections, cache and index of its own, on one data folder."""

import json
from pathlib import Path
from typing import Any

from motherlode.projections.documents.cache import Documents
from motherlode.projections.documents.catalog_follower import Feed, Follower
from motherlode.projections.search.index_folder import IndexFolder
from motherlode.projections.search.service import SearchService
from motherlode.search.index import Question
from motherlode.search.queries import parse_query
from motherlode.search.subjects import Audience
from motherlode.store.data_folder import database_path, search_path
from motherlode.store.database.sqlite import open_database

BASE = "http://search.example"


class Worker:
    """One worker; `tend` looks after the index once, as its thread would."""

    def __init__(self, data: Path, *, history: str | None = None) -> None:
        self.db = open_database(database_path(data))
        self.documents = Documents(10_000_000)
        self.follower = Follower(self.db, self.documents)
        self.folder = IndexFolder(search_path(data), history or self.db.history)
        self.searching = SearchService(self.db, self.documents, self.folder)

    def feed(self, name: str = "default") -> Feed:
        """The feed as of now, as a request finds it."""
        if not self.follower.is_current():
            self.follower.catch_up()
        feed = self.follower.snapshot.feeds.get(name)
        assert feed is not None
        return feed

    def search(self, q: str = "", *, prerelease: bool = True, semver2: bool = True, **more: Any) -> dict[str, Any]:
        """The answer to a search."""
        return json.loads(self.searching.search(*self._ask(q, prerelease, semver2, more), BASE))

    def find(self, q: str = "", *, prerelease: bool = True, semver2: bool = True, **more: Any) -> bytes | None:
        """The answer to a search, if it is at hand."""
        return self.searching.find_search(*self._ask(q, prerelease, semver2, more), BASE)

    def complete(self, q: str = "", *, prerelease: bool = True, semver2: bool = True) -> dict[str, Any]:
        """The answer to an autocompletion of ids."""
        feed = self.feed()
        question = Question(feed.id, Audience(prerelease, semver2), parse_query(q))
        return json.loads(self.searching.complete(feed, question))

    def found(self, q: str = "", **more: Any) -> dict[str, list[str]]:
        """The ids that a search finds, and of each the versions it shows."""
        answer = self.search(q, **more)
        assert answer["totalHits"] == len(answer["data"])
        return {hit["id"]: [version["version"] for version in hit["versions"]] for hit in answer["data"]}

    def positions(self) -> dict[int, int]:
        """For each feed that the index knows, the number of the last event that is in it."""
        index = self.folder.open_current().index
        return dict(index.positions())

    def tend(self) -> bool:
        """Look after the index once, and once more if there was none; whether it is ready."""
        return self.searching.maintain() or self.searching.maintain()

    def _ask(self, q: str, prerelease: bool, semver2: bool, more: dict[str, Any]) -> tuple[Feed, Question]:
        feed = self.feed(more.pop("feed", "default"))
        return feed, Question(feed.id, Audience(prerelease, semver2), parse_query(q), **more)

    def close(self) -> None:
        """End it."""
        self.searching.stop()
        self.db.close()
