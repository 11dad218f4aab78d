"""Whoever asks for a page while it is rendered waits for it: it is rendered once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest

from motherlode.domain.refusals import NoSuchVersion
from motherlode.projections.documents.v3 import RenderedDocument

MANY = 4


class Renderer:
    """Renders a page when everybody is about to ask for it; the first `failures` times there is none."""

    def __init__(self, services, failures: int = 0) -> None:
        self._changed_at = services.clock.now()
        self._failures = failures
        self.asked = Semaphore(0)
        self.rendered = 0

    def __call__(self, source) -> RenderedDocument:
        self.rendered += 1
        if self.rendered == 1:
            for _ in range(MANY):
                self.asked.acquire()
        if self.rendered <= self._failures:
            raise NoSuchVersion("Acme.A")
        return RenderedDocument(b"a page", self._changed_at)


def ask_many(looker, renderer):
    """What everybody gets who asks at the same time, each in a thread of his own."""

    def ask(_):
        renderer.asked.release()
        try:
            return looker.read("page", renderer).body
        except NoSuchVersion:
            return None

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(ask, range(MANY)))


def test_a_page_that_many_ask_for_at_once_is_rendered_once(services, looker):
    looker.feed()
    renderer = Renderer(services)
    assert ask_many(looker, renderer) == [b"a page"] * MANY
    assert renderer.rendered == 1


@pytest.mark.parametrize("failures", [1, 2])
def test_where_one_gets_none_the_next_one_tries(services, looker, failures):
    looker.feed()
    renderer = Renderer(services, failures)
    answers = ask_many(looker, renderer)
    assert sorted(answers, key=bool) == [None] * failures + [b"a page"] * (MANY - failures)
    assert renderer.rendered == failures + 1


def test_pages_of_different_names_do_not_wait_for_each_other(services, looker):
    feed = looker.feed()

    def render_with_another(source):
        inner = looker.read("inner", lambda _: RenderedDocument(b"inner", services.clock.now()))
        return RenderedDocument(b"outer and " + inner.body, services.clock.now())

    assert looker.read("outer", render_with_another).body == b"outer and inner"
    assert looker.feed() == feed
