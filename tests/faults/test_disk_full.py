"""A disk without room: pushes and changes are refused with 507, nothing is stored, and the server lives on.

The data, and the log beside them, lie on a small disk that is filled to its last byte.
"""

import pytest

from tests.faults.disks import DISK_BYTES, SmallDisk, mount, unmount
from tests.faults.integrity import assert_kept, assert_refused_full, assert_sound, listed_states, stored
from tests.faults.processes import workers
from tests.support.builders import nupkg

KEPT = {("Acme.Widgets", "1.0.0"): nupkg()}
NEXT = nupkg(version="2.0.0")
NO_FLOOR = {"MOTHERLODE_STORAGE_MIN_FREE": "0"}


@pytest.fixture
def disk(tmp_path):
    """A disk of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    assert mount(folder)
    yield SmallDisk(folder)
    unmount(folder)


@pytest.fixture
def full(disk, serve):
    """A server with one version, whose disk, log included, has become full."""
    server = serve(data=disk.folder / "data", environment=NO_FLOOR)
    assert server.push(KEPT["Acme.Widgets", "1.0.0"]).status == 201
    assert server.get("/v3/search?q=acme").status == 200  # the index is built: it gives no more room back
    disk.fill()
    assert server.get("/health/ready").status == 503
    disk.fill()
    yield server
    server.stop()


@pytest.mark.parametrize("payload_bytes", [0, 100_000, 2 * DISK_BYTES], ids=["tiny", "small", "larger than the disk"])
def test_a_push_onto_a_full_disk_is_refused_and_stores_nothing(full, payload_bytes):
    before = stored(full.data)
    assert_refused_full(full.push(nupkg(version="2.0.0", payload_bytes=payload_bytes)))
    assert stored(full.data) == before
    assert_sound(full.data)


def test_a_push_larger_than_what_is_left_is_refused_and_the_room_is_given_back(disk, serve):
    server = serve(data=disk.folder / "data", environment=NO_FLOOR)
    before = stored(server.data)
    assert_refused_full(server.push(nupkg(payload_bytes=DISK_BYTES)))
    assert stored(server.data) == before
    assert server.push(nupkg(payload_bytes=DISK_BYTES // 2)).status == 201
    assert server.stop() == 0


def test_an_unlist_on_a_full_disk_is_refused_and_changes_nothing(full):
    before = stored(full.data)
    assert_refused_full(full.change("DELETE", "Acme.Widgets", "1.0.0"))
    assert stored(full.data) == before
    assert listed_states(full, "Acme.Widgets") == {"1.0.0": True}


def test_reads_are_answered_on_a_full_disk(full):
    """Many of them, of every kind: neither counting nor logging may end the server."""
    worker = workers(full.process.pid)
    for _ in range(20):
        assert_kept(full, KEPT)
        assert [full.get(path).status for path in ("/v3/index.json", "/", "/health/live", "/metrics")] == [200] * 4
        assert full.get("/v3/flat/not.there/index.json").status == 404
    assert workers(full.process.pid) == worker


def test_a_full_disk_is_not_ready_and_says_so(full):
    answer = full.get("/health/ready")
    assert answer.status == 503
    assert b'"blobs":"failed"' in answer.body


def test_once_there_is_room_again_all_goes_on_without_a_restart(full, disk):
    assert_refused_full(full.push(NEXT))
    disk.free()
    assert full.push(NEXT).status == 201
    assert full.change("DELETE", "Acme.Widgets", "1.0.0").status == 204
    assert full.get("/health/ready").status == 200
    assert listed_states(full, "Acme.Widgets") == {"1.0.0": False, "2.0.0": True}
    assert_sound(full.data)


def test_a_server_that_ended_on_a_full_disk_starts_again_once_there_is_room(full, disk, serve):
    full.kill()
    disk.free()
    restarted = serve(data=full.data, environment=NO_FLOOR)
    assert_sound(full.data)
    assert_kept(restarted, KEPT)
    assert restarted.push(NEXT).status == 201
    restarted.stop()
