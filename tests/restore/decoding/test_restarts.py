"""Restart markers that damage has destroyed, invented or renumbered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from restore.decoding.restarts import damaged_markers, intervals
from restore.decoding.robust import EventKind, decode
from tests.restore.decoding.pictures import jpeg, texture

LENGTH = 10
"""Bytes per interval in the made-up scans; 3 units each."""


def cut(markers: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """First byte and first unit of each interval of a scan of `count` intervals."""
    positions = np.array([position for position, _ in markers], dtype=np.int64)
    numbers = np.array([number for _, number in markers], dtype=np.uint8)
    found = intervals(positions, numbers, size=LENGTH * count, unit_count=3 * count, restart_interval=3)
    assert found[-1].end_bit == 8 * LENGTH * count
    assert found[-1].end_unit == 3 * count
    assert all(a.end_bit == b.first_bit and a.end_unit == b.first_unit for a, b in itertools.pairwise(found))
    return [(part.first_bit // 8, part.first_unit) for part in found]


def odd(markers: Sequence[tuple[int, int]], count: int) -> tuple[int, ...]:
    positions = np.array([position for position, _ in markers], dtype=np.int64)
    numbers = np.array([number for _, number in markers], dtype=np.uint8)
    size = LENGTH * count
    found = intervals(positions, numbers, size=size, unit_count=3 * count, restart_interval=3)
    return damaged_markers(found, positions, numbers, size=size, restart_interval=3)


def sound(count: int) -> list[tuple[int, int]]:
    return [(LENGTH * index, (index - 1) % 8) for index in range(1, count)]


def starts(count: int) -> list[tuple[int, int]]:
    return [(LENGTH * index, 3 * index) for index in range(count)]


def test_sound_markers() -> None:
    assert cut(sound(20), 20) == starts(20)
    assert odd(sound(20), 20) == ()


def test_a_scan_without_an_interval_is_one() -> None:
    found = intervals(np.array([10]), np.array([0], np.uint8), size=30, unit_count=7, restart_interval=0)
    assert [(part.first_bit, part.end_bit, part.first_unit, part.end_unit) for part in found] == [(0, 240, 0, 7)]


@pytest.mark.parametrize("lost", [1, 7, 18])
def test_a_lost_marker_joins_two_intervals(lost: int) -> None:
    markers = [marker for marker in sound(20) if marker[0] != LENGTH * lost]
    assert cut(markers, 20) == [start for start in starts(20) if start[0] != LENGTH * lost]
    assert odd(markers, 20) == ()


def test_six_lost_markers_in_a_row() -> None:
    markers = [marker for marker in sound(20) if not LENGTH * 5 <= marker[0] < LENGTH * 11]
    assert cut(markers, 20) == starts(5) + starts(20)[11:]


@pytest.mark.parametrize("number", [0, 1, 2, 5, 6, 7])
@pytest.mark.parametrize("place", [0, 9, 17])
def test_a_renumbered_marker_keeps_its_place(place: int, number: int) -> None:
    markers = sound(20)
    if number == markers[place][1]:
        number = (number + 3) % 8
    markers[place] = (markers[place][0], number)
    assert cut(markers, 20) == starts(20)
    assert odd(markers, 20) == (3 * (place + 1),)


def test_a_renumbered_last_marker_keeps_its_place() -> None:
    markers = sound(20)
    markers[-1] = (markers[-1][0], (markers[-1][1] + 4) % 8)
    assert cut(markers, 20) == starts(20)
    assert odd(markers, 20) == (57,)


@pytest.mark.parametrize("number", [1, 3, 4, 5, 6, 7])
def test_an_invented_marker_is_passed_over(number: int) -> None:
    markers = [*sound(20)[:10], (105, number), *sound(20)[10:]]
    assert markers[11][1] == 2  # the one that comes next
    assert cut(markers, 20) == starts(20)
    assert odd(markers, 20) == (30,)


def test_more_markers_than_the_picture_has_room_for() -> None:
    markers = [*sound(4), (35, 3), (36, 4)]
    assert cut(markers, 4) == starts(4)
    assert odd(markers, 4) == (9, 9)


def test_a_marker_behind_the_last_unit_is_a_habit_of_some_cameras() -> None:
    markers = [*sound(4), (4 * LENGTH, 3)]
    assert cut(markers, 4) == starts(4)
    assert odd(markers, 4) == ()


@pytest.mark.parametrize("progressive", [False, True])
def test_a_renumbered_marker_costs_no_pixel_but_is_told(progressive: bool) -> None:
    sound_jpeg = jpeg(texture(160, 120), restart_marker_blocks=10, progressive=progressive)
    damaged = bytearray(sound_jpeg)
    damaged[sound_jpeg.find(b"\xff\xd3") + 1] = 0xD6
    decoded = decode(bytes(damaged))
    assert np.array_equal(decoded.pixels, decode(sound_jpeg).pixels)
    assert [(event.kind, event.count) for event in decoded.events] == [(EventKind.RESTART_DAMAGED, 1)]
    assert decoded.events[0].mcu == 40


def test_damage_stays_inside_its_restart_interval() -> None:
    sound_jpeg = jpeg(texture(160, 120), restart_marker_blocks=10)
    begin = sound_jpeg.find(b"\xff\xd2") + 2
    damaged = bytearray(sound_jpeg)
    damaged[begin : begin + 12] = bytes(12)
    decoded, whole = decode(bytes(damaged)), decode(sound_jpeg)
    equal = (decoded.coefficients == whole.coefficients).all(axis=(1, 2))
    assert equal[:30].all()
    assert equal[40:].all()
    assert not equal[30:40].all()
    assert {event.mcu for event in decoded.events} <= set(range(30, 41))


def test_fill_bytes_before_markers_are_no_data() -> None:
    """T.81 B.1.1.2: any marker may be preceded by any number of bytes FF."""
    sound_jpeg = jpeg(texture(160, 120), restart_marker_blocks=10)
    filled = sound_jpeg.replace(b"\xff\xd1", b"\xff\xff\xff\xd1").replace(b"\xff\xd9", b"\xff\xff\xd9")
    decoded = decode(filled)
    assert decoded.events == ()
    assert np.array_equal(decoded.pixels, decode(sound_jpeg).pixels)
