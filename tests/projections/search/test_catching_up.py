"""The index catches up at the query: what was acknowledged is found, or found no longer, whoever asks."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from motherlode.domain.refusals import NoSuchVersion, SearchUnready
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.projections.documents.reader import Reader
from motherlode.projections.search import index_follower
from motherlode.search.index import Question
from motherlode.search.queries import parse_query
from motherlode.search.subjects import Audience
from motherlode.usecases.feeds.feeds import create_feed, delete_feed
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.projections.search.workers import BASE
from tests.support.builders import nupkg


def test_a_push_is_found_by_the_next_query(services, worker):
    assert worker.found("widgets") == {}
    services.push(nupkg("Acme.Widgets", "1.0.0"))
    assert worker.found("widgets") == {"Acme.Widgets": ["1.0.0"]}
    services.push(nupkg("Acme.Widgets", "1.1.0"))
    assert worker.found("widgets") == {"Acme.Widgets": ["1.0.0", "1.1.0"]}


def test_unlisted_versions_are_not_shown_and_an_id_without_others_is_not_found(services, worker):
    for version in ("1.0.0", "2.0.0"):
        services.push(nupkg("Acme.Widgets", version))
    services.unlist("Acme.Widgets", "2.0.0")
    assert worker.found("widgets") == {"Acme.Widgets": ["1.0.0"]}
    services.unlist("Acme.Widgets", "1.0.0")
    assert worker.found("widgets") == worker.found() == {}
    assert worker.complete("acme") == {"totalHits": 0, "data": []}
    services.relist("Acme.Widgets", "1.0.0")
    assert worker.found("widgets") == {"Acme.Widgets": ["1.0.0"]}


def test_each_worker_finds_what_another_has_indexed(services, start):
    first, second = start(), start()
    services.push(nupkg("Acme.Widgets"))
    assert first.found("acme") == second.found("acme") == {"Acme.Widgets": ["1.0.0"]}
    services.push(nupkg("Acme.Core"))
    assert second.found("core") == first.found("core") == {"Acme.Core": ["1.0.0"]}


def test_every_event_is_applied_however_many_there_are(services, worker, monkeypatch):
    monkeypatch.setattr("motherlode.projections.search.index_builder._MAX_EVENTS", 3)
    for number in range(10):
        services.push(nupkg(f"Acme.N{number}"))
    assert len(worker.found("acme")) == 10


def test_far_behind_it_says_so_until_the_tender_has_caught_up(services, worker, monkeypatch):
    monkeypatch.setattr(index_follower, "MAX_WAITED", 2)
    monkeypatch.setattr("motherlode.projections.search.service._PATIENCE_S", 0)
    for number in range(3):
        services.push(nupkg(f"Acme.N{number}"))
    with pytest.raises(SearchUnready):
        worker.search("acme")
    assert not worker.searching.is_ready()
    assert worker.tend()
    assert worker.searching.is_ready()
    assert len(worker.found("acme")) == 3


def test_a_feed_shows_its_own_packages_alone(services, worker):
    create_feed("other", {}, CONSOLE, defaults=worker.feed().policy, db=services.db, clock=services.clock)
    services.push(nupkg("Acme.Widgets"), feed="other")
    assert worker.found() == {}
    services.push(nupkg("Acme.Core"))
    assert worker.found() == {"Acme.Core": ["1.0.0"]}


def test_the_versions_shown_follow_audience_and_order(services, worker):
    for version in ("2.0.0+build.7", "1.0.0", "1.10.0", "1.2.0-beta", "3.0.0-rc.1"):
        services.push(nupkg("Acme.Widgets", version))
    stable = {"prerelease": False}
    assert worker.found(**stable, semver2=False) == {"Acme.Widgets": ["1.0.0", "1.10.0"]}
    assert worker.found(**stable) == {"Acme.Widgets": ["1.0.0", "1.10.0", "2.0.0+build.7"]}
    assert worker.found(semver2=False) == {"Acme.Widgets": ["1.0.0", "1.2.0-beta", "1.10.0"]}
    assert worker.search()["data"][0]["version"] == "3.0.0-rc.1"


class Actor:
    """One who changes packages of its own and asks after each change, another worker each time."""

    def __init__(self, number, services, workers):
        self._chance = random.Random(number)
        self._id = f"Actor{number}.Tools"
        self._house = services
        self._workers = workers
        self._listed = {}

    def act(self, steps):
        """Change something, then ask what is there: exactly that."""
        for _ in range(steps):
            self._change()
            shown = [version for version, listed in self._listed.items() if listed]
            worker = self._chance.choice(self._workers)
            assert worker.found(f"packageid:{self._id}") == ({self._id: shown} if shown else {})
            assert worker.complete(self._id)["totalHits"] == bool(shown)

    def _change(self):
        if not self._listed or self._chance.random() < 0.3:
            version = f"{len(self._listed) + 1}.0.0"
            self._house.push(nupkg(self._id, version))
            self._listed[version] = True
            return
        version = self._chance.choice(list(self._listed))
        self._listed[version] = not self._listed[version]
        change = self._house.relist if self._listed[version] else self._house.unlist
        change(self._id, version)


def test_a_query_after_each_of_a_thousand_changes_sees_exactly_what_was_acknowledged(services, start):
    workers = [start(), start(), start()]
    actors = [Actor(number, services, workers) for number in range(4)]
    with ThreadPoolExecutor(len(actors)) as threads:
        for done in [threads.submit(actor.act, 250) for actor in actors]:
            done.result(timeout=300)


def test_a_feed_that_was_deleted_leaves_the_index(services, start):
    feed = services.create_feed("team")
    services.push(nupkg("Acme.Widgets"), feed="team")
    services.push(nupkg("Acme.Core"))
    first, second = start(), start()
    assert feed.id in first.positions()
    services.do(delete_feed, "team", with_packages=True)
    assert first.tend()
    assert second.tend()
    assert feed.id not in first.positions()
    assert feed.id not in second.positions()
    assert first.found() == second.found() == {"Acme.Core": ["1.0.0"]}


def test_a_later_feed_of_the_same_name_begins_without_packages(services, worker):
    services.create_feed("team")
    services.push(nupkg("Acme.Widgets"), feed="team")
    assert worker.found(feed="team") == {"Acme.Widgets": ["1.0.0"]}
    services.do(delete_feed, "team", with_packages=True)
    services.create_feed("team")
    assert worker.found(feed="team") == {}
    services.push(nupkg("Acme.Widgets", "2.0.0"), feed="team")
    assert worker.found(feed="team") == {"Acme.Widgets": ["2.0.0"]}


@pytest.mark.parametrize("are_pushed", [1, 2])
def test_who_asked_before_a_feed_was_deleted_is_answered_from_what_is_there(services, worker, are_pushed):
    """He waits for events that never come."""
    services.create_feed("team")
    for number in range(are_pushed):
        services.push(nupkg(f"Acme.N{number}"), feed="team")
    feed = worker.feed("team")
    question = Question(feed.id, Audience(prerelease=True, semver2=True), parse_query(""))
    services.do(delete_feed, "team", with_packages=True)
    for answer in (
        worker.searching.search(feed, question, BASE),
        worker.searching.complete(feed, question),
        worker.searching.list_versions(feed, parse_package_id("Acme.N0"), question.audience),
    ):
        assert json.loads(answer)["data"] == []


def test_a_package_of_a_feed_that_was_deleted_meanwhile_is_not_there(services, worker):
    services.create_feed("team")
    services.push(nupkg("Acme.Widgets"), feed="team")
    feed, asked = worker.feed("team"), (parse_package_id("Acme.Widgets"), parse_version("1.0.0"))
    services.do(delete_feed, "team", with_packages=True)
    with pytest.raises(NoSuchVersion):
        Reader(worker.db, services.blobs, worker.documents).read_blob(feed, *asked)
