"""The kernel that looks for a first MCU, against walking every start to its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from carving.carver.borrowing_kernels import best_start
from carving.jpeg.coding import Coding, coding_of, first_state, walk
from carving.jpeg.coding_kernels import BUFFER, COUNT, MCU
from carving.jpeg.markers import read_header
from restore.lab.simulation.made_pictures import coded_at, fractal_picture

_NO_LIMIT = 1 << 40


def _plain(data: NDArray[np.uint8], bits: int, enough: int, coding: Coding) -> tuple[int, int]:
    """The first of the starting bits with the most MCUs, and how many."""
    best, most = 0, -1
    for bit in range(bits):
        byte = bit // 8
        if byte >= data.size or data[byte] == 0xFF or (byte > 0 and data[byte - 1] == 0xFF):
            continue
        state = first_state(byte + 1, data.size)
        state[COUNT] = 8 - bit % 8
        state[BUFFER] = np.uint64(int(data[byte]) << (56 + bit % 8) & (1 << 64) - 1).view(np.int64)
        walk(data, state, data.size, replace(coding, mcus=_NO_LIMIT, restart_interval=0))
        if state[MCU] > most:
            best, most = bit, int(state[MCU])
        if most >= enough:
            break
    return best, most


@pytest.mark.parametrize("kind", ["own", "foreign", "noise"])
@pytest.mark.parametrize("size", [90, 700, 9000])
def test_best_start_is_that_of_walking_every_start(kind: str, size: int) -> None:
    picture, other = (coded_at(fractal_picture(240, 320, seed), rate) for seed, rate in ((1, 3.0), (2, 1.0)))
    header = read_header(other if kind == "foreign" else picture)
    coding = coding_of(header)
    assert coding is not None
    coding = replace(coding, dc_limits=np.full(4, _NO_LIMIT, dtype=np.int64))
    stored = picture[len(picture) - size : -2] if size < len(picture) // 2 else picture[len(picture) // 3 : -2]
    if kind == "noise":
        stored = np.random.default_rng(size).bytes(size).replace(b"\xff", b"\xff\x00")
    data = np.frombuffer(stored, dtype=np.uint8)

    bit, mcus, end = best_start(
        data,
        1024,
        400,
        _NO_LIMIT,
        coding.block_dc,
        coding.block_ac,
        coding.block_component,
        coding.dc_limits,
        coding.codes.ravel(),
        coding.joined.ravel(),
    )

    assert (bit, mcus) == _plain(data, 1024, 400, coding)
    assert 0 < end <= data.size
    if kind == "own" and size == 9000:
        assert mcus > 60
        assert data.size - 4 <= end
