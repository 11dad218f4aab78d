"""kill -9 at every step of push, unlist and relist: what was acknowledged stays, and nothing is ever half there.

The steps are the points that the code itself names: one that is added is tested without a change here.
"""

import http.client
import shutil
from pathlib import Path

import pytest

from tests.faults.crash_points import POINTS, points_of
from tests.faults.integrity import assert_kept, assert_sound, listed_states, spooled_files
from tests.faults.processes import ask_until, ending_with, linux_only, run_command
from tests.support.builders import nupkg
from tests.support.servers import free_port, start_server

pytestmark = linux_only

BEFORE = nupkg(version="1.0.0")
UNLISTED = nupkg(version="1.1.0")
PUSHED = nupkg(version="2.0.0")


PUSH_POINTS = points_of("push")


def test_every_verb_names_points_before_and_after_its_commit():
    """Were a pattern here out of step with the sources, these files would test nothing."""
    assert len(PUSH_POINTS) >= 7
    for action in ("push", "replace", "unlist", "relist", "delete", "restore-version"):
        assert {f"{action}-rows-written", f"{action}-before-commit", f"{action}-committed"} <= set(points_of(action))
    assert len(points_of("gc")) >= 10
    others = ("gc", "search", "rederive", "history", "new-history", "rebuild", "feed-delete")
    changes = ("push", "replace", "unlist", "relist", "delete", "restore-version")
    assert set(POINTS) == {point for action in (*changes, *others) for point in points_of(action)}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A data folder with a listed and an unlisted version, of a server that ended calmly."""
    data = tmp_path_factory.mktemp("stock") / "data"
    server = start_server(data=data)
    try:
        for package in (BEFORE, UNLISTED):
            assert server.push(package).status == 201
        assert server.change("DELETE", "Acme.Widgets", "1.1.0").status == 204
    finally:
        assert server.stop() == 0
    return data


@pytest.fixture
def stocked(stock, tmp_path):
    """The test's own copy of it."""
    return Path(shutil.copytree(stock, tmp_path / "data"))


def crash(serve, data, point, ask):
    """Let a server come to the point, which ends it; then end what is left of it, and start it anew."""
    server = serve(data=data, environment={"MOTHERLODE_CRASH_AT": point})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(server)
    with ending_with(server.process.pid):
        server.kill()
    return serve(data=data)


def assert_whole(server, states, *, pushed):
    """Soundness, what was there before, and the version that was on its way if it is there."""
    assert_sound(server.data)
    kept = {("Acme.Widgets", "1.0.0"): BEFORE, ("Acme.Widgets", "1.1.0"): UNLISTED}
    assert_kept(server, kept | ({("Acme.Widgets", "2.0.0"): PUSHED} if pushed else {}))
    assert listed_states(server, "Acme.Widgets") == states


@pytest.mark.parametrize("point", PUSH_POINTS)
def test_a_push_that_dies_is_there_whole_or_not_at_all_and_can_be_repeated(serve, stocked, point):
    server = crash(serve, stocked, point, lambda server: server.push(PUSHED))
    is_committed = point == "push-committed"
    before = {"1.0.0": True, "1.1.0": False}
    assert_whole(server, before | ({"2.0.0": True} if is_committed else {}), pushed=is_committed)
    assert server.push(PUSHED).status == (409 if is_committed else 201)
    assert_whole(server, before | {"2.0.0": True}, pushed=True)


@pytest.mark.parametrize("point", points_of("unlist"))
def test_an_unlist_that_dies_is_done_or_not_and_can_be_repeated(serve, stocked, point):
    server = crash(serve, stocked, point, lambda server: server.change("DELETE", "acme.widgets", "1.0"))
    is_committed = point == "unlist-committed"
    assert_whole(server, {"1.0.0": not is_committed, "1.1.0": False}, pushed=False)
    assert server.change("DELETE", "Acme.Widgets", "1.0.0").status == 204
    assert_whole(server, {"1.0.0": False, "1.1.0": False}, pushed=False)


@pytest.mark.parametrize("point", points_of("relist"))
def test_a_relist_that_dies_is_done_or_not_and_can_be_repeated(serve, stocked, point):
    server = crash(serve, stocked, point, lambda server: server.change("POST", "acme.widgets", "1.1"))
    is_committed = point == "relist-committed"
    assert_whole(server, {"1.0.0": True, "1.1.0": is_committed}, pushed=False)
    assert server.change("POST", "Acme.Widgets", "1.1.0").status == 200
    assert_whole(server, {"1.0.0": True, "1.1.0": True}, pushed=False)


def test_bytes_that_another_feed_holds_are_stored_once_also_after_a_crash(serve, stocked):
    """The crash comes when the second blob of the same bytes is put and the row names the first."""
    first = serve(data=stocked)
    assert first.push(PUSHED).status == 201
    assert first.stop() == 0
    run_command("feed", "create", "other", "--data", str(stocked))
    server = crash(serve, stocked, "push-committed", lambda server: server.push(PUSHED, feed="/feeds/other"))
    assert_whole(server, {"1.0.0": True, "1.1.0": False, "2.0.0": True}, pushed=True)
    assert server.push(PUSHED, feed="/feeds/other").status == 409


def test_a_worker_that_dies_is_replaced_and_what_it_committed_is_served(serve, stocked):
    """The parent lives on: clients that come again find a new worker, and the version it died for."""
    server = serve(data=stocked, environment={"MOTHERLODE_CRASH_AT": "push-committed"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        server.push(PUSHED)
    states = ask_until(lambda: listed_states(server, "Acme.Widgets"), what="a new worker")
    assert states == {"1.0.0": True, "1.1.0": False, "2.0.0": True}
    assert server.push(PUSHED).status == 409
    assert server.stop() == 0


def test_what_a_killed_server_left_in_its_spool_is_swept_at_the_next_start(serve, stocked):
    """Half a body on its way in, its process killed: the file is there, and gone once a server starts."""
    server = serve(data=stocked)
    with server.connect() as connection:
        connection.sendall(
            b"PUT /api/v2/package HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n"
            b"X-NuGet-ApiKey: " + server.key.encode() + b"\r\n\r\n" + bytes(4_000_000)
        )
        ask_until(lambda: any(file.stat().st_size for file in spooled_files(stocked)), what="a spooled body")
        with ending_with(server.process.pid):
            server.kill()
    assert spooled_files(stocked)
    restarted = serve(data=stocked)
    assert list((stocked / "spool").iterdir()) == []
    assert_whole(restarted, {"1.0.0": True, "1.1.0": False}, pushed=False)


def test_a_start_takes_over_from_a_killed_server_and_refuses_beside_a_living_one(serve, stocked):
    """The lock of a folder is held by a process, not by a file that may be stale."""
    living = serve(data=stocked)
    refused = run_command("serve", "--data", str(stocked), "--port", str(free_port()), is_refused=True)
    assert "Another server is running on the data folder" in refused
    with ending_with(living.process.pid):
        living.kill()
    assert serve(data=stocked).get("/health/ready").status == 200
