"""Room on the disk: looked at once a second at most, whoever asks."""

import pytest

from motherlode.domain.refusals import StorageLow
from motherlode.store.blobs.free_space import FreeSpace


class Disk:
    """A disk whose room and whose clock a test turns by hand."""

    def __init__(self, free_bytes: int) -> None:
        self.free_bytes: int | None = free_bytes
        self.looks = 0
        self.now_s = 100.0

    def measure(self) -> int:
        self.looks += 1
        if self.free_bytes is None:
            raise OSError(5, "Input/output error")
        return self.free_bytes

    def room(self, least_bytes: int) -> FreeSpace:
        return FreeSpace(self.measure, least_bytes, lambda: self.now_s)


def test_it_is_low_below_the_floor_and_not_at_it() -> None:
    assert not Disk(1000).room(1000).is_low()
    low = Disk(999).room(1000)
    assert low.is_low()
    with pytest.raises(StorageLow):
        low.check()


def test_the_disk_is_asked_once_a_second_however_often_somebody_looks() -> None:
    disk = Disk(1000)
    room = disk.room(1000)
    for _ in range(100):
        room.check()
    assert disk.looks == 1
    disk.free_bytes = 0
    disk.now_s += 0.99
    room.check()
    disk.now_s += 0.02
    assert room.is_low()
    assert disk.looks == 2


def test_once_there_is_room_again_it_is_not_low_any_more() -> None:
    disk = Disk(0)
    room = disk.room(1000)
    assert room.is_low()
    disk.free_bytes = 5000
    disk.now_s += 1
    assert not room.is_low()


def test_without_a_floor_nobody_asks_the_disk() -> None:
    disk = Disk(0)
    assert not disk.room(0).is_low()
    assert disk.looks == 0


def test_a_disk_that_cannot_be_measured_is_as_low_as_it_was() -> None:
    """A push is not refused because nobody can tell how much room there is: the write itself will."""
    disk = Disk(5000)
    room = disk.room(1000)
    assert not room.is_low()
    disk.free_bytes = None
    disk.now_s += 1
    assert not room.is_low()
