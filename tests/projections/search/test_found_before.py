"""What was found before is handed out again, until something is written into the index."""

import pytest

from motherlode.projections.search.result_cache import ResultCache
from motherlode.search.index import Question, SearchIndex, Sort
from motherlode.search.queries import parse_query
from motherlode.search.subjects import AUDIENCES
from tests.support.builders import nupkg


class Counted:
    """Searches, and counts how often it had to."""

    def __init__(self):
        self.times = 0

    def __call__(self, index, question):
        self.times += 1
        return index.search(question)


@pytest.fixture
def before():
    """A memory of nothing yet."""
    return ResultCache()


def question(text="acme", *, audience=AUDIENCES[0], **more):
    return Question(1, audience, parse_query(text), **more)


def test_the_same_question_is_answered_once_until_something_is_written(services, worker, before):
    services.push(nupkg("Acme.A"))
    worker.search()
    index, search = worker.folder.open_current().index, Counted()
    for _ in range(3):
        assert before.get_or_search(index, question(), search).id_keys == ("acme.a",)
    assert search.times == 1

    services.push(nupkg("Acme.B"))
    worker.search()
    index.reload()
    for _ in range(3):
        assert before.get_or_search(index, question(), search).id_keys == ("acme.a", "acme.b")
    assert search.times == 2


def test_other_questions_are_other_questions(services, worker, before):
    index, search = worker.folder.open_current().index, Counted()
    others = [
        question("core"),
        question(audience=AUDIENCES[1]),
        question(package_type="Tool"),
        question(skip=1),
        question(take=1),
        question(sort=Sort.NEWEST),
        question(framework="net8.0"),
        question(dependency="acme.base"),
    ]
    for each in (question(), *others):
        before.get_or_search(index, each, search)
    assert search.times == 9
    before.get_or_search(index, question(), SearchIndex.complete)
    assert before.get_or_search(index, question(), search).total == 0
    assert search.times == 9


@pytest.mark.parametrize(
    "asked",
    [question("a " * 60), question(take=101), question(framework="x" * 101), question(package_type="x" * 101)],
)
def test_what_would_take_much_room_is_not_kept(worker, before, asked):
    index, search = worker.folder.open_current().index, Counted()
    for _ in range(2):
        before.get_or_search(index, asked, search)
    assert search.times == 2


@pytest.mark.parametrize("asked", [question("owner:acme"), question(owner="acme")])
def test_what_hangs_on_owners_is_not_kept(worker, before, asked):
    index, search = worker.folder.open_current().index, Counted()
    for _ in range(2):
        before.get_or_search(index, asked, search)
    assert search.times == 2


def test_many_questions_are_answered_and_few_are_kept(services, worker, before):
    services.push(nupkg("Acme.A"))
    worker.search()
    index, search = worker.folder.open_current().index, Counted()
    for number in range(1_001):
        before.get_or_search(index, question(skip=number), search)
    before.get_or_search(index, question(skip=0), search)
    assert search.times == 1_002
    assert before.get_or_search(index, question(skip=1_000), search).total == 1
