"""What is wrong with the index is mended by building it anew, beside the old one, while searches go on."""

import shutil
import threading

import pytest

from motherlode.domain.refusals import SearchUnready
from motherlode.projections.search.index_builder import Stopped
from motherlode.store.data_folder import search_path
from tests.projections.search.workers import Worker
from tests.support.builders import nupkg

WIDGETS = {"Acme.Widgets": ["1.0.0"]}


def start_building(builder):
    """Let a worker begin to build an index, and stop; returns what lets it go on and waits for its end."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(done, total):
        reached.set()
        assert go_on.wait(60)

    def finish():
        go_on.set()
        building.join()

    building = threading.Thread(target=builder.searching.rebuild, args=(wait,))
    building.start()
    assert reached.wait(60)
    return finish


@pytest.fixture
def stocked(services, start):
    """A worker of a feed with one package, which it has indexed."""
    services.push(nupkg("Acme.Widgets"))
    worker = start()
    assert worker.found("widgets") == WIDGETS
    return worker


def index_of(data):
    """The folder of the index in use."""
    return search_path(data) / (search_path(data) / "current").read_text()


def indexes(data):
    """The names of all folders of indexes."""
    return {path.name for path in search_path(data).iterdir() if path.is_dir()}


def test_without_an_index_search_is_not_ready_and_says_so(services, data, monkeypatch):
    monkeypatch.setattr("motherlode.projections.search.service._PATIENCE_S", 0)
    worker = Worker(data)
    with pytest.raises(SearchUnready):
        worker.search()
    assert not worker.searching.is_ready()
    worker.close()


def test_a_question_waits_a_little_for_a_small_index(services, data):
    services.push(nupkg("Acme.Widgets"))
    worker = Worker(data)
    worker.searching.start()
    assert worker.found("widgets") == WIDGETS
    assert worker.searching.is_ready()
    worker.close()


def remove_all(data):
    shutil.rmtree(search_path(data))


def remove_a_file(data):
    (index_of(data) / "meta.json").unlink()


def cut_every_file(data):
    for path in index_of(data).iterdir():
        path.write_bytes(path.read_bytes()[:10])


def lose_the_name(data):
    (search_path(data) / "current").write_bytes(b"\0\xff../..")


def name_another(data):
    (search_path(data) / "current").write_text("0123456789abcdef")


@pytest.mark.parametrize("harm", [remove_all, remove_a_file, cut_every_file, lose_the_name, name_another])
def test_a_missing_or_damaged_index_is_built_anew(data, start, stocked, harm):
    stocked.close()
    harm(data)
    worker = start()
    assert worker.found("widgets") == WIDGETS
    assert indexes(data) == {index_of(data).name}


def test_an_index_of_another_history_is_built_anew(data, start, stocked):
    before = index_of(data)
    worker = start(history="another")
    assert index_of(data) != before
    assert worker.found("widgets") == WIDGETS


def test_an_index_that_is_ahead_of_its_database_is_built_anew(services, data, start, stocked):
    """As when a copy of the database was put back beside the index of later days."""
    feed_id = stocked.feed().id
    stocked.folder.open_current().index.write([], {feed_id: 99})
    worker = start()
    assert worker.folder.open_current().index.positions() == {feed_id: 1}
    assert worker.found("widgets") == WIDGETS


def test_a_new_index_takes_the_place_of_the_old_one_in_every_worker(services, data, start, stocked):
    other = start()
    before = index_of(data)
    stocked.searching.rebuild()
    assert index_of(data) != before
    assert indexes(data) == {index_of(data).name}
    services.push(nupkg("Acme.Core"))
    for worker in (other, stocked):
        assert worker.found("acme").keys() == {"Acme.Core", "Acme.Widgets"}


def test_while_one_is_built_searches_go_on_and_what_is_pushed_is_found_before_and_after(services, start, stocked):
    builder = start()
    finish = start_building(builder)
    for number in range(3):
        services.push(nupkg(f"Acme.N{number}"))
        assert len(stocked.found("acme")) == 2 + number
    services.unlist("Acme.Widgets", "1.0.0")
    finish()
    assert stocked.found("acme").keys() == builder.found("acme").keys() == {"Acme.N0", "Acme.N1", "Acme.N2"}


def test_only_one_is_built_at_a_time(services, start, stocked):
    finish = start_building(start())
    with pytest.raises(SearchUnready):
        stocked.searching.rebuild()
    finish()
    stocked.searching.rebuild()


def test_progress_counts_the_packages_and_ends_with_all(services, stocked):
    for number in range(4):
        services.push(nupkg(f"Acme.N{number}"))
    told = []
    stocked.searching.rebuild(lambda done, total: told.append((done, total)))
    assert told[0] == (0, 5)
    assert told[-1] == (5, 5)


def test_a_build_that_is_told_to_stop_leaves_the_old_index_in_use(data, stocked):
    before = index_of(data)
    stocked.searching.stop()
    with pytest.raises(Stopped):
        stocked.searching.rebuild()
    assert index_of(data) == before
    assert indexes(data) == {before.name}
