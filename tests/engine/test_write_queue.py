"""Regions that wait for threads to write them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from omezarr.engine.write_queue import WriteQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.arrays.geometry import Region

FRAME = np.arange(8, dtype="uint16")


class Disk:
    """Takes regions once it is let to."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.broken = False
        self.stored: list[tuple[int, int]] = []

    def write(self, region: Region, pixels: Any) -> None:
        assert self.open.wait(20)
        if self.broken:
            raise OSError("no room")
        self.stored.append((region[0].start, int(pixels[0])))


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def queue(disk: Disk) -> Iterator[WriteQueue]:
    queue = WriteQueue(disk.write, memory=3 * FRAME.nbytes, threads=2)
    yield queue
    disk.open.set()
    queue.close()


def place(number: int) -> Region:
    return (slice(8 * number, 8 * number + 8),)


def put_in_thread(queue: WriteQueue, number: int, pixels: Any) -> threading.Thread:
    thread = threading.Thread(target=queue.put, args=(place(number), pixels))
    thread.start()
    return thread


def test_pixels_may_be_changed_as_soon_as_they_are_put(disk: Disk, queue: WriteQueue) -> None:
    pixels = FRAME.copy()
    for number in range(3):
        pixels[:] = number + 1
        queue.put(place(number), pixels)
    disk.open.set()
    with queue.held():
        assert sorted(disk.stored) == [(0, 1), (8, 2), (16, 3)]


def test_what_has_no_room_waits_and_what_is_too_large_is_written_at_once(disk: Disk, queue: WriteQueue) -> None:
    for number in range(3):
        queue.put(place(number), FRAME)
    fourth = put_in_thread(queue, 3, FRAME)
    fourth.join(0.05)
    assert fourth.is_alive()
    disk.open.set()
    fourth.join(20)
    queue.put((slice(100, 200),), np.full(100, 9, "uint16"))
    assert (100, 9) in disk.stored


def test_regions_that_share_samples_are_written_in_order(disk: Disk, queue: WriteQueue) -> None:
    queue.put((slice(0, 8),), FRAME)
    second = threading.Thread(target=queue.put, args=((slice(7, 15),), FRAME + 1))
    second.start()
    second.join(0.05)
    assert second.is_alive()
    disk.open.set()
    second.join(20)
    with queue.held():
        assert disk.stored == [(0, 0), (7, 1)]


def test_nothing_is_written_while_the_queue_is_held(disk: Disk, queue: WriteQueue) -> None:
    disk.open.set()
    with queue.held():
        other = put_in_thread(queue, 0, FRAME)
        other.join(0.05)
        assert disk.stored == []
    other.join(20)
    with queue.held():
        assert disk.stored == [(0, 0)]


def test_what_could_not_be_written_is_said_once_and_tried_again(disk: Disk, queue: WriteQueue) -> None:
    disk.broken = True
    disk.open.set()
    queue.put(place(0), FRAME)
    with pytest.raises(OSError, match="no room"), queue.held():
        pass
    disk.broken = False
    queue.put(place(1), FRAME + 1)
    with queue.held():
        assert sorted(disk.stored) == [(0, 0), (8, 1)]
