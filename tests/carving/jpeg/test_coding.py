"""The check by decoding: held against plain Python, against whole files of all kinds, and against flaws."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from carving.jpeg.coding import behind_eoi, check_scan, coding_of, first_state, walk
from carving.jpeg.coding_kernels import MCU, PREDICTORS, WHOLE
from carving.jpeg.markers import read_header
from tests.carving.jpeg.coding_reference import walk_reference
from tests.carving.memory import jpeg, picture

KINDS: dict[str, dict[str, Any]] = {
    "4:2:0": {"subsampling": 2},
    "4:2:2": {"subsampling": 1},
    "4:4:4": {"subsampling": 0},
    "restart": {"restart_marker_blocks": 3},
    "optimised": {"optimize": True},
    "coarse": {"quality": 20},
    "fine": {"quality": 100},
}


def other_mode(mode: str) -> bytes:
    buffer = io.BytesIO()
    picture(3, 120, 88).convert(mode).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def small_files() -> dict[str, bytes]:
    files = {name: jpeg(number, 120, 88, **options) for number, (name, options) in enumerate(KINDS.items())}
    return files | {mode: other_mode(mode) for mode in ("L", "CMYK")}


@pytest.mark.parametrize(("name", "data"), small_files().items())
def test_whole_files_check_out_to_their_last_byte(name: str, data: bytes) -> None:
    header = read_header(data)
    coding = coding_of(header)
    assert coding is not None
    for behind in (b"", bytes(100), random.Random(1).randbytes(600)):
        check = check_scan(data + behind, header, coding)
        assert (check.whole, check.offset, check.sound) == (True, len(data), coding.mcus)


@pytest.mark.parametrize(("name", "data"), small_files().items())
def test_the_walk_agrees_with_plain_python(name: str, data: bytes) -> None:
    header = read_header(data)
    coding = coding_of(header)
    assert coding is not None
    start = header.scan.entropy_start
    source = random.Random(name)
    for trial in range(25):
        damaged = bytearray(data)
        for _ in range(min(trial, 3)):
            damaged[source.randrange(start, len(data))] = source.choice([0, 0xFF, source.randrange(256)])
        del damaged[source.choice([len(data), source.randrange(start, len(data))]) :]
        state = first_state(start, len(damaged))
        result = walk(np.frombuffer(bytes(damaged), dtype=np.uint8), state, len(damaged), coding)
        expected = walk_reference(bytes(damaged[start:]), coding)
        assert (result, int(state[MCU])) == expected[:2]
        if result == WHOLE:
            assert state[PREDICTORS:].tolist() == expected[2]


def test_two_stretches_are_read_as_one() -> None:
    data = jpeg(5, 240, 176, restart_marker_blocks=5)
    header = read_header(data)
    coding = coding_of(header)
    assert coding is not None
    start = header.scan.entropy_start
    for cut in range(start, len(data), 97):
        gap = random.Random(cut).randbytes(50)
        apart = data[:cut] + gap + data[cut:] + bytes(16)
        state = first_state(start, cut, cut + len(gap))
        assert walk(np.frombuffer(apart, dtype=np.uint8), state, len(apart), coding) == WHOLE
        assert state[0] == len(data) - 2 + len(gap)


def test_a_state_is_where_the_walk_can_go_on() -> None:
    data = jpeg(6, 240, 176)
    header = read_header(data)
    coding = coding_of(header)
    assert coding is not None
    array = np.frombuffer(data, dtype=np.uint8)
    half = np.frombuffer(data[: len(data) // 2], dtype=np.uint8)
    state = first_state(header.scan.entropy_start, half.size)
    walk(half, state, half.size, coding)
    assert 0 < state[MCU] < coding.mcus
    again = state.copy()
    again[4] = len(data)
    again[3] = -1
    assert walk(array, again, len(data), coding) == WHOLE


def test_damage_is_noticed_near_where_it_is() -> None:
    data = jpeg(7, 640, 480)
    header = read_header(data)
    coding = coding_of(header)
    assert coding is not None
    late = 0
    for seed in range(20):
        cut = random.Random(seed).randrange(header.scan.entropy_start + 2000, len(data) - 4000)
        check = check_scan(data[:cut] + random.Random(seed).randbytes(4000), header, coding)
        assert not check.whole
        assert not check.open
        late += check.offset > cut + 1000
    assert late <= 1


def test_levels_are_the_brightness_of_each_mcu() -> None:
    columns, rows = np.meshgrid(np.arange(15), np.arange(11))
    tones = ((columns * 14 + rows * 3) % 200 + 20).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(tones.repeat(8, axis=0).repeat(8, axis=1)).save(buffer, "JPEG", quality=100)
    header = read_header(buffer.getvalue())
    coding = coding_of(header)
    assert coding is not None
    levels = np.zeros(coding.mcus, dtype=np.int64)
    data = np.frombuffer(buffer.getvalue(), dtype=np.uint8)
    assert walk(data, first_state(header.scan.entropy_start, data.size), data.size, coding, levels) == WHOLE
    assert np.array_equal(levels.reshape(11, 15), (tones.astype(int) - 128) * 8)


def test_progressive_files_have_no_sequential_coding() -> None:
    assert coding_of(read_header(jpeg(9, progressive=True))) is None


def test_a_grey_picture_with_sampling_factors_is_counted_in_blocks() -> None:
    buffer = io.BytesIO()
    Image.new("L", (33, 17), 90).save(buffer, "JPEG")
    data = bytearray(buffer.getvalue())
    frame = data.index(b"\xff\xc0")
    data[frame + 11] = 0x22
    header = read_header(bytes(data))
    coding = coding_of(header)
    assert coding is not None
    assert check_scan(bytes(data), header, coding).whole


@pytest.mark.parametrize(
    ("behind", "end"),
    [
        (b"\xff\xd9", 2),
        (b"\xff\xd3\xff\xd9", 4),
        (b"\xff\xff\xff\xd9", 4),
        (b"\xff", None),
        (b"\xff\xff", None),
        (b"", None),
    ],
)
def test_where_the_picture_ends(behind: bytes, end: int | None) -> None:
    """Also where the data are cut off within a marker."""
    assert behind_eoi(b"scan" + behind, 4) == (None if end is None else 4 + end)
