"""The progressive kernels against a plain-Python decoder, coefficient by coefficient, scan by scan."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from carving.jpeg.markers import read_header
from restore.decoding.robust import decode
from restore.decoding.scans import block_targets, find_scans
from restore.decoding.stream import unstuff
from tests.restore.decoding.pictures import jpeg, texture
from tests.restore.decoding.progressive_reference import decode_scan


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 80},
        {"quality": 95, "subsampling": "4:4:4"},
        {"quality": 40, "subsampling": "4:2:2", "restart_marker_blocks": 5},
    ],
)
def test_equal_coefficients(options: dict[str, int]) -> None:
    data = jpeg(texture(75, 49), progressive=True, **options)
    header = read_header(data)
    scans = find_scans(data, header)
    assert len(scans.parts) == 10  # libjpeg's script: first scans, then refinements of DC and AC
    blocks = np.zeros((header.frame.mcu_count * header.frame.blocks_per_mcu, 64), dtype=np.int16)
    for part in scans.parts:
        start = part.header.scan.entropy_start
        stream = unstuff(data, start, part.end, restart_interval=part.header.restart_interval)
        cuts = [0, *stream.restart_positions.tolist(), stream.size]
        pieces = [stream.data[first:end].tobytes() for first, end in pairwise(cuts)]
        targets, owners = block_targets(part.header)
        decode_scan(part.header, pieces, [blocks[place] for place in targets.ravel()], owners.tolist())
    assert np.array_equal(decode(data).coefficients.reshape(-1, 64), blocks)
